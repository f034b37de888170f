"""Those acts of `wardgate provision` that are about devices, test readings and limits."""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from wardgate.cli.options import PROBLEM
from wardgate.cli.provision_words import Asking
from wardgate.control.protocol import Done
from wardgate.control.provisioning import LEFT_OUT, Added, Installation, Limits, Nearby, TestRun

Say = Callable[[object, str], None]
LOOK_S: Final = 0.5
TEST_S: Final = 300.0
"""For somebody to measure, and for the ward to answer."""


async def _nearby(hub: Asking, _: argparse.Namespace, say: Say) -> int:
    found = await hub.ask("nearby", tuple[Nearby, ...])
    lines = [
        f"{one.address}  {'' if one.rssi_dbm is None else one.rssi_dbm:>4} dBm  "
        f"{' or '.join(model.id for model in one.models)}{'' if one.device is None else f'  (is {one.device})'}"
        for one in found
    ]
    say(found, "\n".join(lines) or "No device is heard that the catalogue knows. Switch it on, then ask again.")
    return 0


async def _add(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    added = await hub.ask("add_device", Added, **_what(options))
    say(added, f"{added.id}: {added.model.name} was added. {added.model.wake}")
    return 0


async def _replace(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    done = await hub.ask("replace_device", Done, device=options.device, **_what(options))
    say(done, done.sentence)
    return 0


async def _remove(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    done = await hub.ask("remove_device", Done, device=options.device, by="command")
    say(done, done.sentence)
    return 0


async def _test(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    """Until the ward has the reading, or the time is over."""
    begun = await hub.ask("test_begin", Done, device=options.device, by="command")
    if not options.json:
        say(begun, begun.sentence)
    deadline_s = asyncio.get_running_loop().time() + options.seconds
    run: TestRun | None = None
    while asyncio.get_running_loop().time() < deadline_s:
        run = (await hub.ask("installation", Installation)).test or run
        if run is not None and _is_there(run):
            break
        await asyncio.sleep(LOOK_S)
    await hub.ask("test_end", Done, by="command")
    say(run, _way(run))
    return 0 if run is not None and _is_there(run) else PROBLEM


async def _leave_out(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    done = await hub.ask("leave_out", Done, device=options.device, reason=options.reason, by="command")
    say(done, done.sentence)
    return 0


async def _limits(hub: Asking, options: argparse.Namespace, say: Say) -> int:
    if options.read_back:
        done = await hub.ask("read_back", Done, by="command")
        say(done, done.sentence)
        return 0
    found = await hub.ask("limits", Limits)
    say(found, "\n".join((*found.sentences, *found.cadences, f"{found.author}, version {found.version}.")))
    return 0


def _is_there(run: TestRun) -> bool:
    return run.ward is not None or (run.broker is not None and not run.ward_can_confirm)


def _way(run: TestRun | None) -> str:
    if run is None or run.reading is None:
        return "No reading came. Press the device's button and measure again."
    doors = (("seen", run.seen), ("stored", run.stored), ("broker", run.broker), ("ward", run.ward))
    way = ", ".join(f"{door} {at:%H:%M:%S}" if at is not None else f"{door} -" for door, at in doors)
    return f"{run.sentence}: {way}"


def _what(options: argparse.Namespace) -> dict[str, Any]:
    place = {"port": options.place} if options.place.startswith("/") else {"address": options.place.upper()}
    more = {"user_index": options.user_index, "consent_code": options.consent_code}
    return {"model": options.model, "by": "command", **place, **{k: v for k, v in more.items() if v is not None}}


ACTS: Final[dict[str, Callable[[Asking, argparse.Namespace, Say], Awaitable[int]]]] = {
    "nearby": _nearby,
    "add": _add,
    "remove": _remove,
    "replace": _replace,
    "test": _test,
    "leave-out": _leave_out,
    "limits": _limits,
}


def add_acts(act: Callable[[str, str], argparse.ArgumentParser]) -> None:
    """Their options."""
    act("nearby", "the devices in the air that the catalogue knows")
    add = act("add", "add a device to this home")
    act("remove", "remove a device").add_argument("device", help="its id")
    replace = act("replace", "put another device in the place of one; the detectors are told")
    replace.add_argument("device", help="the id of the one that goes")
    for parser in (add, replace):
        parser.add_argument("model", help="id in the catalogue: wardgate devices list")
        parser.add_argument("place", metavar="ADDRESS|PORT", help="AA:BB:CC:DD:EE:FF, or /dev/serial/by-id/...")
        parser.add_argument("--user-index", type=int, help="the patient's slot on a device of several users")
        parser.add_argument("--consent-code", type=int, help="the code with which a scale lets that user in")
    test = act("test", "take a test reading and follow it to the ward")
    test.add_argument("device", help="the device's id")
    test.add_argument("--seconds", type=float, default=TEST_S, help=f"for how long (default: {TEST_S:.0f})")
    left_out = act("leave-out", "go without a device's test reading; the checklist says why")
    left_out.add_argument("device", help="the device's id")
    left_out.add_argument("reason", choices=LEFT_OUT, help="; ".join(f"{k}: {why}" for k, why in LEFT_OUT.items()))
    limits = act("limits", "what the ward is told of, in sentences")
    limits.add_argument("--read-back", action="store_true", help="they were read back and are right")
