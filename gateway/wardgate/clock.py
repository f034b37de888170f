"""Time, injected. Wall time at the edges, monotonic time for every duration."""

from __future__ import annotations

import ctypes
import functools
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

_STA_UNSYNC: Final = 0x0040
"""adjtimex(2): the kernel's clock is not disciplined by anything."""
_TIMESYNCD_MARK: Final = Path("/run/systemd/timesync/synchronized")
"""systemd-timesyncd.service(8): made at the first successful synchronisation of this boot."""


class Clock(Protocol):
    """What the hub asks of time."""

    def utc(self) -> datetime:
        """The wall clock, aware, UTC. It may be wrong: see `synchronised`."""
        ...

    def boottime_s(self) -> float:
        """Seconds since boot, suspend included; never goes back within one `boot_id`."""
        ...

    def boot_id(self) -> str:
        """Names this boot."""
        ...

    def synchronised(self) -> bool:
        """Whether the wall clock is disciplined by a time server."""
        ...


class SystemClock:
    """This machine's own clock."""

    def utc(self) -> datetime:
        return datetime.now(UTC)

    def boottime_s(self) -> float:
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def boot_id(self) -> str:
        return _boot_id()

    def synchronised(self) -> bool:
        status = _kernel_clock_status()
        if status is None:
            return _TIMESYNCD_MARK.exists()
        return not status & _STA_UNSYNC


@functools.cache
def _boot_id() -> str:
    """One boot has one id, and the kernel tells it."""
    return Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()


class Timex(ctypes.Structure):
    """`struct timex` as far as `status`; the rest is room for the kernel to write."""

    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("rest", ctypes.c_byte * 256),
    )


@functools.cache
def adjtimex() -> ctypes._NamedFuncPointer:
    """The C library's adjtimex(2)."""
    return ctypes.CDLL(None, use_errno=True).adjtimex


def _kernel_clock_status() -> int | None:
    """None where asking is forbidden, as in a sandbox that protects the clock (`ProtectClock=` of systemd)."""
    timex = Timex()
    if adjtimex()(ctypes.byref(timex)) < 0:
        return None
    return int(timex.status)


EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def utc_from_s(epoch_s: float) -> datetime:
    """Aware UTC from seconds since 1970."""
    return EPOCH + timedelta(seconds=epoch_s)


HUB_DRIFT: Final = 100e-6
"""A hub's own crystal over a home's temperatures, without a time server: 20-50 ppm as bought, twice that to be safe."""
JUMP_S: Final = 5.0
"""The wall clock may differ by so much from what this boot's clock says before it counts as moved. timesyncd slews what
is below 0.4 s and steps what is more."""
SLEW: Final = 500e-6
"""adjtimex(2): the kernel moves a clock by at most so much of the time that passes."""
_LOOK_EVERY_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class Line:
    """One instant of a boot at which UTC was known: all of that boot can be dated from it."""

    boot_id: str
    boottime_s: float
    utc_s: float

    def utc_s_at(self, boottime_s: float) -> float:
        """UTC, in seconds since 1970, at a second of this boot."""
        return self.utc_s + boottime_s - self.boottime_s

    def doubt_s(self, boottime_s: float) -> float:
        """How far that may be wrong: the crystal runs on its own between the two."""
        return HUB_DRIFT * abs(boottime_s - self.boottime_s)


class SteadyClock:
    """A clock that follows the machine's wall clock only as far as the boot-time clock bears it out.

    Before the first synchronisation of a boot it shows the wall clock and says that it is not synchronised. From then
    on it is: by the wall clock while that is disciplined and moves no faster than a time server slews it, by the
    boot-time clock alone when it is not, or was moved (hazard H07). It never leaps after that first time.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._first: Line | None = None
        self._line: Line | None = None
        self._looked_s = float("-inf")
        self._moved_s = 0.0

    def recall(self, lines: Iterable[Line]) -> None:
        """Take up what earlier runs in this boot knew, unless a disciplined wall clock denies it."""
        clock = self._clock
        now_s, told_s = clock.boottime_s(), clock.utc().timestamp()
        own = [x for x in lines if x.boot_id == clock.boot_id() and x.boottime_s <= now_s]
        if clock.synchronised():
            own = [x for x in own if not _is_jump(told_s - x.utc_s_at(now_s), now_s - x.boottime_s)]
        mine = sorted(own, key=lambda x: x.boottime_s)
        if mine:
            self._first, self._line = mine[0], mine[-1]
            self._looked_s = float("-inf")

    @property
    def first(self) -> Line | None:
        """Where this boot first knew the time."""
        self._look()
        return self._first

    @property
    def line(self) -> Line | None:
        """The last instant of this boot at which a time server bore the wall clock out."""
        self._look()
        return self._line

    @property
    def moved_s(self) -> float:
        """By how much the wall clock was moved since the time is known; 0 while it is as it should be."""
        self._look()
        return self._moved_s

    def doubt_s(self) -> float:
        """How far `utc` may be wrong; says nothing while it is not synchronised."""
        line = self.line
        return 0.0 if line is None else line.doubt_s(self._clock.boottime_s())

    def utc(self) -> datetime:
        line = self.line
        return self._clock.utc() if line is None else utc_from_s(line.utc_s_at(self._clock.boottime_s()))

    def boottime_s(self) -> float:
        return self._clock.boottime_s()

    def boot_id(self) -> str:
        return self._clock.boot_id()

    def synchronised(self) -> bool:
        return self.line is not None

    def _look(self) -> None:
        boottime_s = self._clock.boottime_s()
        if self._line is not None and boottime_s - self._looked_s < _LOOK_EVERY_S:
            return
        self._looked_s = boottime_s
        told_s, disciplined = self._clock.utc().timestamp(), self._clock.synchronised()
        here = Line(self._clock.boot_id(), boottime_s, told_s)
        if self._line is None:
            if disciplined:
                self._first = self._line = here
            return
        off_s = told_s - self._line.utc_s_at(boottime_s)
        self._moved_s = off_s if _is_jump(off_s, boottime_s - self._line.boottime_s) else 0.0
        if disciplined and not self._moved_s:
            self._line = here


def _is_jump(off_s: float, within_s: float) -> bool:
    return abs(off_s) > JUMP_S + SLEW * within_s


def steady(clock: Clock) -> SteadyClock:
    """The clock itself where it is steady already."""
    return clock if isinstance(clock, SteadyClock) else SteadyClock(clock)
