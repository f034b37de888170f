"""`wardgate ward patients`: who is to be set up, and which hub serves whom."""

from __future__ import annotations

import argparse
import contextlib
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, get_args

import msgspec

from wardgate.cli.options import PROBLEM, add_json, command, complain
from wardgate.contract.assigning import Kind
from wardgate.contract.pseudonym import NotAPseudonym, Pseudonym, parse, parse_words
from wardgate.pathways.known import LIMITS
from wardgate.pathways.pathway import names
from wardgate.ward.ca import Authority, is_hub
from wardgate.ward.referrals import NotDone, Referral, Referrals
from wardgate.ward.sheets import referral_sheet

_PHONE: Final = 40
_Subparsers = argparse._SubParsersAction  # argparse names the type of what add_subparsers gives only so


def main(words: list[str]) -> int:
    """Exit status 0 well, 1 it could not be done, 2 wrong usage."""
    parser = command("ward patients", "The ward's list: who is to be set up, and which hub serves whom.")
    parser.add_argument(
        "--directory", type=Path, default=Path("ca"), metavar="DIR", help="the authority's own (default: ca)"
    )
    todo = parser.add_subparsers(metavar="WHAT", required=True)
    _add(todo)
    listing = _command(todo, "list", "everybody, and what has become of them", _list)
    listing.add_argument("--all", action="store_true", help="those whose monitoring has ended as well")
    add_json(listing)
    _sheet(todo)
    _command(todo, "end", "take a patient off the list, and from the hub that serves them", _end).add_argument(
        "patient", type=_patient, help="copper-heron-93"
    )
    options = parser.parse_args(words)
    try:
        return int(options.do(options))
    except NotDone as problem:
        complain(problem.sentence, problem.what_to_do)
    except FileNotFoundError as error:
        complain(f"There is no {error.filename}.", "Make an authority: wardgate ward ca --directory DIR new NAME")
    except OSError as error:
        complain(str(error))
    return PROBLEM


@contextlib.contextmanager
def _opened(options: argparse.Namespace) -> Iterator[tuple[Authority, Referrals]]:
    with contextlib.closing(Authority(options.directory)) as authority:
        yield authority, Referrals(authority.register)


def _command(
    todo: _Subparsers[argparse.ArgumentParser], name: str, about: str, do: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    parser = todo.add_parser(name, help=about, description=about)
    parser.set_defaults(do=do)
    return parser


def _add(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        with _opened(options) as (_, referrals):
            one = referrals.add(
                options.words,
                pathways=options.pathway,
                kinds=options.kind,
                phone=options.phone,
                limits=dict(options.limit),
                hub=options.hub,
            )
        print(f"{one.words} {one.digits}")
        print(f"Print the referral sheet: wardgate ward patients sheet {one.patient}", file=sys.stderr)
        return 0

    parser = _command(todo, "add", "put a patient on the list", do)
    who = parser.add_mutually_exclusive_group(required=True)
    who.add_argument("--new", dest="words", action="store_const", const=None, help="under a new pseudonym")
    who.add_argument("--words", type=_words, metavar="'COPPER HERON'", help="under these two words, anew or again")
    parser.add_argument(
        "--pathway", action="append", default=[], choices=names(), help="what for; may be given several times"
    )
    parser.add_argument(
        "--kind", action="append", default=[], choices=get_args(Kind), help="a device that they have been given"
    )
    parser.add_argument("--phone", type=_phone, default="", help="the ward's, for the patient")
    parser.add_argument(
        "--limit", action="append", default=[], type=_limit, metavar="NAME=NUMBER", help=f"one of {', '.join(LIMITS)}"
    )
    parser.add_argument("--hub", type=_hub, help="the one hub that may have them (default: any of this ward)")


def _list(options: argparse.Namespace) -> int:
    with _opened(options) as (_, referrals):
        found = [one for one in referrals.all() if options.all or one.state != "ended"]
    if options.json:
        print(msgspec.json.encode(found).decode())
    elif not found:
        print("Nobody is on the list.")
    else:
        print("\n".join(_line(one) for one in found))
    return 0


def _line(one: Referral) -> str:
    where = one.hub or (f"for {one.offered}" if one.offered else "for any hub")
    since = one.at.astimezone()
    return f"{one.patient:28} {one.state:8} {where:20} since {since:%Y-%m-%d %H:%M}  {', '.join(one.pathways)}"


def _sheet(todo: _Subparsers[argparse.ArgumentParser]) -> None:
    def do(options: argparse.Namespace) -> int:
        with _opened(options) as (authority, referrals):
            one, now, ticket = referrals.of(options.patient), datetime.now(UTC), ""
            if options.claim:
                code = authority.register.give_code(options.claim, timedelta(hours=options.hours), now)
                ticket = f"{options.claim} {code}"
        sheet = referral_sheet(one, now.astimezone(), ticket)
        print(sheet.text(), end="")
        if options.html:
            options.html.write_text(sheet.page(), encoding="utf-8")
        return 0

    parser = _command(todo, "sheet", "the referral sheet, as text and to print", do)
    parser.add_argument("patient", type=_patient, help="copper-heron-93")
    parser.add_argument("--html", type=Path, metavar="FILE", help="write it there as well, to print with a browser")
    parser.add_argument("--claim", type=_hub, metavar="HUB", help="with a new claim code for this hub")
    parser.add_argument("--hours", type=float, default=72.0, help="how long that is good for (default: 72)")


def _end(options: argparse.Namespace) -> int:
    with _opened(options) as (_, referrals):
        before = referrals.of(options.patient)
        referrals.stop(options.patient)
    print(f"{before.words} is off the list.")
    if before.state == "assigned":
        print(f"{before.hub} does not know it yet: release the patient on its page, or withdraw its certificate.")
    return 0


def _patient(text: str) -> str:
    """The pseudonym with its digits: what ends a patient's monitoring or prints their sheet is not to be mistyped."""
    try:
        return parse(text).slug
    except NotAPseudonym as problem:
        raise argparse.ArgumentTypeError(f"{problem.sentence} {problem.what_to_do}") from problem


def _words(text: str) -> Pseudonym:
    try:
        return parse_words(text)
    except NotAPseudonym as problem:
        raise argparse.ArgumentTypeError(f"{problem.sentence} {problem.what_to_do}") from problem


def _hub(text: str) -> str:
    if not is_hub(text):
        raise argparse.ArgumentTypeError(f"`{text}` is no hub's id: small letters, digits and hyphens, 63 at most.")
    return text


def _phone(text: str) -> str:
    if len(text) > _PHONE or not text.isprintable():
        raise argparse.ArgumentTypeError(f"A phone number has {_PHONE} signs at most.")
    return text


def _limit(text: str) -> tuple[str, float]:
    name, _, value = text.partition("=")
    try:
        return name, float(value)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"`{text}` does not look like gain_3_days_kg=1.5.") from error
