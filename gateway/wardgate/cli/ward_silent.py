"""`wardgate ward silent`: which hubs are not heard, and whether anybody listens. For people, and for a monitor."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

import msgspec

from wardgate.cli.options import PROBLEM, add_json, command, complain
from wardgate.cli.ward_alerts import add_database, with_store
from wardgate.ward.silence import DEAF_AFTER_S
from wardgate.ward.store import WardStore


def main(words: list[str]) -> int:
    parser = command(
        "ward silent",
        "The hubs that are not heard. Exit status 0: all are heard; 1: one is silent, or no ward is listening, so that "
        "nobody would notice.",
    )
    add_database(parser)
    parser.add_argument(
        "--deaf-after",
        type=float,
        default=DEAF_AFTER_S,
        metavar="SECONDS",
        help="how old a ward's last look may be (10)",
    )
    parser.add_argument("--forget", metavar="HUB", help="this hub is out of service: do not miss it until it is heard")
    add_json(parser)
    options = parser.parse_args(words)
    return with_store(options.database, lambda store: _work(store, options))


async def _work(store: WardStore, options: argparse.Namespace) -> int:
    if options.forget:
        if await store.forget(options.forget):
            print(f"{options.forget} is not missed any more.")
            return 0
        complain(f"No hub {options.forget} was ever heard.")
        return PROBLEM
    silences = await store.silences()
    until = await store.listened_until()
    deaf = until is None or (datetime.now(UTC) - until).total_seconds() > options.deaf_after
    if options.json:
        print(msgspec.json.encode({"silences": silences, "listened_until": until, "listening": not deaf}).decode())
    else:
        for silence in silences:
            print(silence.sentence)
        if not silences and not deaf:
            print("Every hub is heard.")
    if deaf:
        last = "no ward has ever listened" if until is None else f"the last ward listened at {until:%Y-%m-%d %H:%M:%S}Z"
        complain(f"Nobody is listening: {last}.", "Start `wardgate ward`, and check its connection to the broker.")
    return PROBLEM if silences or deaf else 0
