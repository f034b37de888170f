"""`wardgate-sim fleet`: thousands of light hubs against a broker, and what it costs."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
from pathlib import Path

from wardgate_sim.fleet.fleet import Fleet, Outage, Plan
from wardgate_sim.fleet.processes import NoBrokerError


def main(words: list[str]) -> int:
    """Exit status 0 only if every reading that was made is at the ward, and nothing else."""
    parser = argparse.ArgumentParser(
        prog="wardgate-sim fleet",
        description="Light hubs by the thousand, from one process: they connect, deliver readings by the contract, "
        "lose the broker and come back. Without --broker a mosquitto and a reference ward are started beside them. "
        "Ends with one line of JSON for each number of hubs.",
    )
    parser.add_argument("--hubs", type=_counts, default=[1000], metavar="N[,N...]", help="how many (1000)")
    parser.add_argument("--for", dest="for_s", type=float, default=30.0, metavar="SECONDS", help="measure so long (30)")
    parser.add_argument(
        "--every", type=float, default=10.0, metavar="SECONDS", help="between two readings of a hub (10)"
    )
    parser.add_argument("--outage", type=_outage, metavar="AFTER:FOR", help="lose the broker, in seconds: 10:5")
    parser.add_argument(
        "--broker", type=_place, metavar="HOST:PORT", help="use this broker, and the ward that is on it"
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses when each hub measures (0)")
    options = parser.parse_args(words)
    well = True
    for hubs in options.hubs:
        plan = Plan(hubs, options.every, options.for_s, options.outage, options.broker, options.seed)
        with tempfile.TemporaryDirectory(prefix="wardgate-fleet-") as directory:
            try:
                report = asyncio.run(Fleet(plan, Path(directory), _say).run())
            except (NoBrokerError, TimeoutError) as error:
                _say(str(error) or "Not everything came to an end in time: hubs could not connect, or no ward answers.")
                return 1
        print(json.dumps(report.plain()), flush=True)
        well = well and report.well
    return 0 if well else 1


def _say(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)


def _counts(text: str) -> list[int]:
    return [int(part) for part in text.split(",")]


def _outage(text: str) -> Outage:
    after, _, for_ = text.partition(":")
    return Outage(float(after), float(for_))


def _place(text: str) -> tuple[str, int]:
    found = re.fullmatch(r"\[?(.+?)\]?:(\d+)", text)
    if found is None:
        raise argparse.ArgumentTypeError("write HOST:PORT")
    return found[1], int(found[2])
