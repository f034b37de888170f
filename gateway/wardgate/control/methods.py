"""What can be asked of the hub, and what a request may say."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Struct

from wardgate.capture.caller import PairingError
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.control.home import home_methods
from wardgate.control.messages import Series, Status
from wardgate.control.protocol import ControlError, Done, Pong
from wardgate.control.server import Handler
from wardgate.control.view import View
from wardgate.pathways.notes import note_problem, noted
from wardgate.store.errors import StoreError
from wardgate.store.rows import ParkedRow

T = TypeVar("T", bound=Struct)


class SeriesParams(Struct, forbid_unknown_fields=True):
    """Which chart, and how far back."""

    channel: Literal["weight", "blood_pressure", "saturation", "temperature", "heart_rate"]
    days: Annotated[float, Meta(gt=0, le=400)]


class SpanParams(Struct, forbid_unknown_fields=True):
    """How far back."""

    days: Annotated[float, Meta(gt=0, le=400)] = 30.0


class ListParams(Struct, forbid_unknown_fields=True):
    """How many of the newest."""

    limit: Annotated[int, Meta(ge=1, le=10_000)] = 50


class PairParams(Struct, forbid_unknown_fields=True):
    """Which device."""

    device: str


class NoteParams(Struct, forbid_unknown_fields=True):
    """A change of treatment or device."""

    note: str


class ParkedParams(Struct, forbid_unknown_fields=True):
    """Which message that was set aside, by its number."""

    seq: Annotated[int, Meta(ge=1)]


class Methods:
    """The handlers of the control socket."""

    def __init__(self, view: View) -> None:
        self._view = view

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {
            "ping": self.ping,
            "status": self.status,
            "series": self.series,
            "readings": self.readings,
            "events": self.events,
            "alerts": self.alerts,
            "pair": self.pair,
            "note": self.note,
            "parked": self.parked,
            "parked_retry": self.parked_retry,
            **home_methods(self._view.home, self._view.config),
        }

    async def ping(self, _: dict[str, Any]) -> Pong:
        """Is anybody there."""
        return Pong(hub=self._view.config.hub.id, version=self._view.version)

    async def status(self, _: dict[str, Any]) -> Status:
        """Everything at a glance."""
        return self._view.status()

    async def series(self, params: dict[str, Any]) -> Series:
        """One channel over some days."""
        asked = _checked(params, SeriesParams)
        return self._view.series(asked.channel, asked.days)

    async def readings(self, params: dict[str, Any]) -> tuple[Reading, ...]:
        """The newest readings."""
        return self._view.latest(_checked(params, ListParams).limit)

    async def alerts(self, params: dict[str, Any]) -> tuple[Alert, ...]:
        """Every episode of the last days with who has seen it, closed ones too."""
        return self._view.alerts(_checked(params, SpanParams).days)

    async def events(self, params: dict[str, Any]) -> tuple[Event, ...]:
        """The newest events."""
        return tuple(self._view.store.events(_checked(params, ListParams).limit))

    async def pair(self, params: dict[str, Any]) -> Done:
        """Pair a device afresh."""
        device = _checked(params, PairParams).device
        try:
            await self._view.capture.pair(device)
        except PairingError as error:
            raise ControlError("not-paired", error.sentence, error.what_to_do) from error
        return Done(sentence=f"{device} is paired with this hub.")

    async def parked(self, params: dict[str, Any]) -> tuple[ParkedRow, ...]:
        """The newest messages that were set aside."""
        return tuple(self._view.store.read.waiting.parked_rows(_checked(params, ListParams).limit))

    async def parked_retry(self, params: dict[str, Any]) -> Done:
        """Send a message again that was set aside."""
        seq = _checked(params, ParkedParams).seq
        try:
            queued = await self._view.store.send_parked_again(seq)
        except StoreError as error:
            raise ControlError("not-kept", "The message could not be queued.", str(error)) from error
        if not queued:
            raise ControlError(
                "not-parked",
                f"No message {seq} is set aside that could be sent.",
                "wardgate parked list shows them. One that was damaged on the disk stays where it is.",
            )
        return Done(sentence=f"Message {seq} is on its way again, under a new number.")

    async def note(self, params: dict[str, Any]) -> Done:
        """A change of treatment or device, for the detectors; the ward hears of it as an event."""
        note = _checked(params, NoteParams).note
        problem = note_problem(note)
        if problem is not None:
            raise ControlError("no-such-note", problem)
        try:
            new = await self._view.note(note)
        except StoreError as error:
            raise ControlError("not-kept", "The note could not be kept.", str(error)) from error
        return Done(sentence=noted(note) if new else f"{note} was noted just now already.")


def _checked(params: dict[str, Any], to: type[T]) -> T:
    try:
        return msgspec.convert(params, to)
    except msgspec.ValidationError as error:
        raise ControlError("bad-request", f"The request cannot be used: {error}.") from error
