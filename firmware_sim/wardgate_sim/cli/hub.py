"""`wardgate-sim hub`: the unmodified hub, its radio attached to a simulated home in another process."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from pathlib import Path

from wardgate import logs
from wardgate.capture.radio import RadioBackend
from wardgate.cli.options import add_config, load_or_exit
from wardgate.cli.run import ANEW, start_program_anew, until_told_to_stop
from wardgate.config import ConfigError, NotAssigned, load, load_bare
from wardgate.hub import Hub
from wardgate.unassigned import Unassigned
from wardgate_sim.backend import attach


def main(words: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="wardgate-sim hub", description="Run the hub with its radio attached to `wardgate-sim home`."
    )
    parser.add_argument("--radio", required=True, metavar="SPEC", help="what the home printed as its radio")
    parser.add_argument("--keys", type=Path, help="file that keeps the bonds (default: bonds.json beside the database)")
    parser.add_argument("--verbose", action="store_true", help="log every step")
    add_config(parser)
    options = parser.parse_args(words)
    logs.configure(verbose=options.verbose)
    hub, data_dir = _hub(options.config)
    keys = options.keys or data_dir / "bonds.json"
    while (status := asyncio.run(_run(hub, options.radio, keys))) == ANEW:
        start_program_anew(options.config)
    return status


def _hub(path: Path) -> tuple[Callable[[RadioBackend], Hub | Unassigned], Path]:
    """What makes the hub that this file, and what was set up, ask for; and where it keeps its things."""
    try:
        config = load(path)
    except NotAssigned:
        return lambda backend: Unassigned(path, backend=backend), load_bare(path).data_dir
    except ConfigError:
        config = load_or_exit(path)
    return lambda backend: Hub(config, backend=backend), config.data_dir


async def _run(hub: Callable[[RadioBackend], Hub | Unassigned], radio: str, keys: Path) -> int:
    keys.parent.mkdir(parents=True, exist_ok=True)
    async with attach(radio, keys=keys) as backend:
        return await until_told_to_stop(hub(backend))
