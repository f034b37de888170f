"""Pairings that a page began: they go on behind it, and it looks how far they are."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Final

from msgspec import Meta

from wardgate.capture.caller import PairingError
from wardgate.capture.capture import PAIR_S, Capture
from wardgate.capture.devices import Known
from wardgate.control.desk import ActParams, checked
from wardgate.control.here import Here
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Pairing
from wardgate.control.server import Handler
from wardgate_drivers.model.declaration import Bond

TICK_S: Final = 1.0
"""How often whoever watches is told of what goes on: nobody else would say that a code is wanted."""

ACCEPTED_S: Final = 8.0
"""A device says within a second or two whether it was the right number; who asks waits no longer than 10."""
Id = Annotated[str, Meta(max_length=63)]


class DeviceParams(ActParams, kw_only=True, forbid_unknown_fields=True):
    """Which device."""

    device: Id


class PairParams(DeviceParams, kw_only=True, forbid_unknown_fields=True):
    """Who added a device a moment ago wants it paired: the hub may have heard it by then, and done so. Who presses the
    button wants a new pairing."""

    afresh: bool = True


class PasskeyParams(DeviceParams, kw_only=True, forbid_unknown_fields=True):
    """The six digits that a device shows."""

    passkey: Annotated[int, Meta(ge=0, le=999_999)]


@dataclass(frozen=True, slots=True)
class Stand:
    """How far a pairing is, and what to do now."""

    pairing: Pairing = "idle"
    sentence: str = ""
    what_to_do: str = ""
    left_s: float | None = None


@dataclass(slots=True)
class _Attempt:
    task: asyncio.Task[None]
    until_s: float
    known: Known
    refused: bool = False
    """The last number was not the one that the device showed."""


class Pairings:
    """At most one for each device."""

    def __init__(self, capture: Capture, changed: Callable[[str], None]) -> None:
        self._capture = capture
        self._changed = changed
        self._attempts: dict[str, _Attempt] = {}
        self._over: dict[str, Stand] = {}

    def begin(self, known: Known, *, afresh: bool) -> None:
        """Wait for the device and pair it, unless that is under way already. `afresh`: also one that is paired."""
        running = self._attempts.get(known.id)
        if running is not None and not running.task.done():
            return
        self._over.pop(known.id, None)
        loop = asyncio.get_running_loop()
        task = loop.create_task(self._pair(known, afresh=afresh), name=f"pairing {known.id}")
        self._attempts[known.id] = _Attempt(task, loop.time() + PAIR_S, known)
        self._changed("devices")

    def stand(self, device: str) -> Stand:
        """How far it is."""
        attempt = self._attempts.get(device)
        if attempt is not None and attempt.task.done():
            attempt = None
        left_s = None if attempt is None else max(0.0, attempt.until_s - asyncio.get_running_loop().time())
        # A device that is not paired yet is paired whenever it is on the air, also where nobody began it here.
        noun = self._capture.noun(device)
        code_left_s = self._capture.passkey_left_s(device)
        if code_left_s is not None:
            return Stand("passkey-wanted", f"The {noun} shows 6 digits.", "Type them here.", code_left_s)
        if attempt is None and device in self._over:
            return self._over[device]
        if self._capture.pairing(device):
            return Stand("pairing", f"Pairing with the {noun}.", f"Leave the {noun} next to the hub.", left_s)
        if attempt is None:
            return Stand()
        wake = attempt.known.model.wake
        if attempt.refused:
            return Stand("waiting", f"The {noun} did not accept the number. It shows a new one.", wake, left_s)
        return Stand("waiting", f"Waiting for the {noun}.", wake, left_s)

    async def typed(self, device: str, passkey: int, wait_s: float) -> bool | None:
        """Hand the number on. Whether the device accepted it; None when that is not known in time.

        Raises:
            LookupError: no pairing of it waits for a number.
        """
        if not self._capture.give_passkey(device, passkey):
            raise LookupError(device)
        try:
            async with asyncio.timeout(wait_s):
                accepted = await self._capture.paired(device)
        except TimeoutError:
            return None
        if device in self._attempts:
            self._attempts[device].refused = not accepted
        self._changed("devices")
        return accepted

    async def no_number(self, device: str) -> None:
        """The device shows none: what waits for it is given up, with what to try next."""
        self._capture.no_passkey(device)
        attempt = self._attempts.get(device)
        if attempt is not None and not attempt.task.done():
            attempt.task.cancel()
            await asyncio.wait({attempt.task})
        if attempt is not None:
            model = attempt.known.model
            self._over[device] = Stand(
                "failed",
                f"The {model.kind.noun} shows no number.",
                f"Take its batteries out for 10 seconds and put them back. {model.wake} Then pair it again.",
            )
            self._changed("devices")

    async def drop(self, device: str) -> None:
        """The device leaves; so does all that is known of its pairing."""
        attempt = self._attempts.pop(device, None)
        if attempt is not None and not attempt.task.done():
            attempt.task.cancel()
            await asyncio.wait({attempt.task})
        self._over.pop(device, None)

    async def stop(self) -> None:
        """The hub goes."""
        for device in tuple(self._attempts):
            await self.drop(device)

    async def _pair(self, known: Known, *, afresh: bool) -> None:
        ticking = asyncio.get_running_loop().create_task(self._tick())
        try:
            await self._capture.pair(known.id, afresh=afresh)
            self._over[known.id] = Stand("paired", f"The {known.model.kind.noun} is paired with this hub.")
        except PairingError as error:
            self._over[known.id] = Stand("failed", error.sentence, error.what_to_do)
        finally:
            ticking.cancel()
            self._changed("devices")

    async def _tick(self) -> None:
        while True:
            await asyncio.sleep(TICK_S)
            self._changed("devices")


class PairingActs:
    """What a page does about pairings."""

    def __init__(self, here: Here, pairings: Pairings) -> None:
        self._here = here
        self._pairings = pairings

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {"pair_start": self.pair_start, "passkey": self.passkey, "no_number": self.no_number}

    async def pair_start(self, params: dict[str, Any]) -> Done:
        """Pair a device, behind the page."""
        asked = checked(params, PairParams)
        known = await self._here.heard_soon(asked.device)
        if known.model.bond is Bond.NONE:
            return Done(sentence=f"The {known.model.kind.noun} needs no pairing. Take a measurement with it.")
        self._pairings.begin(known, afresh=asked.afresh)
        return Done(sentence=f"The hub waits for the {known.model.kind.noun}. {known.model.wake}")

    async def passkey(self, params: dict[str, Any]) -> Done:
        """The number that a device shows. It is told to the device and to nobody else."""
        asked = checked(params, PasskeyParams)
        try:
            accepted = await self._pairings.typed(asked.device, asked.passkey, ACCEPTED_S)
        except LookupError:
            raise ControlError(
                "no-pairing-waits", f"No pairing of {asked.device} waits for a code.", "Start the pairing first."
            ) from None
        noun = self._here.listened_to(asked.device).model.kind.noun
        if accepted is False:
            raise ControlError(
                "wrong-passkey", f"The {noun} did not accept {asked.passkey:06d}.", "Type the 6 digits it shows now."
            )
        return Done(sentence="The number was handed on." if accepted is None else f"The {noun} is paired.")

    async def no_number(self, params: dict[str, Any]) -> Done:
        """The device shows no number."""
        known = self._here.listened_to(checked(params, DeviceParams).device)
        await self._pairings.no_number(known.id)
        return Done(sentence=f"The pairing was stopped. {self._pairings.stand(known.id).what_to_do}".strip())
