"""`wardgate ward letter`: a patient's week on one sheet, written or sent, when the ward has enabled it."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from wardgate.cli.options import PROBLEM, command, complain
from wardgate.cli.ward_alerts import add_database, with_store
from wardgate.ward import audit
from wardgate.ward.called import meant
from wardgate.ward.fhir.extension import Json
from wardgate.ward.fhir.server import NotNow, Refused, Server
from wardgate.ward.letter.record import Settings, disable, enable, enabled, record, settings_of
from wardgate.ward.letter.texts import CODES, texts
from wardgate.ward.store import WardStore

_OF_ONE: Final = {"enable", "disable", "output", "name", "fhir"}


def main(words: list[str]) -> int:
    """Write a letter, or say whether a patient gets any."""
    parser = _parser()
    options = parser.parse_args(words)
    if bool(options.patient) == options.all:
        parser.error("name one patient, or say --all")
    if options.all and (not options.send_to or _OF_ONE & {name for name, given in vars(options).items() if given}):
        parser.error("--all sends everybody's letter: say where with --send-to, and nothing that is one patient's")
    options.patient = meant(options.patient or "")
    if options.enable and not (options.phone and options.hours):
        complain("A letter names whom to ring.", "Add --phone and --hours.")
        return PROBLEM

    async def work(store: WardStore) -> int:
        if options.enable:
            return await _enable(store, options)
        if options.disable:
            return await _disable(store, options.patient)
        return await _letters(store, options)

    return with_store(options.database, work)


def _parser() -> argparse.ArgumentParser:
    parser = command(
        "ward letter",
        "Write what a patient's devices sent in a week, in pictures and few words, as one HTML file to print, or send "
        "it through the ward's FHIR server. Only for patients for whom the ward has enabled it.",
    )
    parser.add_argument("patient", nargs="?", help="the pseudonym, as it stands in the readings")
    parser.add_argument("--all", action="store_true", help="everybody's for whom it is enabled, with --send-to")
    add_database(parser)
    parser.add_argument("--enable", action="store_true", help="from now on this patient may get letters")
    parser.add_argument("--disable", action="store_true", help="no more letters")
    parser.add_argument("--ward", default="Your virtual ward", help="who writes, with --enable (Your virtual ward)")
    parser.add_argument("--phone", default="", help="whom to ring, with --enable")
    parser.add_argument("--hours", default="", help="when, in the patient's language, with --enable: '8am to 8pm'")
    parser.add_argument("--language", choices=CODES, help="of the letter, or with --enable of all (en)")
    parser.add_argument("--large-print", action="store_true", help="18 pt on two pages, in place of 14 pt on one")
    parser.add_argument("--week", type=date.fromisoformat, metavar="DATE", help="its last day (yesterday)")
    parser.add_argument("--timezone", default="Europe/London", help="of the patient's days (Europe/London)")
    parser.add_argument("--name", default="", help="printed in place of the pseudonym; kept nowhere but in the file")
    parser.add_argument("--unreviewed", action="store_true", help="also a language that no native speaker has reviewed")
    parser.add_argument("--fhir", type=Path, metavar="FILE", help="write a FHIR DocumentReference, too; without a name")
    parser.add_argument("-o", "--output", type=Path, metavar="FILE", help="where to write it (letter.html)")
    parser.add_argument("--send-to", metavar="URL", help="a FHIR server, https://...; it gets the one without a name")
    parser.add_argument("--token-file", type=Path, help="file with a bearer token for it")
    parser.add_argument("--ca-file", type=Path, help="authority that signed its certificate")
    return parser


async def _enable(store: WardStore, options: argparse.Namespace) -> int:
    settings = Settings(
        ward=options.ward,
        phone=options.phone,
        hours=options.hours,
        language=options.language or "en",
        large=options.large_print,
    )
    now = datetime.now(UTC)
    await store.database.run(lambda tx: enable(tx, options.patient, settings))
    await store.database.run(lambda tx: audit.note(tx, "letter-enabled", "command", now, patient=options.patient))
    print(f"{options.patient} may get letters.")
    return 0


async def _disable(store: WardStore, patient: str) -> int:
    now = datetime.now(UTC)
    if not await store.database.run(lambda tx: disable(tx, patient)):
        complain(f"{patient} gets no letters.")
        return PROBLEM
    await store.database.run(lambda tx: audit.note(tx, "letter-disabled", "command", now, patient=patient))
    print(f"{patient} gets no more letters.")
    return 0


async def _letters(store: WardStore, options: argparse.Namespace) -> int:
    """One letter, or everybody's. What goes wrong with one keeps no other back."""
    zone = _zone(options.timezone)
    server = _server(options) if options.send_to else None
    if zone is None or (options.send_to and server is None):
        return PROBLEM
    last = options.week or datetime.now(zone).date() - timedelta(days=1)
    patients = await store.database.run(enabled) if options.all else [options.patient]
    if not patients:
        print("No patient may get letters.")
    status = 0
    for patient in patients:
        status = max(status, await _letter(store, options, server, patient, last, zone))
    return status


async def _letter(
    store: WardStore, options: argparse.Namespace, server: Server | None, patient: str, last: date, zone: ZoneInfo
) -> int:
    from wardgate.ward.letter.fhir import document
    from wardgate.ward.letter.render import page

    settings = await store.database.run(lambda tx: settings_of(tx, patient))
    if settings is None:
        complain(f"The ward has not enabled letters for {patient}.", "Enable them with --enable.")
        return PROBLEM
    language = texts(options.language or settings.language)
    if not language.reviewed and not options.unreviewed:
        complain(
            f"Nobody who speaks it has reviewed the letter's language {language.code}.",
            "Write it in English, or add --unreviewed to try it out. Give no such letter to a patient.",
        )
        return PROBLEM
    found = await store.database.run(lambda tx: record(tx, patient, last, zone))
    if not found.readings:
        complain(f"There are no readings of {patient} in these three weeks. No letter was written.")
        return 0 if options.all else PROBLEM
    large = options.large_print or settings.large
    if options.output or not server:
        where: Path = options.output or Path("letter.html")
        html = page(found, settings, language, name=options.name, large=large)
        await asyncio.to_thread(where.write_text, html, encoding="utf-8")
        print(f"{where} has the week to {last.isoformat()}.")
    now = datetime.now(UTC)
    resource = document(found, language, page(found, settings, language, large=large), now)
    if options.fhir:
        await asyncio.to_thread(options.fhir.write_bytes, msgspec.json.encode(resource))
    if server and not await _sent(server, patient, resource):
        return PROBLEM
    what = "letter-sent" if server else "letter-written"
    await store.database.run(lambda tx: audit.note(tx, what, "command", now, patient=patient, week=last.isoformat()))
    return 0


async def _sent(server: Server, patient: str, resource: Json) -> bool:
    from wardgate.ward.letter.fhir import delivery

    try:
        await server.send(delivery(resource))
    except NotNow as error:
        complain(f"The letter of {patient} was not sent. {error}", "Try again: the same week is never there twice.")
        return False
    except Refused as error:
        complain(f"The server does not take the letter of {patient}: {error}.", "Ask who runs it.")
        return False
    print(f"The letter of {patient} is at {server.url}.")
    return True


def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        complain(f"There is no time zone {name}.", "Say it like Europe/London.")
        return None


def _server(options: argparse.Namespace) -> Server | None:
    try:
        return Server(options.send_to, token_file=options.token_file, ca_file=options.ca_file)
    except (ValueError, OSError) as error:
        complain(str(error))
        return None
