"""`wardgate ward letter`: a patient's week on one sheet of paper, when the ward has enabled it."""

from __future__ import annotations

import argparse
import asyncio
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import msgspec

from wardgate.cli.options import PROBLEM, command, complain
from wardgate.cli.ward_alerts import add_database, with_store
from wardgate.ward import audit
from wardgate.ward.called import meant
from wardgate.ward.letter.record import Settings, disable, enable, record, settings_of
from wardgate.ward.letter.texts import CODES, texts
from wardgate.ward.store import WardStore


def main(words: list[str]) -> int:
    """Write a letter, or say whether a patient gets any."""
    options = _parser().parse_args(words)
    options.patient = meant(options.patient)
    if options.enable and not (options.phone and options.hours):
        complain("A letter names whom to ring.", "Add --phone and --hours.")
        return PROBLEM

    async def work(store: WardStore) -> int:
        if options.enable:
            return await _enable(store, options)
        if options.disable:
            return await _disable(store, options.patient)
        return await _write(store, options)

    return with_store(options.database, work)


def _parser() -> argparse.ArgumentParser:
    parser = command(
        "ward letter",
        "Write what a patient's devices sent in a week, in pictures and few words, as one HTML file to print. Only for "
        "patients for whom the ward has enabled it.",
    )
    parser.add_argument("patient", help="the pseudonym, as it stands in the readings")
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


async def _write(store: WardStore, options: argparse.Namespace) -> int:
    from wardgate.ward.letter.fhir import document
    from wardgate.ward.letter.render import page

    settings = await store.database.run(lambda tx: settings_of(tx, options.patient))
    if settings is None:
        complain(f"The ward has not enabled letters for {options.patient}.", "Enable them with --enable.")
        return PROBLEM
    language = texts(options.language or settings.language)
    if not language.reviewed and not options.unreviewed:
        complain(
            f"Nobody who speaks it has reviewed the letter's language {language.code}.",
            "Write it in English, or add --unreviewed to try it out. Give no such letter to a patient.",
        )
        return PROBLEM
    try:
        zone = ZoneInfo(options.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        complain(f"There is no time zone {options.timezone}.", "Say it like Europe/London.")
        return PROBLEM
    last = options.week or datetime.now(zone).date() - timedelta(days=1)
    found = await store.database.run(lambda tx: record(tx, options.patient, last, zone))
    if not found.readings:
        complain(f"There are no readings of {options.patient} in these three weeks. No letter was written.")
        return PROBLEM
    large = options.large_print or settings.large
    where: Path = options.output or Path("letter.html")
    html = page(found, settings, language, name=options.name, large=large)
    await asyncio.to_thread(where.write_text, html, encoding="utf-8")
    now = datetime.now(UTC)
    if options.fhir:
        resource = document(found, language, page(found, settings, language, large=large), now)
        await asyncio.to_thread(options.fhir.write_bytes, msgspec.json.encode(resource))
    await store.database.run(
        lambda tx: audit.note(tx, "letter-written", "command", now, patient=options.patient, week=last.isoformat())
    )
    print(f"{where} has the week to {last.isoformat()}.")
    return 0
