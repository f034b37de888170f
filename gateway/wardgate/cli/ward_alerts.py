"""`wardgate ward alerts` and `wardgate ward acknowledge`: the open alerts, and a person's word that one was seen."""

from __future__ import annotations

import argparse
import contextlib
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from wardgate.cli.options import PROBLEM, add_json, command, complain
from wardgate.contract.messages import Alert
from wardgate.ward.database import WardDatabase
from wardgate.ward.line import format_line
from wardgate.ward.seen import SeenError


def show(words: list[str]) -> int:
    """List what is open, worst first."""
    parser = command("ward alerts", "The open alerts in a ward's database, worst first, then oldest.")
    _add_database(parser)
    add_json(parser)
    options = parser.parse_args(words)
    with _database(options.database) as database:
        if database is None:
            return PROBLEM
        alerts = database.open_alerts()
        if options.json:
            print(msgspec.json.encode(alerts).decode())
        elif not alerts:
            print("No alert is open.")
        else:
            print("\n".join(f"{alert.id}  {format_line(alert)}" for alert in alerts))
    return 0


def acknowledge(words: list[str]) -> int:
    """Note that somebody has seen an alert. The running ward tells the hub, now or as soon as it runs."""
    parser = command(
        "ward acknowledge",
        "Say that somebody has seen an alert. The running ward (same database) tells the hub. The alert stays open "
        "until it is better; when it becomes worse, somebody has to look again.",
    )
    parser.add_argument("alert", help="the alert's id, or the beginning of it (`wardgate ward alerts`)")
    parser.add_argument("--by", required=True, metavar="ROLE", help="who has seen it: a role (nurse), never a name")
    parser.add_argument("--note", default="", help="stays in the ward's database; the hub does not get it")
    parser.add_argument("--revision", type=int, help="the revision that was seen (default: the last one here)")
    _add_database(parser)
    options = parser.parse_args(words)
    with _database(options.database) as database:
        if database is None:
            return PROBLEM
        try:
            alert = _meant(database.open_alerts(), options.alert)
            database.see(
                alert.hub,
                alert.id,
                by=options.by,
                at=datetime.now(UTC),
                note=options.note,
                revision=options.revision,
            )
        except SeenError as error:
            complain(str(error))
            return PROBLEM
        print(f"Seen by {options.by}. It stays open until it is better.")
    return 0


def _meant(alerts: list[Alert], beginning: str) -> Alert:
    found = [alert for alert in alerts if alert.id.startswith(beginning)]
    if len(found) != 1:
        many = "More than one" if found else "No"
        raise SeenError(f"{many} open alert has an id that begins with `{beginning}`.")
    return found[0]


def _add_database(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--database", type=Path, default=Path("ward.db"), help="the ward's database (ward.db)")


@contextlib.contextmanager
def _database(path: Path) -> Iterator[WardDatabase | None]:
    if not path.exists():
        complain(f"There is no ward's database {path}.", "Name it with --database.")
        yield None
        return
    database = WardDatabase(path)
    try:
        yield database
    finally:
        database.close()
