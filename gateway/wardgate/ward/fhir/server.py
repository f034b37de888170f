"""A FHIR server over HTTP: one transaction a request."""

from __future__ import annotations

import asyncio
import http.client
import ssl
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

import msgspec

from wardgate.ward.fhir.extension import Json

TIMEOUT_S: Final = 30.0
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_LATER: Final = frozenset({401, 403, 404, 408, 425, 429})
"""The server does not judge the resources by these; somebody has to mend something, or it takes a while."""
_TOO_MUCH: Final = frozenset({400, 413})
"""How servers refuse more resources than they take in one transaction."""
_CONFLICT: Final = 409
"""Two transactions met at the server, and it has undone this one."""


class NotNow(Exception):
    """The server cannot be reached, does not let us in, or has trouble of its own: all is tried again."""


class Refused(Exception):
    """The server does not want what was sent, or not so much of it, or not while others write."""

    def __init__(self, why: str, status: int = 0) -> None:
        super().__init__(why)
        self.perhaps_too_much = status in _TOO_MUCH
        self.is_conflict = status == _CONFLICT


class Server:
    """Where FHIR resources go.

    Raises:
        ValueError: the address is none, or health data would travel in the clear.
    """

    def __init__(self, url: str, *, token_file: Path | None = None, ca_file: Path | None = None) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("https", "http") or not parts.hostname:
            raise ValueError(f"{url} is no address of a FHIR server.")
        if parts.username or parts.query or parts.fragment:
            raise ValueError("The address has to be the server's base alone; name a token with --token-file.")
        if parts.scheme == "http" and parts.hostname not in _LOOPBACK:
            raise ValueError("Health data travels by https. Plain http is for this machine alone.")
        self.url = url.rstrip("/")
        self._parts = parts
        self._token_file = token_file
        self._context = ssl.create_default_context(cafile=ca_file) if parts.scheme == "https" else None

    async def send(self, bundle: Json) -> None:
        """Have a transaction done. When this returns, the server has said that it is.

        Raises:
            NotNow: try again; it may have been done, and doing it again does no harm.
            Refused: it was not done and will not be.
        """
        status, body = await asyncio.to_thread(self._post, msgspec.json.encode(bundle))
        if _is_later(status):
            raise NotNow(f"{self._parts.hostname} answers with status {status}: {_diagnosis(body)}")
        if status >= 400:
            raise Refused(f"status {status}: {_diagnosis(body)}", status)
        self._check(body, len(bundle["entry"]))

    def _post(self, body: bytes) -> tuple[int, bytes]:
        host, port = self._parts.hostname or "", self._parts.port
        headers = {"Content-Type": "application/fhir+json", "Accept": "application/fhir+json"}
        connection: http.client.HTTPConnection
        try:
            if self._token_file:  # read each time: it may be renewed while we run
                headers["Authorization"] = "Bearer " + self._token_file.read_text(encoding="utf-8").strip()
            if self._context:
                connection = http.client.HTTPSConnection(host, port, timeout=TIMEOUT_S, context=self._context)
            else:
                connection = http.client.HTTPConnection(host, port, timeout=TIMEOUT_S)
            try:
                connection.request("POST", self._parts.path or "/", body, headers)
                answer = connection.getresponse()
                return answer.status, answer.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            raise NotNow(f"{host} cannot be reached: {error or type(error).__name__}.") from error

    def _check(self, body: bytes, many: int) -> None:
        """A transaction is all or nothing. What is not such an answer comes from something that is no FHIR server."""
        try:
            answer: Any = msgspec.json.decode(body)
            statuses = [int(str(entry["response"]["status"])[:3]) for entry in answer["entry"]]
        except (msgspec.DecodeError, KeyError, TypeError, ValueError) as error:
            raise NotNow(f"{self._parts.hostname} does not answer as a FHIR server does.") from error
        later = [status for status in statuses if _is_later(status)]
        if later:  # a server without transactions does what it can, and says so one by one
            raise NotNow(f"{self._parts.hostname} answers with status {later[0]}.")
        if len(statuses) != many or any(not 200 <= status < 300 for status in statuses):
            raise Refused(f"the transaction was answered with {statuses}")


def _is_later(status: int) -> bool:
    return status in _LATER or status >= 500 or status < 200 or 300 <= status < 400


def _diagnosis(body: bytes) -> str:
    """What an OperationOutcome says, if it is one."""
    try:
        outcome: Any = msgspec.json.decode(body)
        issue = outcome["issue"][0]
        return str(issue.get("diagnostics") or issue.get("details", {}).get("text") or issue["code"])[:300]
    except (msgspec.DecodeError, KeyError, TypeError, IndexError, AttributeError):
        return "no reason given"
