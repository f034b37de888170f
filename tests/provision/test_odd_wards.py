"""A ward that answers slowly, without end, or nonsense: whoever asks is told, and the hub goes on."""

from __future__ import annotations

import ssl
import threading
from pathlib import Path

import pytest

from tests.support.authority import Ward
from tests.support.odd_answers import Answer, odd, said
from wardgate.contract.assigning import Assigned
from wardgate.enrol import est
from wardgate.enrol.est import Endpoint, EnrolError
from wardgate.enrol.identity import CERTIFICATE, KEY, Identity
from wardgate.provision import ward_list
from wardgate.provision.refused import Refused
from wardgate.provision.ward_list import WardList


def _drop_by_drop(wire: ssl.SSLSocket, over: threading.Event) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
    while not over.wait(0.05):
        wire.sendall(b" ")


def _head_without_end(wire: ssl.SSLSocket, over: threading.Event) -> None:
    wire.sendall(b"HTTP/1.1 200 OK\r\nX: ")
    while not over.wait(0.05):
        wire.sendall(b"x")


@pytest.fixture
def ward(tmp_path: Path) -> Ward:
    return Ward(tmp_path / "ward")


@pytest.fixture
def identity(tmp_path: Path, ward: Ward) -> Identity:
    """A hub that is claimed."""
    made, pair = Identity(tmp_path / "identity"), ward.hub("kitchen-7")
    made.ask_with(Path(pair["key_file"]).read_bytes())
    made.received(Path(pair["cert_file"]).read_bytes())
    made.take()
    assert {file.name for file in made.current.iterdir()} == {KEY, CERTIFICATE}
    return made


@pytest.mark.parametrize(
    ("answer", "key"),
    [
        (_drop_by_drop, "ward-away"),
        (_head_without_end, "ward-away"),
        (said("200 OK", b"[" * 100_000), "ward-not-understood"),
        (said("200 OK", b"\xff\x00"), "ward-not-understood"),
        (said("200 OK", b"{}"), "ward-not-understood"),
        (said("200 OK", b" " * 3_000_000), "ward-not-understood"),
        (said("500 Oops", b"<html>"), "ward-not-understood"),
        (said("404 Not Found", b""), "no-list"),
        (said("302 Found", b""), "ward-not-understood"),
    ],
    ids=["drops", "endless head", "deep", "bytes", "empty", "huge", "500", "404", "elsewhere"],
)
def test_it_is_told_and_nobody_is_kept_waiting(
    ward: Ward, identity: Identity, monkeypatch: pytest.MonkeyPatch, answer: Answer, key: str
) -> None:
    assert ward_list.WHOLE_S <= 30
    if answer in (_drop_by_drop, _head_without_end):  # what ends by itself has the time that it takes
        monkeypatch.setattr(ward_list, "WHOLE_S", 0.5)
    with odd(ward, answer) as port, pytest.raises(Refused) as caught:
        WardList(f"https://localhost:{port}", str(ward.ca), identity)._asked("GET", "/x", b"", Assigned)
    assert caught.value.key == key
    assert caught.value.what_to_do


def test_claiming_ends_too(ward: Ward, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert est.WHOLE_S <= 30
    monkeypatch.setattr(est, "WHOLE_S", 0.5)
    with odd(ward, _drop_by_drop) as port, pytest.raises(EnrolError) as caught:
        Endpoint(f"https://localhost:{port}", str(ward.ca)).claim(Identity(tmp_path / "new"), "kitchen-7", "0")
    assert not caught.value.final, "the code may be used again"
