"""`wardgate ward alerts` and `wardgate ward acknowledge`: the open alerts, and a person's word that one was seen."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec

from wardgate.cli.options import PROBLEM, add_json, command, complain
from wardgate.contract.messages import Alert
from wardgate.ward.database import DatabaseError, Transaction
from wardgate.ward.line import format_line
from wardgate.ward.referrals import Referral
from wardgate.ward.referred import referral_of
from wardgate.ward.seen import SeenError
from wardgate.ward.store import WardStore


def show(words: list[str]) -> int:
    """List what is open, worst first."""
    parser = command("ward alerts", "The open alerts in a ward's database, worst first, then oldest.")
    add_database(parser)
    add_json(parser)
    options = parser.parse_args(words)

    async def work(store: WardStore) -> int:
        alerts = await store.open_alerts()
        if options.json:
            print(msgspec.json.encode(alerts).decode())
        elif not alerts:
            print("No alert is open.")
        else:
            patients = await _patients(store, alerts)
            print("\n".join(f"{alert.id}  {format_line(alert)}{patients.get(alert.patient, '')}" for alert in alerts))
        return 0

    return with_store(options.database, work)


async def _patients(store: WardStore, alerts: list[Alert]) -> dict[str, str]:
    """A line below an alert, by patient: what the ward's list says of those whom it knows."""

    async def read(tx: Transaction) -> list[Referral | None]:
        return [await referral_of(tx, patient) for patient in {alert.patient for alert in alerts}]

    return {
        one.patient: "\n    "
        + "; ".join(filter(None, (one.words, ", ".join(one.pathways), ", ".join(one.kinds), one.phone)))
        for one in await store.database.run(read)
        if one is not None
    }


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
    add_database(parser)
    options = parser.parse_args(words)

    async def work(store: WardStore) -> int:
        try:
            alert = _meant(await store.open_alerts(), options.alert)
            await store.see(
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

    return with_store(options.database, work)


def _meant(alerts: list[Alert], beginning: str) -> Alert:
    found = [alert for alert in alerts if alert.id.startswith(beginning)]
    if len(found) != 1:
        many = "More than one" if found else "No"
        raise SeenError(f"{many} open alert has an id that begins with `{beginning}`.")
    return found[0]


def add_database(parser: argparse.ArgumentParser) -> None:
    """`--database`: a path or a URL."""
    parser.add_argument(
        "--database",
        default="ward.db",
        metavar="WHERE",
        help="the ward's database: a file (default: ward.db), or postgresql://...",
    )


def with_store(where: str, work: Callable[[WardStore], Coroutine[Any, Any, int]]) -> int:
    """Do something with a ward's database that exists. The exit status, after a complaint when there is none."""
    if "://" not in where and not Path(where).exists():
        complain(f"There is no ward's database {where}.", "Name it with --database.")
        return PROBLEM

    async def opened() -> int:
        store = WardStore(where)
        try:
            return await work(store)
        finally:
            await store.close()

    try:
        return asyncio.run(opened())
    except DatabaseError as error:
        complain(f"The ward's database refuses: {error}.", "Check --database, and that the database is running.")
        return PROBLEM
