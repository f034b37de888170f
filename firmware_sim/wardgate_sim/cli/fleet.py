"""`wardgate-sim fleet`: thousands of light hubs against a broker, and what it costs."""

from __future__ import annotations

import argparse
import asyncio
import json
import re
import sys
import tempfile
import tomllib
from pathlib import Path

import msgspec

from wardgate.config import Broker
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
    parser.add_argument(
        "--settings",
        type=_settings,
        metavar="FILE",
        help="use the broker of this file's [broker] section, as a hub's: TLS, certificates, a user, the protocol. "
        "{hub} in username, password_file, cert_file and key_file is each hub's own (fleet-00000, ...)",
    )
    parser.add_argument("--seed", type=int, default=0, help="chooses when each hub measures (0)")
    options = parser.parse_args(words)
    well = True
    for hubs in options.hubs:
        plan = Plan(
            hubs, options.every, options.for_s, options.outage, options.settings or options.broker, options.seed
        )
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


def _settings(text: str) -> Broker:
    try:
        return msgspec.convert(tomllib.loads(Path(text).read_text(encoding="utf-8"))["broker"], Broker)
    except (OSError, tomllib.TOMLDecodeError, KeyError, msgspec.ValidationError) as error:
        raise argparse.ArgumentTypeError(f"it has no [broker] section that can be used: {error}") from error


def _place(text: str) -> Broker:
    found = re.fullmatch(r"\[?(.+?)\]?:(\d+)", text)
    if found is None:
        raise argparse.ArgumentTypeError("write HOST:PORT")
    return Broker(host=found[1], port=int(found[2]), tls=False)
