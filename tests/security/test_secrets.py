"""Secrets are the hub's alone, and doctor says so when they are not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest

from tests.support.authority import LONG, Ward
from tests.support.living import RebootingClock
from wardgate import config
from wardgate.cli.checks.secrets import certificate, secrets
from wardgate.clock import SystemClock
from wardgate.control.server import ControlServer
from wardgate.store import Store


def a_config(directory: Path, **broker: str) -> config.Config:
    return config.Config(
        hub=config.Hub(
            id="hub-1",
            patient="P-1",
            assignment="a-1",
            data_dir=str(directory / "data"),
            control_socket=str(directory / "run" / "control.sock"),
        ),
        broker=msgspec.convert({"host": "localhost", **broker}, config.Broker),
    )


@pytest.mark.parametrize(
    ("name", "mode", "how"),
    [
        ("data", 0o750, "go="),
        ("data/wardgate.db", 0o640, "go="),
        ("data/wardgate.db-wal", 0o604, "go="),
        ("data/identity", 0o755, "go="),
        ("data/identity/pair-1/hub.key", 0o644, "go="),
        ("password", 0o640, "go="),
        ("run/control.sock", 0o666, "o="),
    ],
)
async def test_each_secret_is_looked_at(tmp_path: Path, name: str, mode: int, how: str) -> None:
    settings = a_config(tmp_path, username="hub-1", password_file=str(tmp_path / "password"))
    (tmp_path / "password").touch(mode=0o600)
    store = Store.open(settings.database, SystemClock())
    pair = settings.data_dir / "identity" / "pair-1"
    for place in (pair.parent, pair):
        place.mkdir(mode=0o700)
    (pair / "hub.key").touch(mode=0o600)
    server = ControlServer(Path(settings.hub.control_socket), {})
    await server.start()
    try:
        settings.data_dir.chmod(0o700)
        found = secrets(settings)
        assert found.ok, found
        (tmp_path / name).chmod(mode)
        found = secrets(settings)
        assert not found.ok
        assert str(tmp_path / name) in found.sentence
        assert f"chmod {how} {tmp_path / name}" in found.what_to_do
    finally:
        await server.stop()
        await store.close()


@pytest.mark.parametrize(
    ("of_its_life", "ok", "words"),
    [(0.5, True, "15 days"), (0.9, False, "ends in 3 days"), (1.1, False, "ended on")],
)
def test_the_days_that_a_certificate_has_left(tmp_path: Path, of_its_life: float, ok: bool, words: str) -> None:
    ward = Ward(tmp_path / "ward")
    settings = a_config(tmp_path, **ward.hub("hub-1"))
    clock = RebootingClock(now=datetime.now(UTC) + LONG * of_its_life - timedelta(hours=1))
    (found,) = certificate(settings, clock)
    assert (found.ok, words in found.sentence) == (ok, True), found
    assert ok or "broker.cert_file" in found.what_to_do
    clock.knows_the_time = False
    (found,) = certificate(settings, clock)
    assert found.ok, "nothing is judged by a clock that is wrong"


def test_no_certificate_and_a_damaged_one(tmp_path: Path) -> None:
    assert list(certificate(a_config(tmp_path), SystemClock())) == []
    settings = a_config(tmp_path, cert_file=str(tmp_path / "hub.pem"), key_file=str(tmp_path / "hub.key"))
    (found,) = certificate(settings, SystemClock())
    assert "has no certificate" in found.sentence
    (tmp_path / "hub.pem").write_text("nothing", encoding="ascii")
    (found,) = certificate(settings, SystemClock())
    assert "cannot be used" in found.sentence
