"""`wardgate run`: the hub, in the foreground, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from typing import TYPE_CHECKING

from wardgate.cli.options import PROBLEM, add_config, command, complain, load_or_exit
from wardgate.config import Config
from wardgate.store.errors import StoreError

if TYPE_CHECKING:
    from wardgate.hub import Hub


def main(words: list[str]) -> int:
    parser = command("run", "Run the hub in the foreground. It stops cleanly on SIGTERM or Ctrl-C.")
    add_config(parser)
    parser.add_argument("--verbose", action="store_true", help="log every step, for finding faults")
    options = parser.parse_args(words)
    configure_logging(verbose=options.verbose)
    return asyncio.run(_run(load_or_exit(options.config)))


def configure_logging(*, verbose: bool) -> None:
    """One line an event on standard error; journald adds the time."""
    logging.basicConfig(
        level=logging.DEBUG if verbose else logging.INFO,
        format="%(levelname)s %(name)s: %(message)s",
        stream=sys.stderr,
    )
    for chatty in ("asyncio", "bleak", "bumble", "dbus_fast"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


async def _run(config: Config) -> int:
    from wardgate.hub import Hub

    return await until_told_to_stop(Hub(config))


async def until_told_to_stop(hub: Hub) -> int:
    """Run a hub until SIGTERM or SIGINT, then stop it cleanly."""
    task = asyncio.ensure_future(hub.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    except StoreError as error:
        complain(str(error))
        return PROBLEM
    except OSError as error:
        complain(f"The hub cannot start: {error}.", "Check hub.data_dir and hub.control_socket in the configuration.")
        return PROBLEM
    return 0
