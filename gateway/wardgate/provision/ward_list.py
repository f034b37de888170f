"""The ward's list of patients, asked for by this hub with its own certificate. Blocking: to be called in a thread."""

from __future__ import annotations

import http
import http.client
import ssl
import urllib.parse
from typing import Final, TypeVar

import msgspec

from wardgate.contract import assigning
from wardgate.contract.assigning import Ask, Assigned, End, Offered, Refusal
from wardgate.enrol.identity import CERTIFICATE, KEY, Identity
from wardgate.enrol.prompt import within
from wardgate.provision.refused import Refused

TIMEOUT_S: Final = 20.0
WHOLE_S: Final = 30.0
"""For a whole answer. Meanwhile nobody else sets anything up on this hub."""
_LARGEST: Final = 1024 * 1024
T = TypeVar("T")


class WardList:
    """The ward's enrolment endpoint, as far as it is about patients.

    Args:
        url: https://enrol.example.org:8085
        ca_file: the authority that signed its certificate; none: the system's.
        identity: where this hub's certificate is.
    """

    def __init__(self, url: str, ca_file: str | None, identity: Identity) -> None:
        parts = urllib.parse.urlsplit(url)
        self._host = parts.hostname or ""
        self._port = parts.port or 443
        self._path = parts.path.rstrip("/")
        self._ca_file = ca_file
        self._identity = identity

    def patients(self) -> tuple[Offered, ...]:
        """The patients whom this hub may be given.

        Raises:
            Refused: the ward says no, or does not answer; `no-list` where it keeps no list.
        """
        return self._asked("GET", assigning.PATIENTS, b"", tuple[Offered, ...])

    def assign(self, words: str, digits: str, pathways: tuple[str, ...] | None) -> Assigned:
        """Be given a patient. An answer that was lost may be asked for again.

        Raises:
            Refused: the ward says no, or does not answer.
        """
        asked = Ask(words=words, digits=digits, pathways=pathways)
        return self._asked("POST", assigning.ASSIGNMENTS, msgspec.json.encode(asked), Assigned)

    def end(self, assignment: str) -> None:
        """Tell the ward that this hub does not serve a patient any more.

        Raises:
            Refused: the ward says no, or does not answer.
        """
        self._asked("POST", assigning.END, msgspec.json.encode(End(assignment=assignment)), End)

    def _asked(self, method: str, path: str, body: bytes, to: type[T]) -> T:
        place = f"{self._host}:{self._port}"
        try:
            status, answer = self._sent(method, path, body)
        except FileNotFoundError as error:
            raise Refused("not-claimed", "This hub has no certificate.", "Claim it first.") from error
        except ssl.SSLCertVerificationError as error:
            raise Refused(
                "ward-not-trusted",
                f"The certificate of {place} is not to be trusted: {error.verify_message}.",
                "Look at this hub's clock. If that is right, ring the ward.",
            ) from error
        except (OSError, http.client.HTTPException) as error:
            raise Refused(
                "ward-away",
                f"The ward does not answer at {place}: {error}.",
                "Nothing is lost. Check the network, then try again.",
            ) from error
        if status != http.HTTPStatus.OK:
            raise _refusal(status, answer, place)
        try:
            return msgspec.json.decode(answer, type=to)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise Refused(
                "ward-not-understood", f"{place} gives an answer that this hub cannot read.", "Ring the ward."
            ) from error

    def _sent(self, method: str, path: str, body: bytes) -> tuple[int, bytes]:
        context = ssl.create_default_context(cafile=self._ca_file)
        context.load_cert_chain(self._identity.current / CERTIFICATE, self._identity.current / KEY)
        connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=context)
        try:
            headers = {"Content-Type": "application/json"} if body else {}
            with within(connection, WHOLE_S):
                connection.request(method, self._path + path, body or None, headers)
                answer = connection.getresponse()
                text = answer.read(_LARGEST)
            return answer.status, text
        finally:
            connection.close()


def _refusal(status: int, answer: bytes, place: str) -> Refused:
    try:
        said = msgspec.json.decode(answer, type=Refusal)
    except (msgspec.DecodeError, UnicodeDecodeError):
        if status == http.HTTPStatus.NOT_FOUND:
            return Refused("no-list", "This ward keeps no list of patients.", "Type the words from the referral sheet.")
        return Refused("ward-not-understood", f"{place} answers with status {status}.", "Ring the ward.")
    return Refused(said.key, said.sentence, said.what_to_do or "Ring the ward.")
