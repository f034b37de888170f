"""`wardgate dry-run`: what a configuration would have told over the last days, beside what was told."""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime

import msgspec

from wardgate.cli.options import PROBLEM, add_config, add_json, command, complain, load_or_exit
from wardgate.store.reader import Reader
from wardgate.watch.dry_run import dry_run, in_words


def main(words: list[str]) -> int:
    """Exit status 0 when it was replayed, 1 when there is no database to read."""
    parser = command(
        "dry-run", "Replay the stored readings under a configuration, next to the running hub, which it leaves alone."
    )
    add_config(parser)
    parser.add_argument("--days", type=_days, default=14.0, metavar="N", help="how far back (default: 14 days)")
    add_json(parser)
    options = parser.parse_args(words)
    config = load_or_exit(options.config)
    try:
        reader = Reader(config.database)
        try:
            run = dry_run(config, reader, datetime.now(UTC), options.days)
        finally:
            reader.close()
    except sqlite3.Error as error:
        complain(
            f"The database {config.database} cannot be read ({error}).",
            "Does data_dir of this file name the hub's own directory, and may you read it?",
        )
        return PROBLEM
    print(msgspec.json.encode(run).decode() if options.json else "\n".join(in_words(run)))
    return 0


def _days(word: str) -> float:
    days = float(word)
    if not 0 < days <= 400:
        raise argparse.ArgumentTypeError("more than 0 and at most 400 days")
    return days
