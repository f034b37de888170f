"""The window in which the technician's page is open: off until an act opens it, and for a while."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, Literal

import msgspec
from msgspec import Struct

from wardgate.clock import Clock
from wardgate.counted import count
from wardgate.provision.refused import Refused
from wardgate.store.audit import Audit, By
from wardgate.store.errors import StoreError
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

OPEN_MIN: Final = 30.0
LEAST_LEFT_MIN: Final = 25.0
"""With more than this left, keeping it open for longer changes nothing and is not written down."""
LOOK_S: Final = 15.0
"""At the latest; a machine that slept has another idea of how long that was."""
_WINDOW: Final = "provision/window"
OpenedBy = Literal["button", "command", "ward"]
_OPENED: Final = {
    "button": "The page was opened with the hub's button",
    "command": "The page was opened by a command on the hub",
    "ward": "The page was opened by the ward",
}


class Opened(Struct, frozen=True, kw_only=True):
    """Until when, by this boot's clock: after another boot it is closed."""

    boot_id: str
    until_s: float
    by: OpenedBy


class Window:
    """Opens, keeps open, closes. `begin` first, and keep `run` running.

    Args:
        store: remembers it when the hub's program is restarted.
        clock: its boot-time clock alone counts.
        audit: has every opening and closing.
        mark: a file that is there while the window is open; systemd starts the page for it.
        changed: called when it was opened, kept open or closed.
        closed: awaited after each closing.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        audit: Audit,
        mark: Path,
        changed: Callable[[], None],
        closed: Callable[[], Awaitable[None]],
    ) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._mark = mark
        self._changed = changed
        self._closed = closed
        self._opened: Opened | None = None
        self._one_at_a_time = asyncio.Lock()
        self._moved = asyncio.Event()

    @property
    def left_s(self) -> float | None:
        """How long it is still open; None when it is closed."""
        if self._opened is None:
            return None
        left_s = self._opened.until_s - self._clock.boottime_s()
        return left_s if left_s > 0.0 else None

    @property
    def opened_by(self) -> OpenedBy | None:
        """Which act opened it; None when it is closed."""
        return None if self._opened is None or self.left_s is None else self._opened.by

    async def begin(self) -> None:
        """Go on with what was open before the hub's program was restarted, unless the machine was.

        Raises:
            StoreError: the disk refuses.
        """
        raw = self._store.detector_state(_WINDOW)
        before = None if raw is None else msgspec.json.decode(raw, type=Opened | None)
        self._opened = before if before and before.boot_id == self._clock.boot_id() else None
        if before is not None and self.left_s is None:
            await self._shut("hub", "The page was closed: the hub was restarted, or its time was over.")
        self._show()

    async def open(self, by: OpenedBy, minutes: float = OPEN_MIN) -> None:
        """Open it from now on for so long. One that is open longer stays so.

        Raises:
            StoreError: the disk refuses; it is as it was.
        """
        async with self._one_at_a_time:
            until_s = self._clock.boottime_s() + 60.0 * minutes
            if self._opened is not None and self.left_s is not None:
                until_s = max(until_s, self._opened.until_s)
            await self._audit.note(
                "window-opened", by, f"{_OPENED[by]}, for {count(minutes, 'minute')}.", minutes=minutes
            )
            await self._hold(Opened(boot_id=self._clock.boot_id(), until_s=until_s, by=by))

    async def extend(self) -> None:
        """Keep it open for another 30 minutes from now on.

        Raises:
            Refused: it is closed.
            StoreError: the disk refuses; it is as it was.
        """
        async with self._one_at_a_time:
            left_s = self.left_s
            if self._opened is None or left_s is None:
                raise closed()
            if left_s > 60.0 * LEAST_LEFT_MIN:
                return
            await self._audit.note("window-extended", "page", f"The page stays open for {OPEN_MIN:g} more minutes.")
            until_s = self._clock.boottime_s() + 60.0 * OPEN_MIN
            await self._hold(msgspec.structs.replace(self._opened, until_s=until_s))

    async def close(self, by: By) -> None:
        """Close it now; nothing happens when it is closed.

        Raises:
            StoreError: the disk refuses; it is closed all the same, until the hub's program is restarted.
        """
        async with self._one_at_a_time:
            if self._opened is not None:
                await self._shut(by, "The page was closed.")

    async def check(self) -> None:
        """Close it when its time is over.

        Raises:
            StoreError: the disk refuses to note that.
        """
        async with self._one_at_a_time:
            if self._opened is not None and self.left_s is None:
                await self._shut("hub", "The page was closed: its time was over.")

    async def run(self) -> None:
        """Close it when its time is over, until cancelled."""
        while True:
            self._moved.clear()
            try:
                await self.check()
            except StoreError as error:
                log.warning("the closing of the page could not be noted: %s", error)
            left_s = self.left_s
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(None if left_s is None else min(left_s, LOOK_S)):
                    await self._moved.wait()

    async def _hold(self, opened: Opened) -> None:
        await self._store.put_detector_state(_WINDOW, msgspec.json.encode(opened))
        self._opened = opened
        self._show()

    async def _shut(self, by: By, sentence: str) -> None:
        self._opened = None
        self._show()
        await self._store.put_detector_state(_WINDOW, msgspec.json.encode(None))
        await self._audit.note("window-closed", by, sentence)
        await self._closed()

    def _show(self) -> None:
        try:
            if self._opened is None:
                self._mark.unlink(missing_ok=True)
            else:
                self._mark.touch(mode=0o600)
        except OSError as error:
            log.warning("the page will not be started or stopped by itself: %s", error)
        self._moved.set()
        self._changed()


def closed() -> Refused:
    """Why nothing is done on the page now."""
    return Refused(
        "closed",
        "This page is closed.",
        "Hold the hub's button for 3 seconds, or run on the hub: wardgate provision open",
    )
