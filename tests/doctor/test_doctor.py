"""`wardgate doctor` names each fault, and what to do about it. Every fault is a real one."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import msgspec
import pytest

from tests.support.certificates import Certificates
from tests.support.home import status as a_status
from tests.support.mosquitto import HOST, Mosquitto, free_port
from wardgate.cli.checks.check import Check
from wardgate.cli.checks.machine import disk
from wardgate.cli.doctor import diagnose, main
from wardgate.control.messages import CanaryView, ConfigurationView, Status


@pytest.fixture(autouse=True)
def bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A real bus, in the place of the system's, on which no bluetoothd is."""
    words = ["dbus-daemon", "--session", f"--address=unix:path={tmp_path}/bus", "--nofork", "--print-address=1"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as daemon:
        assert daemon.stdout
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", daemon.stdout.readline().strip())
        yield
        daemon.terminate()


def write(folder: Path, broker: str, *, hub: str = "", rest: str = "") -> Path:
    file = folder / "wardgate.toml"
    data = folder / "data"
    data.mkdir(exist_ok=True)
    file.write_text(
        f"""
[hub]
id = "wg-7f3k"
patient = "Copper Heron 93"
assignment = "a-1"
control_socket = "{folder}/control.sock"
{hub or f'data_dir = "{data}"'}
[broker]
{broker}
{rest}
""",
        encoding="utf-8",
    )
    return file


def at(port: int, host: str = HOST, **words: object) -> str:
    told = {"host": host, "port": port, "tls": False, **words}
    return "\n".join(f"{key} = {json.dumps(value)}" for key, value in told.items())


def of(name: str, checks: list[Check]) -> Check:
    return next(check for check in checks if check.name == name)


@pytest.fixture
def mosquitto(tmp_path: Path) -> Iterator[Mosquitto]:
    broker = Mosquitto(tmp_path / "mosquitto", passwords={"wg-7f3k": "open sesame"})
    broker.start()
    yield broker
    broker.stop()


def test_a_broken_configuration_is_the_only_finding(tmp_path: Path) -> None:
    (found,) = diagnose(tmp_path / "none.toml")
    assert not found.ok
    assert "There is no such file." in found.sentence


def test_every_fault_of_the_configuration_is_named(tmp_path: Path) -> None:
    found = diagnose(write(tmp_path, at(1) + '\ncert_file = "/no/cert"'))
    assert len(found) == 2
    assert not any(check.ok for check in found)


@pytest.mark.parametrize(
    ("password", "ok", "sentence"),
    [
        ("open sesame", True, "lets this hub in"),
        ("wrong", False, "refused this hub's name or password"),
    ],
)
def test_sign_in(tmp_path: Path, mosquitto: Mosquitto, password: str, ok: bool, sentence: str) -> None:
    secret = tmp_path / "password"
    secret.touch(mode=0o600)
    secret.write_text(password, encoding="utf-8")
    config = write(tmp_path, at(mosquitto.port, username="wg-7f3k", password_file=str(secret)))
    check = of("broker", diagnose(config))
    assert check.ok is ok
    assert sentence in check.sentence
    assert ok or "broker.password_file" in check.what_to_do
    assert password not in check.sentence + check.what_to_do


def test_looking_leaves_nothing_at_the_broker_and_the_hubs_session_alone(tmp_path: Path) -> None:
    broker = Mosquitto(tmp_path / "mosquitto")
    broker.start()
    try:
        assert of("broker", diagnose(write(tmp_path, at(broker.port)))).ok
        log = broker.log()
    finally:
        broker.stop()
    assert "as wg-7f3k-doctor" in log
    assert "as wg-7f3k " not in log


@pytest.mark.parametrize("trusted", [True, False])
def test_the_brokers_certificate(tmp_path: Path, trusted: bool) -> None:
    theirs, others = Certificates(tmp_path / "theirs"), Certificates(tmp_path / "others")
    broker = Mosquitto(tmp_path / "mosquitto", certificates=theirs)
    broker.start()
    try:
        authority = theirs if trusted else others
        config = write(tmp_path, at(broker.port, "localhost", tls=True, ca_file=str(authority.ca)))
        check = of("broker", diagnose(config))
    finally:
        broker.stop()
    assert check.ok is trusted
    if not trusted:
        assert "certificate" in check.sentence
        assert "broker.ca_file" in check.what_to_do
        assert "clock" in check.what_to_do


@pytest.mark.parametrize(
    ("place", "sentence", "remedy"),
    [
        (lambda: at(free_port()), "Nothing is listening", "broker.port"),
        (lambda: at(8883, "broker.invalid"), "broker.invalid, is not known", "broker.host"),
    ],
    ids=["refused", "unknown"],
)
def test_no_broker(tmp_path: Path, place: Callable[[], str], sentence: str, remedy: str) -> None:
    check = of("broker", diagnose(write(tmp_path, place())))
    assert not check.ok
    assert sentence in check.sentence
    assert remedy in check.what_to_do


def test_no_bluetoothd(tmp_path: Path) -> None:
    check = of("bluetooth", diagnose(write(tmp_path, at(free_port()))))
    assert not check.ok
    assert "bluetoothd" in check.sentence
    assert "systemctl start bluetooth" in check.what_to_do


def test_no_bus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", f"unix:path={tmp_path}/nothing")
    check = of("bluetooth", diagnose(write(tmp_path, at(free_port()))))
    assert not check.ok
    assert "D-Bus" in check.sentence


def test_a_home_without_radio_is_not_asked_for_one(tmp_path: Path) -> None:
    found = diagnose(write(tmp_path, at(free_port()), rest="[radio]\nenabled = false"))
    assert "bluetooth" not in {check.name for check in found}


def test_no_hub(tmp_path: Path) -> None:
    check = of("hub", diagnose(write(tmp_path, at(free_port()))))
    assert not check.ok
    assert "systemctl" in check.what_to_do


def of_a_hub(folder: Path, status: Status) -> Check:
    """What is found where a hub says this of itself."""
    results = {"ping": {"hub": "wg-7f3k", "version": "9.9"}, "status": msgspec.to_builtins(status)}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(folder / "control.sock"))
        listener.listen()

        def serve() -> None:
            for _ in range(3):  # whether it is connected, whether it lives, what it says
                line, _ = listener.accept()
                with line:
                    request = json.loads(line.makefile("rb").readline())
                    answer = {"id": request["id"], "result": results[request["method"]]}
                    line.sendall(msgspec.json.encode(answer) + b"\n")

        thread = threading.Thread(target=serve)
        thread.start()
        check = of("hub", diagnose(write(folder, at(free_port()))))
        thread.join()
    return check


def test_a_running_hub(tmp_path: Path) -> None:
    check = of_a_hub(tmp_path, a_status())
    assert check.ok
    assert "9.9" in check.sentence


@pytest.mark.parametrize(
    ("changes", "sentence", "remedy"),
    [
        ({"delivery_parked": 1}, "1 message was refused by the ward.", "wardgate parked list"),
        ({"hub_canary": CanaryView(late=True, stage="rules")}, "raise no alert", "wardgate support-bundle"),
        (
            {"hub_configuration": ConfigurationView(version=3, problem="`x` is no device here.")},
            "does not hold as it was sent. `x` is no device here.",
            "the ward has to send it again",
        ),
    ],
    ids=["set aside", "canary", "configuration"],
)
def test_what_only_the_running_hub_knows(tmp_path: Path, changes: dict[str, Any], sentence: str, remedy: str) -> None:
    check = of_a_hub(tmp_path, a_status(**changes))
    assert not check.ok
    assert sentence in check.sentence
    assert remedy in check.what_to_do


def test_a_damaged_database(tmp_path: Path) -> None:
    config = write(tmp_path, at(free_port()))
    path = tmp_path / "data" / "wardgate.db"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE t (x TEXT)")
        database.executemany("INSERT INTO t VALUES (?)", [(str(n) * 200,) for n in range(500)])
        database.commit()
    assert of("database", diagnose(config)).ok
    whole = path.read_bytes()
    path.write_bytes(whole[:8192] + os.urandom(4096) + whole[12288:])
    check = of("database", diagnose(config))
    assert not check.ok
    assert "is damaged" in check.sentence
    assert "sets the damaged file aside" in check.what_to_do


def test_a_database_that_is_none(tmp_path: Path) -> None:
    config = write(tmp_path, at(free_port()))
    (tmp_path / "data" / "wardgate.db").write_bytes(b"this was never a database" * 100)
    assert "is damaged" in of("database", diagnose(config)).sentence


def test_no_place_for_the_database(tmp_path: Path) -> None:
    check = of("database", diagnose(write(tmp_path, at(free_port()), hub=f'data_dir = "{tmp_path}/nowhere"')))
    assert not check.ok
    assert "hub.data_dir" in check.what_to_do


@pytest.mark.root
def test_a_full_disk(tmp_path: Path) -> None:
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", tmp_path], check=True)
    try:
        assert disk(tmp_path).ok
        (tmp_path / "filling").write_bytes(bytes(900 * 1024))
        check = disk(tmp_path)
    finally:
        subprocess.run(["umount", tmp_path], check=True)
    assert not check.ok
    assert "88% full" in check.sentence
    assert "Never delete anything in the data directory" in check.what_to_do


def test_serial_lines(tmp_path: Path) -> None:
    controller, line = os.openpty()
    device = '[[device]]\nid = "{}"\nmodel = "nonin-9560-serial"\nport = "{}"\n'
    lines = device.format("clip", os.ttyname(line)) + device.format("lost", "/dev/serial/by-id/usb-lost")
    found = diagnose(write(tmp_path, at(free_port()), rest=lines))
    os.close(controller)
    os.close(line)
    assert of("serial line of clip", found).ok
    lost = of("serial line of lost", found)
    assert not lost.ok
    assert "Plug the device in." in lost.what_to_do


def test_the_command_speaks_words_and_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = write(tmp_path, at(free_port()))
    assert main(["--config", str(config)]) == 1
    words = capsys.readouterr().out
    assert "PROBLEM  Nothing is listening" in words
    assert "to mend." in words
    assert main(["--config", str(config), "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert {check["name"] for check in found} >= {"configuration", "database", "disk", "clock", "broker", "hub"}
    assert all(check["ok"] or check["what_to_do"] for check in found)
