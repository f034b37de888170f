"""The machine under the hub: its database, disk, clock and serial lines."""

from __future__ import annotations

import os
import shutil
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Final

from wardgate.cli.checks.check import Check, problem, well
from wardgate.clock import Clock
from wardgate.config import Bare, Config
from wardgate.provision.checks import clock_check

_DISK_FULL_SHARE: Final = 0.8
"""From here on somebody should look, while there is still time."""
_DATABASE_PATIENCE_S: Final = 20.0
_BY_ID: Final = Path("/dev/serial/by-id")


def machine(config: Config | Bare, clock: Clock) -> Iterator[Check]:
    """Everything that needs neither radio nor network."""
    yield database(config.database)
    yield disk(config.data_dir)
    yield synchronised(clock)
    for device in config.device:
        if device.port is not None:
            yield serial_line(device.id, Path(device.port))


def database(path: Path) -> Check:
    """Whether the database can be read and is whole. It is looked at beside a running hub and never written."""
    name = "database"
    try:
        if not path.parent.is_dir():
            return problem(
                name,
                f"There is no directory {path.parent} to keep readings in.",
                "The service makes it: sudo systemctl start wardgate. Without the service, make it, or set "
                "hub.data_dir to one that exists.",
            )
        if not path.exists():
            return well(name, f"There is no database yet; the hub makes {path} when it starts.")
        damage = _damage(path)
    except (PermissionError, sqlite3.OperationalError) as error:
        return problem(name, f"{path} cannot be opened: {error}.", "Run this command with sudo.")
    except sqlite3.DatabaseError as error:
        damage = str(error)
    if damage is None:
        return well(name, f"The database is whole ({path.stat().st_size / 1e6:.1f} MB).")
    return problem(
        name,
        f"The database {path} is damaged: {damage}.",
        "Run: sudo systemctl restart wardgate. The hub sets the damaged file aside, saves what can be read of it and "
        "goes on with a new one. Damage comes from a worn SD card or power cuts: replace the card.",
    )


def _damage(path: Path) -> str | None:
    """SQLite's first complaint; None when it has none, or none within our patience."""
    deadline = time.monotonic() + _DATABASE_PATIENCE_S
    with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
        connection.set_progress_handler(lambda: time.monotonic() > deadline, 100_000)
        try:
            answer: str = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
            return None
    return None if answer == "ok" else answer.splitlines()[-1].rstrip(".")


def disk(data_dir: Path) -> Check:
    """Room for readings that have to wait for the ward."""
    where = next(p for p in (data_dir, *data_dir.parents) if p.exists())
    usage = shutil.disk_usage(where)
    # Blocks kept back for root are of no use to the hub.
    share = 1 - usage.free / (usage.used + usage.free)
    told = f"The disk with {data_dir} is {share:.0%} full, {usage.free / 1e9:.1f} GB are free."
    if share < _DISK_FULL_SHARE:
        return well("disk", told)
    return problem(
        "disk",
        told,
        "Make room: sudo apt clean; sudo journalctl --vacuum-size=50M. Never delete anything in the data directory: "
        "it holds readings that the ward does not have yet.",
    )


def synchronised(clock: Clock) -> Check:
    """Whether the time of readings can be trusted."""
    found = clock_check(clock)
    if found.tick == "good":
        return well("clock", found.sentence)
    return problem(
        "clock",
        f"{found.sentence} The clocks of devices are not set.",
        "Run: timedatectl status. Usually the network is down or blocks NTP (UDP port 123). If it is switched off: "
        "sudo timedatectl set-ntp true",
    )


def serial_line(device: str, port: Path) -> Check:
    """Whether the line is there and may be used."""
    name = f"serial line of {device}"
    if not port.exists():
        there = ", ".join(sorted(str(p) for p in _BY_ID.iterdir())) if _BY_ID.is_dir() else ""
        return problem(
            name,
            f"There is no {port}.",
            "Plug the device in. "
            + (f"These lines are there: {there}." if there else "No serial adapter is plugged in at all."),
        )
    if not os.access(port, os.R_OK | os.W_OK):
        return problem(
            name,
            f"{port} may not be opened by this user.",
            "Run this command with sudo. If the hub says the same: sudo adduser wardgate dialout",
        )
    return well(name, f"{port} is there.")
