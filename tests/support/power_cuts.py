"""Acts of setting up in a process whose power goes at a chosen write.

`python -m tests.support.power_cuts` reads one JSON request a line, forks, does the act in the fork, and prints the
fork's exit status: 0 done, CUT the power went, 1 it was refused. Everything is imported once: a fork costs little.
"""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import sys
import threading
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final

import cryptography.hazmat.primitives.asymmetric.ec
import cryptography.hazmat.primitives.serialization.pkcs7
import cryptography.x509.oid

from wardgate import installation
from wardgate.clock import SystemClock
from wardgate.config import Bare, Config, NotAssigned, bare_over, load, load_bare
from wardgate.control.desk import Desk
from wardgate.control.installing import Installing, Seen
from wardgate.control.protocol import ControlError
from wardgate.provision.boot_partition import import_file
from wardgate.provision.checks import Checks
from wardgate.provision.refused import Refused
from wardgate.store.store import Store

SLOW_TO_IMPORT: Final = (cryptography.hazmat, cryptography.x509)
"""The hub imports them when it wants them, which would be in every fork."""
CUT: Final = 9
_CALLS: Final = ("fsync", "rename", "replace", "unlink", "symlink", "mkdir")


class Power:
    """It goes before the write of that number, or never (0)."""

    def __init__(self, at: int) -> None:
        self._at = at
        self._count = 0
        self._lock = threading.Lock()

    def watch(self) -> None:
        """Every call with which something becomes lasting is counted, and every transaction."""
        for name in _CALLS:
            setattr(os, name, self._counted(getattr(os, name)))
        store_write: Any = Store.write

        def write(store: Store, op: Callable[[sqlite3.Connection], object]) -> object:
            self.step()
            return store_write(store, op)

        setattr(Store, "write", write)  # noqa: B010 - a method, for this process alone

    def step(self) -> None:
        """One write more."""
        with self._lock:
            self._count += 1
            if self._count == self._at:
                os._exit(CUT)

    def _counted(self, real: Callable[..., Any]) -> Callable[..., Any]:
        def call(*arguments: Any, **named: Any) -> Any:
            self.step()
            return real(*arguments, **named)

        return call


async def act(file: Path, method: str, params: dict[str, Any], power: Power) -> None:
    """A start of the hub, as far as it is about setting up, and one act."""
    config, by_file = _config(file)
    clock = SystemClock()
    store = Store.open(config.database, clock)
    record = installation.read(config.data_dir)
    desk = Desk(config, record, store, clock, by_file=by_file, apply=lambda: None, changed=lambda _: None)
    checks = Checks(config, clock, lambda: desk.hub, lambda: False, lambda: None)
    installing = Installing(desk, Seen(checks=checks))
    power.watch()
    await installing.settle()
    if method == "clear":
        await installing.releasing.clear(_forget)
    elif method != "settle":
        await installing.handlers()[method](params)
    await store.close()


def _config(file: Path) -> tuple[Config | Bare, bool]:
    record = installation.read(load_bare(file).data_dir)
    try:
        config = load(file)
    except NotAssigned:
        return bare_over(file, record), False
    return config, config.hub.patient != record.patient


async def _forget(_: Iterable[str]) -> None:
    return None


def main() -> None:
    """Serve until the input ends."""
    for line in sys.stdin:
        asked = json.loads(line)
        child = os.fork()
        if child == 0:
            os._exit(_done(asked))
        _, status = os.waitpid(child, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


def _done(asked: dict[str, Any]) -> int:
    file, power = Path(asked["file"]), Power(asked["cut"])
    try:
        if asked["method"] == "import":
            power.watch()
            import_file(Path(asked["params"]["file"]), Path(asked["params"]["data"]))
        else:
            asyncio.run(act(file, asked["method"], asked["params"], power))
    except (ControlError, Refused) as error:
        sys.stderr.write(f"{error.key}: {error}\n")
        return 1
    return 0


if __name__ == "__main__":
    main()
