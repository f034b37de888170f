"""`wardgate ward ca` and `wardgate ward enrol`: the authority for hubs, and where they get their certificates."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from wardgate.cli.options import PROBLEM, command, complain
from wardgate.ward.ca import HUB_LASTS, REASONS, SERVER_LASTS, Authority, NotSigned
from wardgate.ward.database import DatabaseError, open_database
from wardgate.ward.enrol import Enrolment
from wardgate.ward.referrals import Referrals
from wardgate.ward.referred import Copies

PORT: Final = 8085
_DIRECTORY: Final = Path("ca")


def main(words: list[str]) -> int:
    """Exit status 0 well, 1 it could not be done, 2 wrong usage."""
    parser = command("ward ca", "The ward's certificate authority for hubs, brokers and its own accounts.")
    _directory(parser)
    todo = parser.add_subparsers(metavar="WHAT", required=True)
    _new(todo)
    _code(todo)
    _sign(todo)
    _issue(todo)
    _revoke(todo)
    _add(todo, "crl", "write the list of withdrawn certificates anew (it lasts 30 days)", _write_crl)
    _add(todo, "list", "what was issued, to whom, until when", _list)
    _add(todo, "audit", "who did what when, and whether that log is whole", _audit)
    options = parser.parse_args(words)
    return _done(options.do, options)


def enrol(words: list[str]) -> int:
    """The enrolment endpoint, in the foreground."""
    parser = command(
        "ward enrol",
        "The enrolment endpoint: hubs claim their certificate with a one-time code, and renew it by itself.",
    )
    _directory(parser)
    parser.add_argument("--host", default="0.0.0.0", help="address to listen at (default: all)")  # noqa: S104 - hubs call
    parser.add_argument("--port", type=int, default=PORT, help=f"port (default: {PORT})")
    parser.add_argument(
        "--cert-file", type=Path, required=True, help="this server's certificate: ward ca issue --server"
    )
    parser.add_argument("--key-file", type=Path, required=True, help="its private key")
    _days(parser, HUB_LASTS)
    parser.add_argument(
        "--database",
        metavar="WHERE",
        help="the ward's database, for alerts and the nurse's page to show what the list of patients says: a file, "
        "or postgresql://... (default: none)",
    )
    options = parser.parse_args(words)
    return _done(lambda o: asyncio.run(_serve(o)), options)


def _done(do: Callable[[argparse.Namespace], int], options: argparse.Namespace) -> int:
    try:
        return do(options)
    except FileNotFoundError as error:
        complain(f"There is no {error.filename}.", "Make an authority: wardgate ward ca --directory DIR new NAME")
    except (NotSigned, DatabaseError, OSError) as error:
        complain(str(error))
    return PROBLEM


async def _serve(options: argparse.Namespace) -> int:
    authority = Authority(options.directory)
    endpoint = Enrolment(authority, options.cert_file, options.key_file, lasts=timedelta(days=options.days))
    task = asyncio.ensure_future(_served(endpoint, authority, options))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    print(f"Hubs enrol at https://{options.host}:{options.port}", flush=True)
    try:
        with contextlib.suppress(asyncio.CancelledError):
            await task
    finally:
        authority.close()
    return 0


async def _served(endpoint: Enrolment, authority: Authority, options: argparse.Namespace) -> None:
    if options.database is None:
        return await endpoint.run(options.host, options.port)
    database = open_database(options.database)
    copies = Copies(authority.register, database, lambda said: print(said, file=sys.stderr, flush=True))
    copying = asyncio.create_task(copies.run())
    try:
        await endpoint.run(options.host, options.port)
    finally:
        copying.cancel()
        await asyncio.wait([copying])
        await database.close()


_Subparsers = argparse._SubParsersAction  # argparse names the type of what add_subparsers gives only so


def _add(
    todo: _Subparsers[argparse.ArgumentParser], name: str, about: str, do: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = todo.add_parser(name, help=about, description=about)
    parser.set_defaults(do=do)
    return parser


def _directory(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--directory", type=Path, default=_DIRECTORY, metavar="DIR", help=f"the authority's own (default: {_DIRECTORY})"
    )


def _days(parser: argparse.ArgumentParser, usual: timedelta) -> None:
    parser.add_argument("--days", type=float, default=usual.days, help=f"how long it holds (default: {usual.days})")


def _new(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        made = Authority.create(options.directory, options.name)
        made.close()
        print(
            f"{options.directory / 'ca.pem'} is the root: hubs and broker get it. {options.directory / 'ca.key'} never"
        )
        print("leaves this machine but for a copy in a safe: who has it can be any hub.")
        return 0

    _add(todo, "new", "make an authority", do).add_argument("name", help="what it is called: Riverside virtual ward")


def _code(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        with contextlib.closing(Authority(options.directory)) as authority:
            lasts = timedelta(hours=options.hours)
            print(authority.register.give_code(options.hub, lasts, datetime.now(UTC)))
        return 0

    parser = _add(todo, "code", "a claim code, with which one hub gets its certificate once", do)
    parser.add_argument("hub", help="the hub's id")
    parser.add_argument("--hours", type=float, default=72.0, help="how long it is good for (default: 72)")


def _sign(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        with contextlib.closing(Authority(options.directory)) as authority:
            made = authority.sign(options.request.read_bytes(), options.hub, lasts=timedelta(days=options.days))
        _write(options.out, made.certificate)
        return 0

    parser = _add(todo, "sign", "sign a hub's request by hand, where there is no enrolment endpoint", do)
    parser.add_argument("hub", help="the hub's id")
    parser.add_argument("request", type=Path, help="its signing request")
    parser.add_argument("--out", type=Path, help="where the certificate goes (default: standard output)")
    _days(parser, HUB_LASTS)


def _issue(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        with contextlib.closing(Authority(options.directory)) as authority:
            made = authority.issue(
                options.name,
                "server" if options.server else "account",
                options.key_out,
                lasts=timedelta(days=options.days),
                hosts=[options.name, *options.also] if options.server else (),
            )
        _write(options.out, made.certificate)
        return 0

    parser = _add(todo, "issue", "a key and a certificate for a server, or for an account of the ward", do)
    parser.add_argument("name", help="the server's host name, or the account's: ward.consumer")
    kind = parser.add_mutually_exclusive_group(required=True)
    kind.add_argument("--server", action="store_true", help="for a broker or the enrolment endpoint")
    kind.add_argument("--account", action="store_true", help="for a program of the ward at the broker")
    parser.add_argument("--also", action="append", default=[], metavar="HOST", help="another name or address of it")
    parser.add_argument("--out", type=Path, required=True, help="where the certificate goes")
    parser.add_argument("--key-out", type=Path, required=True, help="where the key goes; it must not exist")
    _days(parser, SERVER_LASTS)


def _revoke(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        with contextlib.closing(Authority(options.directory)) as authority:
            found = authority.revoke(options.name, serial=options.serial, reason=options.reason)
            left = [one for one in Referrals(authority.register).all() if one.hub == options.name]
        if not found:
            complain(f"Nothing of {options.name} was left to withdraw.", "See: wardgate ward ca list")
            return PROBLEM
        print(
            f"Withdrawn: {', '.join(found)}. Give {options.directory / 'crl.pem'} to the broker, and restart it to end"
        )
        print("connections that stand.")
        for one in left:
            if one.state == "assigned" and options.serial is None:
                print(f"The ward's list still has {one.words} with {options.name}. To give them another hub:")
                print(f"wardgate ward patients end {one.patient}")
        return 0

    parser = _add(todo, "revoke", "withdraw what a hub or account has", do)
    parser.add_argument("name", help="the hub's id or the account's name")
    parser.add_argument("--serial", help="this certificate alone")
    parser.add_argument("--reason", choices=REASONS, default="unspecified", help="why")


def _write_crl(options: argparse.Namespace) -> int:
    with contextlib.closing(Authority(options.directory)) as authority:
        print(authority.write_crl())
    return 0


def _list(options: argparse.Namespace) -> int:
    with contextlib.closing(Authority(options.directory)) as authority:
        for one in authority.register.all():
            state = (
                f"withdrawn {one.revoked:%Y-%m-%d} ({one.reason})" if one.revoked else f"until {one.not_after:%Y-%m-%d}"
            )
            print(f"{one.name:30} {one.role:8} {state:32} {one.serial}")
    return 0


def _audit(options: argparse.Namespace) -> int:
    with contextlib.closing(Authority(options.directory)) as authority:
        for row in authority.register.audit():
            print(f"{row.at:%Y-%m-%d %H:%M:%S} {row.what:8} {row.name or '':20} {row.detail}")
        broken = authority.register.broken_at()
    if broken is not None:
        complain(f"Line {broken} of this log was changed, or one before it is missing.")
        return PROBLEM
    return 0


def _write(out: Path | None, certificate: bytes) -> None:
    if out is None:
        print(certificate.decode(), end="")
    else:
        out.write_bytes(certificate)
