"""`wardgate-sim demo`: what `make demo` runs."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import logging
import signal
import tempfile
from dataclasses import asdict
from pathlib import Path

from wardgate_sim.demo import Demo, Summary
from wardgate_sim.scenario import ScenarioError, load, packaged


def main(words: list[str]) -> int:
    """Exit status 0 only if nothing that was taken was lost or doubled."""
    parser = argparse.ArgumentParser(
        prog="wardgate-sim demo",
        description="A simulated home with a hub and a ward. Thirty days come out of the devices' memories, then the "
        "days go by in seconds. Ends with one line of JSON.",
    )
    parser.add_argument("--for", dest="for_s", type=float, metavar="SECONDS", help="end by itself (default: Ctrl-C)")
    parser.add_argument("--home", default="living-room", metavar="NAME", help="a home by name, or a TOML file")
    parser.add_argument("--page-port", type=int, default=8077, help="the page's port; another if it is taken (8077)")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="keep the databases and the configuration there")
    parser.add_argument("--verbose", action="store_true", help="show the hub's log")
    options = parser.parse_args(words)
    if options.for_s is not None and options.for_s < 10:
        parser.error("--for wants at least 10 seconds: the first readings need a few")
    logging.basicConfig(level=logging.INFO if options.verbose else logging.CRITICAL, format="%(name)s: %(message)s")
    try:
        home = Path(options.home)
        scenario = load(home) if home.suffix == ".toml" else packaged(options.home)
    except ScenarioError as error:
        parser.error(str(error))
    with contextlib.ExitStack() as stack:
        directory = options.keep or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="wardgate-demo-")))
        directory.mkdir(parents=True, exist_ok=True)
        summary = asyncio.run(_run(Demo(scenario, directory, page_port=options.page_port), options.for_s))
    print(json.dumps(asdict(summary)), flush=True)
    return 0 if summary.lost == 0 and summary.duplicates == 0 and summary.delivered else 1


async def _run(demo: Demo, for_s: float | None) -> Summary:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    return await demo.run(stop, for_s)
