"""`wardgate provision`: setting a hub up by command line, for those who script. The pages do the same."""

from __future__ import annotations

import argparse
import asyncio
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Final

import msgspec

from wardgate.cli import provision_devices, provision_here
from wardgate.cli.options import BAD_CONFIG, HUB_AWAY, PROBLEM, add_config, add_json, complain
from wardgate.cli.provision_words import Asking, audit_words, status_words, until_there
from wardgate.config import ConfigError, load_bare
from wardgate.contract.assigning import Offered
from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Audit, Installation, SetupCode, Window

Say = Callable[[object, str], None]
"""Prints an answer: as JSON, or in words."""
Act = Callable[[Asking, argparse.Namespace, Say], Awaitable[int]]


async def _status(hub: Asking, _: argparse.Namespace, say: Say) -> int:
    found = await hub.ask("installation", Installation)
    say(found, status_words(found))
    return 0


async def _claim(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    code = sys.stdin.readline().strip() if options.code == "-" else options.code
    return await _done(hub, say, "claim", hub=options.hub, code=code, by="command")


async def _patients(hub: Asking, _: argparse.Namespace, say: Say) -> int:
    found = await hub.ask("patients", tuple[Offered, ...])
    lines = [f"{one.words}: {', '.join(one.pathways) or 'no pathway'}; {', '.join(one.kinds)}" for one in found]
    say(found, "\n".join(lines) or "The ward expects nobody to be set up.")
    return 0


async def _assign(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    pathways = None if options.pathways is None else [p for p in options.pathways.split(",") if p]
    return await _done(
        hub,
        say,
        "assign",
        words=" ".join(options.words),
        digits=options.digits,
        pathways=pathways,
        by="command",
    )


async def _lock(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    return await _done(hub, say, options.act, by="command")


async def _release(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    return await _done(hub, say, "release", seal=options.seal, by="command")


async def _code(hub: Asking, _: argparse.Namespace, say: Say) -> int:
    made = await hub.ask("new_setup_code", SetupCode, by="command")
    say(made, f"{made.code}\nThis is shown once. Print it, or write it on the hub's label.")
    return 0


async def _open(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    minutes = {} if options.minutes is None else {"minutes": options.minutes}
    window = await hub.ask("open_window", Window, by="command", **minutes)
    say(window, f"The technician's page is open for {(window.left_s or 0) / 60:.0f} minutes.")
    return 0


async def _audit(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    found = await hub.ask("audit", Audit, limit=options.limit)
    say(found, audit_words(found))
    return PROBLEM if found.broken_at is not None else 0


async def _done(hub: Asking, say: Say, method: str, /, **params: Any) -> int:
    done = await hub.ask(method, Done, **params)
    say(done, done.sentence)
    return 0


_ACTS: Final[dict[str, Act]] = {
    "status": _status,
    "claim": _claim,
    "patients": _patients,
    "assign": _assign,
    "lock": _lock,
    "unlock": _lock,
    "release": _release,
    "forget": _lock,
    "code": _code,
    "open": _open,
    "audit": _audit,
    **provision_devices.ACTS,
}


def main(words: list[str]) -> int:
    """Exit status: 0 well, 1 it was not done, 2 wrong usage, 69 the hub does not answer, 78 bad configuration."""
    options = _parser().parse_args(words)

    def say(answer: object, sentences: str) -> None:
        print(msgspec.json.encode(answer).decode() if options.json else sentences, flush=True)

    try:
        bare = load_bare(options.config)
        if options.act == "import":
            return provision_here.import_boot_file(bare, options, say)
        if options.act == "audit" and options.verify:
            return provision_here.verify_audit(bare, options.told, say)
        return asyncio.run(_asked(_ACTS[options.act], options, say))
    except ConfigError as error:
        complain(str(error), "Mend the file, then check it with: wardgate config check")
        return BAD_CONFIG
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        if options.json:
            said = {"key": error.key, "sentence": error.sentence, "what_to_do": error.what_to_do}
            print(msgspec.json.encode(said).decode())
        complain(error.sentence, error.what_to_do)
        return PROBLEM


async def _asked(act: Act, options: argparse.Namespace, say: Say) -> int:
    socket = load_bare(options.config).control_socket
    await until_there(socket)
    return await act(Asking(socket), options, say)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="wardgate provision",
        description="Set this hub up: claim it, give it a patient, add devices, lock it.",
        epilog="In this order: claim, assign, nearby, add, test, limits --read-back, lock. A device that has to be "
        "paired is paired behind `add`: wardgate pair DEVICE. Every act may be repeated. Exit status: 0 it is done, "
        "1 it was not done and why is said, 2 wrong usage, 69 no hub answers, 78 the configuration cannot be used.",
    )
    acts = parser.add_subparsers(dest="act", metavar="ACT", required=True)

    def act(name: str, summary: str) -> argparse.ArgumentParser:
        one = acts.add_parser(name, help=summary, description=summary)
        add_config(one)
        add_json(one)
        return one

    act("status", "how far this hub is, and what is missing")
    claim = act("claim", "get this hub's certificate with the ward's one-time code")
    claim.add_argument("--hub", default="", help="the hub's id, as the ward's ticket says")
    claim.add_argument("--code", required=True, help="the code, or the whole ticket; - reads it from standard input")
    act("patients", "the ward's list of patients who are to be set up")
    assign = act("assign", "give the hub a patient: the two words and two digits of the referral sheet")
    assign.add_argument("words", nargs=2, metavar="WORD", help="the two words: Copper Heron")
    assign.add_argument("digits", metavar="DIGITS", help="the two digits behind them")
    assign.add_argument("--pathways", metavar="NAMES", help="with commas between; default: as the ward says")
    act("lock", "nothing of this hub is changed any more; refused while something is missing")
    act("unlock", "let this hub be changed again")
    release = act("release", "the hub serves this patient no more")
    release.add_argument("--seal", action="store_true", help="keep what is unsent here, for the ward alone")
    act("forget", "remove the hub's certificate: it is as it came out of its box")
    code = act("code", "make a new setup code for the technician's page; the old one is void")
    code.add_argument("--new", action="store_true", required=True, help="really make one")
    opened = act("open", "open the technician's page")
    opened.add_argument("--minutes", type=float, help="for how long (default: 30)")
    audit = act("audit", "what was done on this hub, newest first")
    audit.add_argument("--limit", type=int, default=50, help="how many lines (default: 50)")
    audit.add_argument("--verify", action="store_true", help="say whether every line is whole; works beside a hub")
    audit.add_argument(
        "--told",
        type=provision_here.told_seal,
        action="append",
        default=[],
        metavar="NUMBER:SEAL",
        help="with --verify: what the hub told its ward, from the event audit-head",
    )
    imported = act("import", "take over the ward's file from the boot partition, and erase it")
    imported.add_argument("file", help="the file: /boot/firmware/wardgate.toml")
    imported.add_argument("--if-there", action="store_true", help="it is well if there is no such file")
    provision_devices.add_acts(act)
    return parser
