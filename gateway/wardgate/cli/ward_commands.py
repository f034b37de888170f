"""`wardgate ward keys new` and `wardgate ward command`: the ward's keys, and its word to a hub."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

import msgspec

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_json, command, complain
from wardgate.cli.ward_broker import add_broker, broker
from wardgate.contract.commands import (
    LONGEST_DAYS,
    Acknowledge,
    CommandAnswer,
    Configuration,
    Do,
    Downward,
    Measure,
    OpenPage,
    Pair,
    Restart,
    SendAgain,
    SupportBundle,
    TakeNote,
)
from wardgate.contract.messages import AlertAck
from wardgate.contract.signing import PrivateKey
from wardgate.mqtt import LinkError
from wardgate.ward import commands

_USAGE: Final = """\
KIND and its words:
  note NOTE                       a change of treatment: diuretic_up, dry_weight:78.5, ...
  measure DEVICE                  ask the home for a measurement
  pair DEVICE                     open the pairing window for two minutes (use --wait 150)
  send-again EPOCH FROM [TO]      every message from a number on, once more
  restart                         stop cleanly and start anew
  support-bundle                  make a scrubbed report; it stays on the hub
  open-page [MINUTES]             open the technician's page in the home, for 30 minutes
  acknowledge ALERT REVISION ROLE somebody has seen it
  limits NAME=VALUE ...           all limits that the ward sets
  pathways [NAME ...]             what the patient is monitored for
  cadences DEVICE=HOURS ...       how often each device is used
  alerts NAME=JSON ...            the section [alerts], as a whole
  keys ID:BASE64 ...              all keys from now on
  revert PART ...                 limits, pathways, ...: as the hub's own file says
  configure FILE                  several parts at once, a JSON object of them
"""


def keys(words: list[str]) -> int:
    """Make a key pair."""
    parser = command("ward keys", "Make a key with which this ward commands its hubs.")
    parser.add_argument("what", choices=["new"])
    parser.add_argument("--id", required=True, help="its name, best with the year: ward-2026")
    parser.add_argument(
        "--key", required=True, type=Path, metavar="FILE", help="where the private half goes, mode 0600"
    )
    options = parser.parse_args(words)
    try:
        key = commands.write_new_key(options.key, options.id)
    except (OSError, ValueError) as error:
        complain(f"No key was made: {error}.")
        return PROBLEM
    print(f'For the configuration of the hubs:\n\n[ward]\ncommand_keys = ["{key.public()}"]')
    return 0


def tell(words: list[str]) -> int:
    """Send a command. Exit status 0 when it is done, 1 when not, 2 for wrong words, 69 when nobody answers."""
    parser = command("ward command", "Tell a hub to do something, signed, and wait for its answer.")
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = _USAGE
    parser.add_argument("hub", help="the hub's id")
    parser.add_argument("kind", metavar="KIND", choices=[*_COMMANDS, *_PARTS], help="see below")
    parser.add_argument("words", nargs="*", metavar="WORD")
    parser.add_argument("--assignment", required=True, help="the hub's present assignment")
    parser.add_argument("--key", required=True, type=Path, metavar="FILE", help="the ward's key (`wardgate ward keys`)")
    parser.add_argument("--version", type=int, help="of a configuration (default: the seconds since 1970)")
    parser.add_argument("--try", dest="only_try", action="store_true", help="what it would have told; change nothing")
    parser.add_argument(
        "--valid", type=float, default=1.0, metavar="HOURS", help="how long it may be done (default: 1)"
    )
    parser.add_argument("--wait", type=float, default=60.0, metavar="SECONDS", help="for the answer (default: 60)")
    add_broker(parser)
    add_json(parser)
    options = parser.parse_args(words)
    if not 0 < options.valid <= 24 * LONGEST_DAYS:
        parser.error(f"--valid has to be above 0 and at most {24 * LONGEST_DAYS} hours")
    try:
        what = _meant(options)
    except (ValueError, OSError, TypeError) as error:  # msgspec's errors are ValueErrors
        parser.error(f"{options.kind}: {error}")
    return _send(what, options)


def _send(what: Downward, options: argparse.Namespace) -> int:
    try:
        key = commands.read_key(options.key)
    except (OSError, ValueError) as error:
        complain(f"The key cannot be used: {error}.")
        return PROBLEM
    try:
        answer = asyncio.run(_ask(what, key, options))
    except LinkError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    except commands.NoAnswer as error:
        complain(
            str(error), f"It may still do it until {what.expires:%H:%M:%S} UTC. Is it online, and is its id right?"
        )
        return HUB_AWAY
    print(msgspec.json.encode(answer).decode() if options.json else _in_words(answer))
    return 0 if answer.result == "done" else PROBLEM


async def _ask(what: Downward, key: PrivateKey, options: argparse.Namespace) -> CommandAnswer:
    return await commands.ask(broker(options), key, what, wait_s=options.wait)


def _in_words(answer: CommandAnswer) -> str:
    reason = f" ({answer.reason})" if answer.reason else ""
    return f"{answer.hub}: {answer.result}{reason}. {answer.sentence}"


# Words into commands


def _meant(options: argparse.Namespace) -> Downward:
    valid = timedelta(hours=options.valid)
    if options.kind in _COMMANDS:
        return commands.command(options.hub, options.assignment, _COMMANDS[options.kind](*options.words), valid=valid)
    new: Configuration = commands.configuration(
        options.hub,
        options.assignment,
        options.version,
        only_try=options.only_try,
        **_PARTS[options.kind](options.words),
    )
    return msgspec.structs.replace(new, expires=new.issued + valid)


def _send_again(epoch: str, first: str, last: str | None = None) -> SendAgain:
    return SendAgain(epoch=epoch, from_seq=int(first), to_seq=None if last is None else int(last))


def _open_page(minutes: str = "30") -> OpenPage:
    return msgspec.convert({"kind": "open-page", "minutes": float(minutes)}, OpenPage)


def _acknowledge(alert: str, revision: str, role: str) -> Acknowledge:
    return Acknowledge(alerts=(AlertAck(id=alert, revision=int(revision), by=role, at=datetime.now(UTC)),))


def _pairs(words: list[str]) -> dict[str, Any]:
    """NAME=VALUE, each value in JSON.

    Raises:
        ValueError: one is none.
    """
    found = {}
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise ValueError(f"`{word}` has to look like NAME=VALUE")
        found[name] = msgspec.json.decode(value)
    return found


def _file(words: list[str]) -> dict[str, Any]:
    (name,) = words
    parts: dict[str, Any] = msgspec.json.decode(Path(name).read_bytes(), type=dict[str, Any])
    return parts


_COMMANDS: Final[dict[str, Callable[..., Do]]] = {
    "note": lambda note: TakeNote(note=note),
    "measure": lambda device: Measure(device=device),
    "pair": lambda device: Pair(device=device),
    "send-again": _send_again,
    "restart": Restart,
    "support-bundle": SupportBundle,
    "open-page": _open_page,
    "acknowledge": _acknowledge,
}
_PARTS: Final[dict[str, Callable[[list[str]], dict[str, Any]]]] = {
    "limits": lambda words: {"limits": _pairs(words)},
    "pathways": lambda words: {"pathways": words},
    "cadences": lambda words: {"cadences": _pairs(words)},
    "alerts": lambda words: {"alerts": _pairs(words)},
    "keys": lambda words: {"command_keys": words},
    "revert": lambda words: {"revert": words},
    "configure": _file,
}
