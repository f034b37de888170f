"""`wardgate run`: the hub, in the foreground, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from wardgate import logs
from wardgate.cli.options import BAD_CONFIG, PROBLEM, add_config, command, complain
from wardgate.config import ConfigError, NotAssigned, load
from wardgate.store.errors import StoreError

if TYPE_CHECKING:
    from wardgate.hub import Hub
    from wardgate.unassigned import Unassigned

ANEW: Final = -1
"""No exit status: the program starts itself anew."""


def main(words: list[str]) -> int:
    parser = command("run", "Run the hub in the foreground. It stops cleanly on SIGTERM or Ctrl-C.")
    add_config(parser)
    parser.add_argument("--verbose", action="store_true", help="log every step, for finding faults")
    parser.add_argument("--log-json", action="store_true", help="log one JSON object a line")
    options = parser.parse_args(words)
    logs.configure(verbose=options.verbose, as_json=options.log_json)
    try:
        hub = _hub(options.config)
    except ConfigError as error:
        complain(str(error), "Mend the file, then check it with: wardgate config check")
        return BAD_CONFIG
    while (status := asyncio.run(until_told_to_stop(hub()))) == ANEW:
        start_program_anew(options.config)
    return status


def start_program_anew(path: Path) -> None:
    """Become a fresh process of the same command. It returns only where its file could not be used any more: the hub
    goes on with what it had."""
    try:
        _hub(path)
    except ConfigError as error:
        complain(str(error), "The hub goes on with the configuration that it had.")
        return
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - this very program, as it was started


def _hub(path: Path) -> Callable[[], Hub | Unassigned]:
    """What makes the hub that this file, and what was set up, ask for.

    Raises:
        ConfigError: neither can be used.
    """
    try:
        config = load(path)
    except NotAssigned:
        from wardgate.unassigned import Unassigned

        Unassigned(path)  # what cannot be used is told now
        return lambda: Unassigned(path)

    def report(out: Path) -> None:
        from wardgate.cli.support_bundle import write

        write(out, config, path)

    def make() -> Hub:
        # Not before it is wanted: a program that only looks whether it may start anew would load all of it twice.
        from wardgate.hub import Hub

        return Hub(config, report=report)

    return make


async def until_told_to_stop(hub: Hub | Unassigned) -> int:
    """Run a hub until SIGTERM or SIGINT, then stop it cleanly. `ANEW` when another one has to be started."""
    task = asyncio.ensure_future(hub.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
            return ANEW
    except StoreError as error:
        complain(str(error))
        return PROBLEM
    except OSError as error:
        complain(f"The hub cannot start: {error}.", "Check hub.data_dir and hub.control_socket in the configuration.")
        return PROBLEM
    return 0
