"""`wardgate ward page`: the nurse's page, and who may sign in there."""

from __future__ import annotations

import argparse
import asyncio
import getpass
import sys
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from wardgate.cli.options import PROBLEM, command, complain
from wardgate.cli.ward_alerts import add_database, with_store
from wardgate.ward import accounts, audit
from wardgate.ward.database import DatabaseError
from wardgate.ward.store import WardStore


def main(words: list[str]) -> int:
    """Serve the page, or look after accounts."""
    options = _parser().parse_args(words)
    if options.add_account:
        return _add(options.database, options.add_account, options.role)
    if options.remove_account:
        return _remove(options.database, options.remove_account)
    if options.accounts:
        return with_store(options.database, _list)
    if options.audit:
        return with_store(options.database, _audit)
    return _serve(options)


def _parser() -> argparse.ArgumentParser:
    parser = command(
        "ward page",
        "Serve the nurse's page over a ward's database, on this machine's loopback address, until Ctrl-C. The running "
        "ward (same database) tells the hubs what was seen there.",
    )
    add_database(parser)
    parser.add_argument("--timezone", default="Europe/London", help="of the times on the page (Europe/London)")
    parser.add_argument("--listen", default="127.0.0.1", metavar="IP", help="other than loopback only with TLS")
    parser.add_argument("--port", type=int, default=8470, help="port to listen on (8470)")
    parser.add_argument("--cert", type=Path, metavar="FILE", help="TLS: the certificate with its chain, PEM")
    parser.add_argument("--key", type=Path, metavar="FILE", help="TLS: its key, PEM")
    parser.add_argument(
        "--address",
        metavar="https://NAME",
        help="by which people open the page; without --cert, a reverse proxy on this machine makes the TLS. No "
        "header of the proxy is believed; it has to hand on `Host` as it came",
    )
    parser.add_argument("--add-account", metavar="NAME", help="make an account, or give it a new password; asks for it")
    parser.add_argument("--role", default="nurse", help="of the new account, which hubs are told (nurse)")
    parser.add_argument("--remove-account", metavar="NAME", help="nobody signs in as that any more")
    parser.add_argument("--accounts", action="store_true", help="who may sign in")
    parser.add_argument("--audit", action="store_true", help="what was done, and whether a line was changed since")
    return parser


def _serve(options: argparse.Namespace) -> int:
    from wardgate.ward.page import PageError
    from wardgate.ward.page.server import Place, run

    if "://" not in options.database and not Path(options.database).exists():
        complain(f"There is no ward's database {options.database}.", "Name it with --database.")
        return PROBLEM
    try:
        zone = ZoneInfo(options.timezone)
    except (ZoneInfoNotFoundError, ValueError):
        complain(f"There is no time zone {options.timezone}.", "Say it like Europe/London.")
        return PROBLEM
    place = Place(options.listen, options.port, options.address, options.cert, options.key)
    try:
        run(options.database, zone, place, on_ready=lambda address: print(address, flush=True))
    except (PageError, OSError) as error:
        complain(str(error))
        return PROBLEM
    return 0


def _add(where: str, name: str, role: str) -> int:
    try:
        password = _asked(name)
        accounts.check_new(name, role, password)
    except accounts.AccountError as error:
        complain(str(error))
        return PROBLEM
    kept = accounts.hashed(password)

    async def opened() -> int:
        store = WardStore(where)  # made when it is not there: accounts may come before the first message
        try:
            new = await store.database.run(lambda tx: accounts.add(tx, name, role, kept, datetime.now(UTC)))
        finally:
            await store.close()
        print(f"{name} may sign in." if new else f"{name} has a new password and is signed out everywhere.")
        return 0

    try:
        return asyncio.run(opened())
    except DatabaseError as error:
        complain(f"The ward's database refuses: {error}.", "Check --database, and that the database is running.")
        return PROBLEM


def _asked(name: str) -> str:
    """A password from the keyboard, twice, or one line of standard input. Never from the command line: others see it.

    Raises:
        AccountError: the two are not the same.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\n")
    password = getpass.getpass(f"Password for {name}: ")
    if getpass.getpass("Once more: ") != password:
        raise accounts.AccountError("The two are not the same. Nothing was changed.")
    return password


def _remove(where: str, name: str) -> int:
    async def work(store: WardStore) -> int:
        if not await store.database.run(lambda tx: accounts.remove(tx, name, datetime.now(UTC))):
            complain(f"There is no account {name}.", "List them with --accounts.")
            return PROBLEM
        print(f"{name} can no longer sign in. What was done under that name stays in the audit.")
        return 0

    return with_store(where, work)


async def _list(store: WardStore) -> int:
    found = await store.database.run(accounts.all_accounts)
    print("\n".join(f"{a.name}  {a.role}" for a in found) or "Nobody may sign in. Add somebody with --add-account.")
    return 0


async def _audit(store: WardStore) -> int:
    acts, broken = await store.database.run(audit.newest), await store.database.run(audit.broken_at)
    for act in reversed(acts):
        said = ", ".join(f"{name} {value}" for name, value in act.detail.items() if value not in ("", None))
        print("  ".join(x for x in (f"{act.at:%Y-%m-%d %H:%M:%S}Z", act.what, act.account, act.alert, said) if x))
    if broken is not None:
        complain(
            f"Line {broken} was changed, or follows one that is missing.", "Keep the database as it is, and ask why."
        )
        return PROBLEM
    print("Every line is whole.")
    return 0
