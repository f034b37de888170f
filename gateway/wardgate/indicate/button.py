"""The button on the box, as the kernel's input layer tells it (Documentation/input/input.rst, `struct input_event`).

Held for three seconds and let go, it opens the technician's page; pressed for less, the box shows which one it is. A
button that is held for very long is stuck or lies in a bag.
"""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Literal

from wardgate.capture.journal import Journal

log: Final = logging.getLogger(__name__)

HELD_S: Final = 3.0
STUCK_S: Final = 30.0
AGAIN_S: Final = 5.0
"""Between two looks for a button that is not there."""
_EVENT: Final = struct.Struct("@llHHi")
"""Seconds, microseconds, type, code, value, in the machine's own sizes."""
_MANY: Final = 64
_EV_SYN: Final = 0
_EV_KEY: Final = 1
_SYN_DROPPED: Final = 3
"""Events were lost: what was pressed before is not known any more."""
_EVIOCSCLOCKID: Final = 0x400445A0
"""ioctl: the events' times are of this clock. _IOW('E', 0xa0, int), the same on ARM and x86."""
_CLOCK_MONOTONIC: Final = 1
Press = Literal["short", "held"]


class Presses:
    """Makes presses of the kernel's bytes. The kernel's own times count, however late they are read."""

    def __init__(self) -> None:
        self._rest = b""
        self._down: dict[int, float] = {}

    def feed(self, data: bytes) -> list[Press]:
        """The presses that ended in this."""
        data = self._rest + data
        whole = len(data) - len(data) % _EVENT.size
        self._rest = data[whole:]
        found = (self._take(*event) for event in _EVENT.iter_unpack(data[:whole]))
        return [press for press in found if press is not None]

    def _take(self, seconds: int, microseconds: int, kind: int, code: int, value: int) -> Press | None:
        at_s = seconds + microseconds / 1e6
        if (kind, code) == (_EV_SYN, _SYN_DROPPED):
            self._down.clear()
        elif kind == _EV_KEY and value == 1:
            self._down[code] = at_s
        elif kind == _EV_KEY and value == 0 and (since_s := self._down.pop(code, None)) is not None:
            held_s = at_s - since_s
            if 0.0 <= held_s < STUCK_S:
                return "held" if held_s >= HELD_S else "short"
        return None


class Button:
    """One input device, read as long as it is there.

    Args:
        path: best below /dev/input/by-path, where names stay the same.
        pressed: awaited for each press.
        journal: is told when it cannot be read, once; a hub without a patient has none.
    """

    def __init__(self, path: Path, pressed: Callable[[Press], Awaitable[None]], journal: Journal | None = None) -> None:
        self._path = path
        self._pressed = pressed
        self._journal = journal
        self._lost = False

    async def run(self) -> None:
        """Until cancelled. A button that goes away is looked for again."""
        while True:
            try:
                await self._listen()
            except OSError as error:
                self._tell_lost(error)
            await asyncio.sleep(AGAIN_S)

    async def _listen(self) -> None:
        """Until the device ends, as a pulled plug or the last writer of a pipe makes it."""
        fd = os.open(self._path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            with contextlib.suppress(OSError):  # a pipe has no clock
                fcntl.ioctl(fd, _EVIOCSCLOCKID, struct.pack("i", _CLOCK_MONOTONIC))
            self._lost = False
            if self._journal is not None:
                self._journal.over("button-lost", sentence="The hub's button can be read again.")
            presses = Presses()
            while data := await _readable(fd):
                for press in presses.feed(data):
                    await self._pressed(press)
        finally:
            os.close(fd)

    def _tell_lost(self, error: OSError) -> None:
        sentence = f"The hub's button cannot be read ({error.strerror}: {self._path})."
        if not self._lost:
            log.warning("%s", sentence)
        self._lost = True
        if self._journal is not None:
            what_to_do = "The page can be opened by a command: wardgate provision open"
            self._journal.begin("button-lost", "attention", sentence, what_to_do=what_to_do)


async def _readable(fd: int) -> bytes:
    """What comes next; nothing at the end.

    Raises:
        OSError: the device has gone.
    """
    loop = asyncio.get_running_loop()
    while True:
        ready = asyncio.Event()
        loop.add_reader(fd, ready.set)
        try:
            await ready.wait()
        finally:
            loop.remove_reader(fd)
        with contextlib.suppress(BlockingIOError):
            return os.read(fd, _MANY * _EVENT.size)
