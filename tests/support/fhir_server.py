"""A small FHIR server over real HTTP: transactions of conditional creates and updates, and what may go wrong."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fhir.resources.R4B.bundle import Bundle
from pydantic import ValidationError

Json = dict[str, Any]
Mood = Callable[[Json], int | None]
"""Asked before each transaction: None lets it through; a status is the answer; 0 does it and hangs up, -1 hangs up."""


class FhirServer:
    """It keeps resources in memory, and nothing of a transaction that it does not take whole."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Json] = {}
        """By kind and identifier."""
        self.created = 0
        self.updated = 0
        self.requests: list[Json] = []
        self.tokens: list[str | None] = []
        self.mood: Mood = lambda _: None
        self.each: str | None = None
        """The status of each entry, where a server without transactions does none of them."""
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                owner.tokens.append(self.headers["Authorization"])
                with owner._lock:
                    status, answer = owner._answer(body)
                if status == 0:
                    self.close_connection = True
                    return
                text = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/fhir+json")
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_: object) -> None:
                pass

        self._http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._http.server_address[1]}/fhir"
        self._thread = threading.Thread(target=self._http.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()

    def of_kind(self, kind: str) -> list[Json]:
        """Every resource of a kind, in the order of their creation."""
        return [resource for (name, _), resource in self.kept.items() if name == kind]

    def _answer(self, body: bytes) -> tuple[int, Json]:
        bundle: Json = json.loads(body)
        self.requests.append(bundle)
        mood = self.mood(bundle)
        if mood == -1:
            return 0, {}
        if mood:
            return mood, _outcome("not in the mood")
        try:
            Bundle.model_validate(bundle)
        except ValidationError as error:
            return 422, _outcome(str(error))
        entries = [{"response": {"status": self.each or self._do(entry)}} for entry in bundle["entry"]]
        return (0 if mood == 0 else 200), {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}

    def _do(self, entry: Json) -> str:
        request = entry["request"]
        search = request.get("ifNoneExist") or urlsplit(request["url"]).query
        kind = urlsplit(request["url"]).path
        (wanted,) = parse_qs(search)["identifier"]
        assert wanted in [f"{one['system']}|{one['value']}" for one in entry["resource"]["identifier"]]
        known = (kind, wanted) in self.kept
        if request["method"] == "POST" and known:
            return "200 OK"
        self.kept[kind, wanted] = entry["resource"]
        self.updated += known
        self.created += not known
        return "200 OK" if known else "201 Created"


def _outcome(diagnostics: str) -> Json:
    issue = {"severity": "error", "code": "processing", "diagnostics": diagnostics}
    return {"resourceType": "OperationOutcome", "issue": [issue]}
