"""Time, injected. Wall time at the edges, monotonic time for every duration."""

from __future__ import annotations

import ctypes
import functools
import time
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
