"""What `wardgate provision` says."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any, Final, TypeVar

from wardgate.control.client import HubAway, connect
from wardgate.control.provisioning import Added, Audit, Installation
from wardgate.counted import count

T = TypeVar("T")
AGAIN_S: Final = 1.0
PATIENCE_S: Final = 15.0
LOOK_S: Final = 0.25
LOOKS: Final = 40
_TICKS: Final = {"good": "[ok]     ", "waiting": "[waiting]", "problem": "[problem]", "unknown": "[unknown]"}
_STAGES: Final = {
    "factory": "This hub is not claimed.",
    "claimed": "This hub is claimed and has no patient.",
    "assigned": "This hub has a patient and is not locked.",
    "locked": "This hub is set up and locked.",
}


class Asking:
    """Asks the hub behind a socket. One that starts anew in between is asked again: what is done is done once."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket

    async def ask(self, method: str, to: type[T], **params: Any) -> T:
        """Ask for anything, until patience is over.

        Raises:
            ControlError: it was not done.
            HubAway: nobody answered in all that time.
        """
        loop = asyncio.get_running_loop()
        until_s = loop.time() + PATIENCE_S
        while True:
            try:
                async with connect(self._socket) as hub:
                    return await hub.ask(method, to, **params)
            except HubAway:
                if loop.time() >= until_s:
                    raise
            await asyncio.sleep(AGAIN_S)


async def until_there(socket: Path) -> None:
    """A hub that was just claimed, or given a patient, is away for a second or two, on a small machine for
    some: the next command waits for it.

    Raises:
        HubAway: it does not come.
    """
    for _ in range(LOOKS):
        try:
            async with connect(socket):
                return
        except HubAway:
            await asyncio.sleep(LOOK_S)
    async with connect(socket):
        return


def status_words(found: Installation) -> str:
    """Where the hub stands, and what to do next."""
    lines = [_STAGES[found.stage]]
    if found.hub:
        lines.append(f"Hub: {found.hub}")
    if found.patient:
        lines.append(f"Patient: {found.patient}; {', '.join(found.pathways) or 'no pathway'}")
    lines += [
        f"{_TICKS[check.tick]} {check.sentence} {check.what_to_do if check.tick != 'good' else ''}".rstrip()
        for check in found.checks
    ]
    lines += [f"Device {one.id}: {one.model.name}; {_device(one)}" for one in found.devices]
    if found.unsent:
        lines.append(f"{count(found.unsent, 'message is', 'messages are')} not at the ward yet.")
    lines += [f"Missing (step {one.step}): {one.sentence}" for one in found.missing]
    return "\n".join(lines)


def audit_words(found: Audit) -> str:
    """One line for each act."""
    lines = [
        f"{one.number:5} {one.at:%Y-%m-%d %H:%M:%S} {one.by:8} {one.what:18} {one.sentence}" for one in found.entries
    ]
    if found.broken_at is not None:
        lines.append(f"Line {found.broken_at} was changed, or follows a missing one. Tell the ward.")
    return "\n".join(lines) or "Nothing was done yet."


def _device(one: Added) -> str:
    return "tested" if one.tested else f"left out. {one.left_out}" if one.left_out else f"not tested, {one.pairing}"
