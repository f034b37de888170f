"""`wardgate ward fhir`: hand what the ward has on to a FHIR server."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from pathlib import Path

from wardgate.cli.options import PROBLEM, command, complain
from wardgate.cli.ward_alerts import add_database, with_store
from wardgate.counted import count
from wardgate.ward.fhir import due
from wardgate.ward.fhir.push import Push
from wardgate.ward.fhir.server import Server
from wardgate.ward.store import WardStore


def main(words: list[str]) -> int:
    parser = command(
        "ward fhir",
        "Hand everything in a ward's database on to a FHIR R4 server, as transactions of conditional creates, and then "
        "what comes. Run it beside `wardgate ward`. It may be killed at any moment: nothing is created twice.",
    )
    parser.add_argument("--to", required=True, metavar="URL", help="the server's base address, https://...")
    parser.add_argument("--token-file", type=Path, help="file with a bearer token; it is read anew for each request")
    parser.add_argument("--ca-file", type=Path, help="authority that signed the server's certificate")
    parser.add_argument("--once", action="store_true", help="end when nothing is due; status 1 when some was refused")
    parser.add_argument("--again", action="store_true", help="try once more what the server has refused")
    add_database(parser)
    options = parser.parse_args(words)
    try:
        server = Server(options.to, token_file=options.token_file, ca_file=options.ca_file)
    except (ValueError, OSError) as error:
        complain(str(error))
        return PROBLEM
    return with_store(options.database, lambda store: _work(store, server, options))


async def _work(store: WardStore, server: Server, options: argparse.Namespace) -> int:
    push = Push(store.database, server, lambda sentence: print(sentence, file=sys.stderr, flush=True))
    await push.begin()
    if options.again:
        await store.database.run(lambda tx: due.again(tx, server.url))
    task = asyncio.ensure_future(push.run(once=options.once))
    loop = asyncio.get_running_loop()
    with contextlib.suppress(NotImplementedError, RuntimeError):  # not in the main thread
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, task.cancel)
    with contextlib.suppress(asyncio.CancelledError):
        await task
    refused = await store.database.run(lambda tx: due.problems(tx, server.url))
    print(f"{count(push.sent, 'message')} handed on, {len(refused)} refused.")
    for (kind, hub, id_, _), why in refused:
        print(f"{kind} {id_} of {hub}: {why}")
    return PROBLEM if refused else 0
