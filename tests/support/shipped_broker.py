"""A mosquitto with the configuration and access list that deploy/ ships; only places and ports are others."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

import msgspec

from tests.support.authority import LONG, Ward
from tests.support.mosquitto import HOST, free_port, program, wait_listening
from wardgate.config import Broker

_SHIPPED: Final = Path(__file__).parents[2] / "deploy" / "mosquitto"


class ShippedBroker:
    """`port` is the hubs' listener, `ward_port` the ward's own."""

    def __init__(self, directory: Path, ward: Ward, *, extra: str = "") -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.port, self.ward_port = free_port(), free_port()
        self._ward = ward
        self._directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        acl = directory / "wardgate.acl"
        acl.write_text((_SHIPPED / "wardgate.acl").read_text(encoding="utf-8") + extra, encoding="utf-8")
        acl.chmod(0o600)
        text = (_SHIPPED / "wardgate.conf").read_text(encoding="utf-8")
        for there, here in {
            "/etc/mosquitto/wardgate.acl": acl,
            "/etc/mosquitto/wardgate/ca.pem": ward.ca,
            "/etc/mosquitto/wardgate/crl.pem": ward.crl,
            "/etc/mosquitto/wardgate/server.pem": ward.server,
            "/etc/mosquitto/wardgate/server.key": ward.server_key,
            "/var/lib/mosquitto/": f"{directory}/",
            "listener 8883": f"listener {self.port} {HOST}",
            "listener 8884": f"listener {self.ward_port} {HOST}",
            "log_dest syslog": "log_dest stderr\nuser root",
        }.items():
            assert there in text, there
            text = text.replace(there, str(here))
        self._config = directory / "mosquitto.conf"
        self._config.write_text(text, encoding="utf-8")

    def start(self) -> None:
        """Start, and wait until it listens."""
        with (self._directory / "log").open("ab") as log:
            self._process = subprocess.Popen([program(), "-c", str(self._config)], stderr=log, stdout=log)
        for port in (self.port, self.ward_port):
            wait_listening(port, self._process)

    def stop(self) -> None:
        """Ask it to end, and wait."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(60)
            self._process = None

    def reload(self) -> None:
        """Have it read its lists again, as `systemctl reload mosquitto` does, and wait until it has begun to."""
        assert self._process is not None
        before = self.log().count("Reloading config")
        self._process.send_signal(signal.SIGHUP)
        while self.log().count("Reloading config") == before:
            time.sleep(0.02)

    def log(self) -> str:
        """What it has said."""
        return (self._directory / "log").read_text(encoding="utf-8")

    def hub(self, name: str, *, lasts: timedelta = LONG) -> Broker:
        """The [broker] section of a hub with a certificate of its own."""
        return self._settings(self.port, dict(self._ward.hub(name, lasts)))

    def settings(self, **changes: object) -> Broker:
        """The [broker] section of whoever comes as a hub, with what a test gives it."""
        return self._settings(self.port, changes)

    def account(self, name: str) -> Broker:
        """The same for a program of the ward."""
        return self._settings(self.ward_port, dict(self._ward.account(name)))

    def _settings(self, port: int, changes: Mapping[str, object]) -> Broker:
        return msgspec.convert({"host": "localhost", "port": port, "ca_file": str(self._ward.ca), **changes}, Broker)
