"""A private RabbitMQ 3.10 with its MQTT plugin (3.1.1 alone): an ordinary process in a directory of its own.

It meets neither a RabbitMQ of the machine nor another test run: its name, cookie, ports and Erlang port mapper are its
own, and it ends with what it started.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.support.mosquitto import HOST, free_port, settings
from wardgate.config import Broker

_SCRIPT: Final = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Not the one on the path: that one becomes user rabbitmq, who may not read the test's files."""
START_S: Final = 90.0
_CONF: Final = """\
listeners.tcp = none
mqtt.listeners.tcp.default = {host}:{port}
mqtt.allow_anonymous = true
mqtt.vhost = /
mqtt.exchange = amq.topic
mqtt.subscription_ttl = 604800000
log.file.level = warning
vm_memory_high_watermark.absolute = 512MB
disk_free_limit.absolute = 10MB
"""


class RabbitMQ:
    """One node. It may be killed and started again on the same port; what it had written to its disk it still has."""

    def __init__(self) -> None:
        if not _SCRIPT.exists() or not shutil.which("epmd"):
            raise RuntimeError("RabbitMQ is missing. Run: sudo apt-get install rabbitmq-server")
        self._directory = Path(tempfile.mkdtemp(prefix="wardgate-rabbit-"))
        self.port = free_port()
        epmd_port = free_port()
        home = self._directory
        (home / "rabbitmq.conf").write_text(_CONF.format(host=HOST, port=self.port), encoding="utf-8")
        (home / "enabled_plugins").write_text("[rabbitmq_mqtt].\n", encoding="utf-8")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("RABBITMQ_", "ERL_"))}
        self._environment = kept | {
            "HOME": str(home),
            "LC_ALL": "C.UTF-8",
            "ERL_EPMD_PORT": str(epmd_port),
            "ERL_EPMD_ADDRESS": HOST,
            "RABBITMQ_NODENAME": f"wardgate{os.getpid()}@localhost",
            "RABBITMQ_DIST_PORT": str(free_port()),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "-kernel inet_dist_use_interface {127,0,0,1} +sbwt none",
            "RABBITMQ_CONFIG_FILE": str(home / "rabbitmq.conf"),
            "RABBITMQ_ADVANCED_CONFIG_FILE": str(home / "advanced.config"),
            "RABBITMQ_CONF_ENV_FILE": str(home / "rabbitmq-env.conf"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(home / "enabled_plugins"),
            "RABBITMQ_MNESIA_BASE": str(home / "mnesia"),
            "RABBITMQ_LOG_BASE": str(home / "log"),
            "RABBITMQ_PID_FILE": str(home / "pid"),
            "RABBITMQ_GENERATED_CONFIG_DIR": str(home / "generated"),
        }
        # In the foreground and before the node: Erlang would start one as a daemon that outlives us.
        self._epmd = subprocess.Popen(["epmd"], env=self._environment, stderr=subprocess.DEVNULL)
        self._node: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start, and wait until an MQTT client is let in. It takes 5 to 15 s."""
        with (self._directory / "out").open("ab") as out:
            self._node = subprocess.Popen(
                [str(_SCRIPT)], env=self._environment, stdout=out, stderr=out, cwd="/", start_new_session=True
            )
        until_s = time.monotonic() + START_S
        while not _lets_in(self.port):
            if self._node.poll() is not None or time.monotonic() > until_s:
                said = (self._directory / "out").read_text(encoding="utf-8", errors="replace")
                raise RuntimeError(f"RabbitMQ did not start: {said[-2000:]}")
            time.sleep(0.1)

    def kill(self) -> None:
        """End it as a power cut would, with all it has started."""
        if self._node is not None:
            os.killpg(self._node.pid, signal.SIGKILL)
            self._node.wait(60)
            self._node = None

    def remove(self) -> None:
        """End it and take its directory away."""
        self.kill()
        self._epmd.terminate()
        self._epmd.wait(60)
        shutil.rmtree(self._directory, ignore_errors=True)

    def settings(self, **changes: object) -> Broker:
        """The [broker] section that leads here."""
        return settings(self.port, {"protocol": "3.1.1", **changes})


_CONNECT: Final = b"\x10\x11\x00\x04MQTT\x04\x02\x00\x3c\x00\x05probe"


def _lets_in(port: int) -> bool:
    """Whether a 3.1.1 client gets its CONNACK: the port is open some time before the broker works."""
    try:
        with socket.create_connection((HOST, port), timeout=1) as probe:
            probe.sendall(_CONNECT)
            answer = probe.recv(4)
            probe.sendall(b"\xe0\x00")
    except OSError:
        return False
    return answer == b"\x20\x02\x00\x00"
