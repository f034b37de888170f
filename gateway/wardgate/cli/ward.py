"""`wardgate ward`: the reference ward, in the foreground."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import importlib
import signal
import sys
from pathlib import Path
from typing import Final

import msgspec

from wardgate.cli import ward_alerts
from wardgate.cli.options import PROBLEM, add_json, command, complain
from wardgate.cli.ward_broker import add_broker, broker
from wardgate.contract.messages import Alert, Event, Reading, State
from wardgate.ward.database import DatabaseError
from wardgate.ward.line import format_line
from wardgate.ward.silence import DEAF_AFTER_S, HEARTBEATS, Silence
from wardgate.ward.ward import Ward

_OTHERS: Final = {
    "acknowledge": "ward_alerts:acknowledge",
    "alerts": "ward_alerts:show",
    "ca": "ward_ca:main",
    "claim-sheet": "ward_claim:main",
    "command": "ward_commands:tell",
    "enrol": "ward_ca:enrol",
    "fhir": "ward_fhir:main",
    "keys": "ward_commands:keys",
    "letter": "ward_letter:main",
    "page": "ward_page:main",
    "patients": "ward_patients:main",
    "silent": "ward_silent:main",
}
"""Imported when asked for: some need what the ward itself does without."""


def main(words: list[str]) -> int:
    if words and words[0] in _OTHERS:
        module, _, function = _OTHERS[words[0]].partition(":")
        return int(getattr(importlib.import_module(f"wardgate.cli.{module}"), function)(words[1:]))
    parser = command(
        "ward",
        "The reference ward: receive what hubs send, check it against the contract, keep it, say that it is kept, and "
        "print a line for each message.",
    )
    parser.epilog = "`wardgate ward alerts` lists what is open, `wardgate ward acknowledge` says that it was seen; "
    parser.epilog += "`wardgate ward silent` lists the hubs that are not heard; "
    parser.epilog += "`wardgate ward fhir` hands everything on to a FHIR server; "
    parser.epilog += "`wardgate ward page` is the nurse's page."
    add_broker(parser)
    parser.add_argument("--name", default="ward", help="MQTT client id; keep it, the broker holds messages for it")
    parser.add_argument("--group", help="share the work with the other wards of this group (a name for each: --name)")
    ward_alerts.add_database(parser)
    parser.add_argument(
        "--silent-after", type=float, default=HEARTBEATS, metavar="N", help="heartbeats unheard that are silence (3)"
    )
    parser.add_argument(
        "--deaf-after",
        type=float,
        default=DEAF_AFTER_S,
        metavar="SECONDS",
        help="without a broker for so long, say that nobody is heard (10)",
    )
    add_json(parser)
    options = parser.parse_args(words)
    if options.password_file and not Path(options.password_file).exists():
        complain(f"There is no file {options.password_file}.")
        return PROBLEM
    try:
        return asyncio.run(_run(options))
    except DatabaseError as error:
        complain(f"{error}.")
        return PROBLEM


async def _run(options: argparse.Namespace) -> int:
    def show(message: Reading | Alert | Event | State) -> None:
        print(msgspec.json.encode(message).decode() if options.json else format_line(message), flush=True)

    def show_silence(silence: Silence) -> None:
        print(
            msgspec.json.encode(silence).decode() if options.json else f"SILENCE {silence.state}: {silence.sentence}",
            flush=True,
        )

    def tell(sentence: str) -> None:
        print(sentence, file=sys.stderr, flush=True)

    ward = Ward(
        broker(options),
        options.database,
        show,
        name=options.name,
        group=options.group,
        on_link=tell,
        on_silence=show_silence,
        heartbeats=options.silent_after,
        deaf_after_s=options.deaf_after,
    )
    task = asyncio.ensure_future(ward.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    return 0
