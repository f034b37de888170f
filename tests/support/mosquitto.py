"""Real brokers for tests: Debian's mosquitto, and iotcore from pip. Both on loopback, on a port of their own."""

from __future__ import annotations

import random
import shutil
import signal
import socket
import subprocess
import time
from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import msgspec
from iotcore import Broker as IotcoreBroker

from tests.support.certificates import Certificates
from wardgate.config import Broker
from wardgate_sim.broker import broker

HOST = "127.0.0.1"
_LOWEST_PORT: Final = 11_000
"""Browsers refuse some below."""
_HELD: Final[deque[socket.socket]] = deque()
_MOST_HELD: Final = 100


def free_port() -> int:
    """A loopback port that nobody uses, nor will before the test does.

    It is none of those that the kernel gives by itself, to a server on port 0 or to a client that connects: it may
    give one between this choice and its use. Tests in other processes are kept off by a name that only one can have.
    """
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text(encoding="ascii").split()[0])
    while True:
        port = random.randrange(_LOWEST_PORT, first)
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0wardgate-test-port-{port}")
            with socket.socket() as probe:
                probe.bind((HOST, port))
        except OSError:
            mark.close()
        else:
            _HELD.append(mark)
            if len(_HELD) > _MOST_HELD:
                _HELD.popleft().close()
            return port


def program() -> str:
    """Where mosquitto is. Debian keeps it beside the path of ordinary users."""
    found = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin")
    if not found:
        raise RuntimeError("mosquitto is missing. Run: sudo apt-get install mosquitto")
    return found


class Mosquitto:
    """One mosquitto. It may be stopped, killed and started again on the same port."""

    def __init__(
        self,
        directory: Path,
        *,
        persistent: bool = True,
        passwords: Mapping[str, str] | None = None,
        acl: str | None = None,
        certificates: Certificates | None = None,
        client_certificates: bool = False,
        max_inflight: int = 100,
        extra: str = "",
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        self._certificates = certificates
        lines = [
            "per_listener_settings false",
            f"listener {self.port} {HOST}",
            "set_tcp_nodelay true",
            # Not 0, which ought to mean no limit: then mosquitto 2.0.11 hangs up on a client whose message the access
            # list denies, in place of telling it (handle__publish.c compares the limit with the packets queued).
            "max_queued_messages 1000000",
            f"max_inflight_messages {max_inflight}",
            f"allow_anonymous {'false' if passwords or client_certificates else 'true'}",
            f"persistence {'true' if persistent else 'false'}",
            f"persistence_location {directory}/",
            "log_dest stderr",
            # As root, mosquitto would become a user that may not read the test's files.
            "user root",
        ]
        if passwords:
            lines.append(f"password_file {self._passwords(passwords)}")
        if acl is not None:
            (directory / "acl").write_text(acl, encoding="utf-8")
            lines.append(f"acl_file {directory / 'acl'}")
        if certificates:
            lines += [
                f"cafile {certificates.ca}",
                f"certfile {certificates.server}",
                f"keyfile {certificates.server_key}",
            ]
            if client_certificates:
                lines += ["require_certificate true", "use_identity_as_username true"]
        for file in directory.iterdir():
            file.chmod(0o700)  # mosquitto complains about what others can read
        self._config = directory / "mosquitto.conf"
        self._config.write_text("\n".join([*lines, extra, ""]), encoding="utf-8")

    def _passwords(self, passwords: Mapping[str, str]) -> Path:
        file = self._directory / "passwords"
        file.touch(mode=0o600)
        tool = shutil.which("mosquitto_passwd") or "/usr/bin/mosquitto_passwd"
        for user, password in passwords.items():
            subprocess.run([tool, "-b", str(file), user, password], check=True, capture_output=True)
        return file

    def start(self) -> None:
        """Start, and wait until it listens."""
        log = (self._directory / "mosquitto.log").open("ab")
        with log:
            self._process = subprocess.Popen([program(), "-c", str(self._config)], stderr=log, stdout=log)
        wait_listening(self.port, self._process)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it as a power cut would."""
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait(60)
            self._process = None

    def reload(self) -> None:
        """Have it read its access list again."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def log(self) -> str:
        """What it has said."""
        return (self._directory / "mosquitto.log").read_text(encoding="utf-8")

    def settings(self, **changes: object) -> Broker:
        """The [broker] section that leads here."""
        return settings(self.port, changes, self._certificates)


class Iotcore:
    """One iotcore (rumqttd), with the settings of the demo."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port = free_port()
        self._broker: IotcoreBroker = broker(directory, self.port)

    def start(self) -> None:
        self._broker.start()

    def stop(self) -> None:
        self._broker.stop()

    def settings(self, **changes: object) -> Broker:
        """The [broker] section that leads here."""
        return settings(self.port, changes)


def settings(port: int, changes: Mapping[str, object], certificates: Certificates | None = None) -> Broker:
    """A [broker] section for a broker on loopback."""
    basis: dict[str, object] = {"host": HOST, "port": port, "tls": certificates is not None}
    if certificates:
        basis |= {"host": "localhost", "ca_file": str(certificates.ca)}
    return msgspec.convert({**basis, **changes}, Broker)


def wait_listening(port: int, process: subprocess.Popen[bytes], deadline_s: float = 60.0) -> None:
    """Until something accepts connections; a broker cannot tell it in another way."""
    until = time.monotonic() + deadline_s
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the broker ended at once with code {process.returncode}")
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise RuntimeError(f"the broker did not listen on {port} within {deadline_s} s")
