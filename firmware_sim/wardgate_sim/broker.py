"""The broker of the demo and of the quick tests: iotcore (rumqttd), which pip installs."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Final

from iotcore import Broker

HOST: Final = "127.0.0.1"

_SETTINGS: Final = """\
id = 0

[router]
id = 0
max_connections = 100
max_outgoing_packet_count = 200
max_segment_size = 104857600
max_segment_count = 10

[v5.1]
name = "v5-1"
listen = "{host}:{port}"
next_connection_delay_ms = 1

[v5.1.connections]
connection_timeout_ms = 60000
max_payload_size = 1048576
max_inflight_count = 100
dynamic_filters = true
"""


def free_port() -> int:
    """A loopback port that nobody uses at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def is_free(port: int) -> bool:
    """Whether a loopback port can be had."""
    with socket.socket() as probe:
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def broker(directory: Path, port: int) -> Broker:
    """An MQTT 5 broker on loopback, in a process of its own, not yet started.

    Its own defaults would listen on every interface, in MQTT 3.1.1, and take 20 KiB at the most.
    """
    settings = directory / "broker.toml"
    settings.write_text(_SETTINGS.format(host=HOST, port=port), encoding="utf-8")
    return Broker(config_path=str(settings))
