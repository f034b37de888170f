"""A hub's configuration file for a simulated home."""

from __future__ import annotations

import json
from pathlib import Path

import msgspec

from wardgate_sim.broker import HOST
from wardgate_sim.home import Home

Tables = dict[str, dict[str, object]]


def hub_config(home: Home, directory: Path, broker_port: int, *, page_port: int = 0, screen_port: int = 0) -> str:
    """TOML for a hub in this home, with a broker on loopback and everything it keeps in `directory`.

    Its screen speaks every language there is, reviewed or not: nobody lives here.
    """
    scenario = home.scenario
    watch: dict[str, object] = msgspec.to_builtins(scenario.watch)
    tables: Tables = {
        "hub": {
            "id": scenario.hub,
            "patient": scenario.patient_pseudonym,
            "assignment": scenario.assignment,
            "timezone": scenario.timezone,
            "data_dir": str(directory),
            "control_socket": str(directory / "control.sock"),
        },
        "broker": {"host": HOST, "port": broker_port, "tls": False, "heartbeat_s": 10.0},
        "page": {"port": page_port},
        "screen": {
            "port": screen_port,
            "phone": "0116 000 0000",
            "languages": ["cy", "pl", "ro", "pa", "ur", "bn", "gu", "ar", "pt"],
            "unreviewed": True,
        },
        "watch": {name: value for name, value in watch.items() if not isinstance(value, dict)},
        **{f"watch.{name}": table for name, table in watch.items() if isinstance(table, dict)},
    }
    parts = [_table(f"[{name}]", table) for name, table in tables.items()]
    parts += [_table("[[device]]", msgspec.to_builtins(device)) for device in home.device_config()]
    return "\n".join(parts)


def _table(head: str, settings: dict[str, object]) -> str:
    """TOML writes strings, numbers and booleans as JSON does; what is not set is left out."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in settings.items() if value is not None]
    return "\n".join([head, *lines, ""])
