"""The way in: the setup code, the window in which it is good for anything, what opens it, and what was done."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate.clock import Clock
from wardgate.control.desk import checked, told
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Audit, AuditEntry, SetupCode, SignedIn, Window
from wardgate.control.server import Handler
from wardgate.indicate.button import Press
from wardgate.provision import window
from wardgate.provision.refused import Refused
from wardgate.provision.signing_in import SigningIn
from wardgate.provision.window import OpenedBy
from wardgate.store import audit
from wardgate.store.errors import StoreError
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

MARK: Final = "page-open"
"""Beside the control socket while the page is open; systemd starts the page for it."""
LONGEST_MIN: Final = 60.0
NOTES_AN_HOUR: Final = 20
_NOTES: Final = {
    "stolen-cookie": "A page's cookie came from another place than it was given to; its visit was ended.",
    "taken-over": "Somebody took over the setting up from somebody else.",
    "signed-out": "Somebody signed out.",
}


class _Nothing(Struct, forbid_unknown_fields=True):
    """No more than the method's name."""


class _SignInParams(Struct, forbid_unknown_fields=True):
    """What was typed, and the address of the phone."""

    code: Annotated[str, Meta(max_length=200)]
    address: Annotated[str, Meta(max_length=64)]


class _OpenParams(Struct, forbid_unknown_fields=True):
    """For how long, and which act it was."""

    minutes: Annotated[float, Meta(gt=0, le=LONGEST_MIN)] = window.OPEN_MIN
    by: Literal["command", "button"] = "command"


class _ByParams(Struct, forbid_unknown_fields=True):
    """Who asks."""

    by: Literal["page", "command"] = "page"


class _AuditParams(Struct, forbid_unknown_fields=True):
    """How many of the newest lines, or of the newest of those before one."""

    limit: Annotated[int, Meta(ge=1, le=10_000)] = 100
    before: Annotated[int, Meta(ge=1, lt=2**62)] | None = None


class _NoteParams(Struct, forbid_unknown_fields=True):
    """Which of the things that only the page sees, and from which address."""

    what: Literal["stolen-cookie", "taken-over", "signed-out"]
    address: Annotated[str, Meta(max_length=64)]


class WayIn:
    """`begin` before the first request, and keep `run` running.

    Args:
        store: the hub's.
        clock: its boot-time clock counts.
        control_socket: the mark for systemd lies beside it.
        changed: tells whoever watches that something of a room changed.
        blink: has the hub show which box it is; False where nothing can show it.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        control_socket: Path,
        changed: Callable[[str], None],
        blink: Callable[[], bool] = lambda: False,
    ) -> None:
        self._store = store
        self._clock = clock
        self._blink = blink
        self._audit = audit.Audit(store, clock)
        self._notes_s: deque[float] = deque()
        self.signing_in: Final = SigningIn(store, clock, self._audit)
        self.window: Final = window.Window(
            store,
            clock,
            self._audit,
            control_socket.with_name(MARK),
            lambda: changed("hub"),
            self.signing_in.tell_untold,
        )

    async def begin(self) -> None:
        """Go on where the hub's program stopped.

        Raises:
            StoreError: the disk refuses.
        """
        await self.window.begin()

    async def run(self) -> None:
        """Close the window when its time is over, until cancelled."""
        await self.window.run()

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        mine: dict[str, Handler] = {
            "sign_in": self.sign_in,
            "window": self.ask_window,
            "open_window": self.open_window,
            "extend_window": self.extend_window,
            "close_window": self.close_window,
            "new_setup_code": self.new_setup_code,
            "audit": self.read_audit,
            "note_audit": self.note_audit,
            "blink": self.blink,
        }
        return {name: told(handler) for name, handler in mine.items()}

    def view(self) -> Window:
        """Whether the page is open."""
        left_s = self.window.left_s
        return Window(open=left_s is not None, left_s=left_s, opened_by=self.window.opened_by or "")

    async def sign_in(self, params: dict[str, Any]) -> SignedIn:
        """Let in whoever knows the setup code, while the window is open."""
        asked = checked(params, _SignInParams)
        if self.window.left_s is None:
            raise window.closed()
        await self.signing_in.sign_in(asked.code, asked.address)
        return SignedIn(window=self.view())

    async def ask_window(self, params: dict[str, Any]) -> Window:
        """Whether the page is open."""
        checked(params, _Nothing)
        return self.view()

    async def open_window(self, params: dict[str, Any]) -> Window:
        """Open the page."""
        asked = checked(params, _OpenParams)
        return await self.open(asked.by, asked.minutes)

    async def open(self, by: OpenedBy, minutes: float = window.OPEN_MIN) -> Window:
        """Open the page; for those who are in this house.

        Raises:
            StoreError: the disk refuses; it is as it was.
        """
        await self.window.open(by, minutes)
        return self.view()

    async def extend_window(self, params: dict[str, Any]) -> Window:
        """Keep the page open."""
        checked(params, _Nothing)
        await self.window.extend()
        return self.view()

    async def close_window(self, params: dict[str, Any]) -> Window:
        """Close the page."""
        await self.window.close(checked(params, _ByParams).by)
        return self.view()

    async def new_setup_code(self, params: dict[str, Any]) -> SetupCode:
        """Make another code; it is told this once."""
        return SetupCode(code=await self.signing_in.new_code(checked(params, _ByParams).by))

    async def note_audit(self, params: dict[str, Any]) -> Done:
        """What the page alone can see. A few in an hour are written: a page that was broken into fills no card."""
        asked = checked(params, _NoteParams)
        now_s = self._clock.boottime_s()
        while self._notes_s and self._notes_s[0] < now_s - 3600.0:
            self._notes_s.popleft()
        if len(self._notes_s) < NOTES_AN_HOUR:
            self._notes_s.append(now_s)
            sentence = f"{_NOTES[asked.what]} Address: {asked.address}."
            await self._audit.note(asked.what, "page", sentence, address=asked.address)
        return Done(sentence="Noted.")

    async def read_audit(self, params: dict[str, Any]) -> Audit:
        """What was done here, and whether it is all still as it was written."""
        asked = checked(params, _AuditParams)
        limit = asked.limit
        try:
            breaks = await asyncio.to_thread(audit.verify, self._store.path)
            rows = self._audit.entries(limit, asked.before)
        except sqlite3.Error as error:
            raise ControlError(
                "damaged", f"The audit cannot be read: {error}.", "Restart the hub: it saves what can be read."
            ) from error
        return Audit(
            entries=tuple(msgspec.convert(row, AuditEntry, from_attributes=True) for row in rows),
            broken_at=breaks[0].number if breaks else None,
            broken=tuple(b.sentence for b in breaks[:limit]),
        )

    async def blink(self, params: dict[str, Any]) -> Done:
        """Have the hub show which box it is."""
        checked(params, _Nothing)
        if not self._blink():
            raise ControlError(
                "no-light", "This hub has no light of its own that it can blink.", "Look for its id on the label."
            )
        return Done(sentence="The hub's light blinks for 10 seconds.")

    async def pressed(self, press: Press) -> None:
        """Somebody pressed the button on the box."""
        if press == "held":
            try:
                await self.open("button")
            except (StoreError, Refused) as error:
                log.error("the button was held, and the page was not opened: %s", error)
                return
        self._blink()
