"""The devices of this home while it is set up: who is in the air; adding, taking away, replacing."""

from __future__ import annotations

import asyncio
import zoneinfo
from collections.abc import Callable
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from wardgate.capture import nearby
from wardgate.capture.caller import PairingError
from wardgate.config import Device
from wardgate.control.desk import ActParams, By, Desk, checked
from wardgate.control.here import Here, NoParams
from wardgate.control.pairings import DeviceParams, Id, Pairings
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Added, Check, Model, Nearby, TestWay
from wardgate.control.server import Handler
from wardgate.control.view import View
from wardgate.installation import Record
from wardgate.installation import TestWay as KeptWay
from wardgate.intake.device_clock import zone_offset_s
from wardgate.provision import devices
from wardgate.provision.devices import Wish
from wardgate.provision.refused import Refused
from wardgate.provision.test_reading import TestMode
from wardgate.store.rows import DeviceRow
from wardgate_drivers.model import declaration
from wardgate_drivers.model.declaration import Bond, Serial
from wardgate_drivers.model.lookup import by_id

Address = Annotated[str, Meta(pattern=r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$")]
Port = Annotated[str, Meta(pattern=r"^/dev/[^\x00]{1,200}$")]


class AddParams(ActParams, kw_only=True, forbid_unknown_fields=True):
    """A device as it was chosen."""

    model: Id
    address: Address | None = None
    port: Port | None = None
    user_index: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | None = None
    consent_code: Annotated[int, Meta(ge=0, le=9999)] | None = None

    def wish(self) -> Wish:
        """Without who asked."""
        return Wish(
            model=self.model,
            address=self.address,
            port=self.port,
            user_index=self.user_index,
            consent_code=self.consent_code,
        )


class ReplaceParams(AddParams, kw_only=True, forbid_unknown_fields=True):
    """The device whose place it takes."""

    device: Id


class Adding:
    """Who is there, and which of them are this home's.

    Args:
        here: the devices of this home.
        tests: which of them have been tried out.
        pairings: those that go on.
        is_named: whether the ward's configuration names a device.
    """

    def __init__(
        self, desk: Desk, view: View, here: Here, tests: TestMode, pairings: Pairings, is_named: Callable[[str], bool]
    ) -> None:
        self._desk = desk
        self._view = view
        self._here = here
        self._tests = tests
        self._pairings = pairings
        self._is_named = is_named
        self._zone = zoneinfo.ZoneInfo(view.config.hub.timezone)

    def handlers(self) -> dict[str, Handler]:
        """By name."""
        return {
            "nearby": self.nearby,
            "add_device": self.add_device,
            "remove_device": self.remove_device,
            "replace_device": self.replace_device,
        }

    # What is seen

    def devices(self) -> tuple[Added, ...]:
        """Every device of this home with its ticks."""
        rows = {row.id: row for row in self._desk.store.devices()}
        return tuple(
            self._added(device, model, rows.get(device.id, DeviceRow(id=device.id)))
            for device in self._here.devices()
            if (model := by_id(device.model)) is not None
        )

    def _added(self, device: Device, model: declaration.Model, row: DeviceRow) -> Added:
        stand = self._pairings.stand(device.id)
        now = self._desk.clock.utc()
        known = self._here.known(device.id)
        if known is not None:
            row = msgspec.structs.replace(self._view.devices.row(device.id), counts=row.counts)
        ticks = devices.ticks(
            model,
            row,
            tried=any(t.device == device.id for t in self._tests.tried()),
            pairing_lost=self._view.journal.stands("pairing-lost", device.id),
            zone_offset_s=zone_offset_s(self._zone, now),
        )
        return Added(
            id=device.id,
            model=_as_told(model),
            address=device.address,
            port=device.port,
            serial=row.serial or "",
            pairing="paired" if stand.pairing == "idle" and row.bonded else stand.pairing,
            pairing_sentence=stand.sentence,
            pairing_what_to_do=stand.what_to_do,
            pairing_left_s=stand.left_s,
            checks=tuple(
                Check(key=t.key, tick=t.tick, reason=t.reason, sentence=t.sentence, what_to_do=t.what_to_do)
                for t in ticks
            ),
            tested=self._desk.record.tested.get(device.id),
            way=_way(self._desk.record.ways.get(device.id)),
            left_out=self._desk.record.left_out.get(device.id, ""),
        )

    # Who is there

    async def nearby(self, params: dict[str, Any]) -> tuple[Nearby, ...]:
        """Who is in the air or plugged in, of those that the catalogue knows; the strongest first."""
        checked(params, NoParams)
        serial = await asyncio.to_thread(nearby.serial_models)  # it reads the whole catalogue, the first time
        lines = await asyncio.to_thread(nearby.serial_lines)
        names = {place: d.id for d in self._here.devices() for place in (d.address, d.port) if place is not None}
        found = [
            Nearby(
                address=heard.address,
                rssi_dbm=heard.rssi_dbm,
                heard_age_s=heard.age_s,
                models=tuple(_as_told(model) for model in heard.models),
                wanted=self._is_wanted(heard.models),
                device=names.get(heard.address),
            )
            for heard in self._view.capture.look() or ()
        ]
        found += [
            Nearby(
                address=line,
                rssi_dbm=None,
                heard_age_s=0.0,
                models=tuple(_as_told(m) for m in sorted(serial, key=lambda m: not self._is_wanted((m,)))),
                wanted=self._is_wanted(serial),
                device=names.get(line),
            )
            for line in lines
        ]
        return tuple(found)

    def _is_wanted(self, models: tuple[declaration.Model, ...]) -> bool:
        """Whether one of them is of a kind that is asked for and not here yet."""
        here = {model.kind for d in self._here.devices() if (model := by_id(d.model)) is not None}
        return any(self._is_asked_for(model) and model.kind not in here for model in models)

    def _is_asked_for(self, model: declaration.Model) -> bool:
        if self._desk.record.kinds:
            return model.kind.value in self._desk.record.kinds
        plan = self._view.watcher.plan
        return not plan.pathways or any(channel.value in plan.asked for channel in model.channels)

    # Adding, taking away, replacing

    async def add_device(self, params: dict[str, Any]) -> Added:
        """One device more. What is here already as it was asked for is answered alike."""
        asked, desk = checked(params, AddParams), self._desk
        async with desk.one_at_a_time:
            same = devices.same(self._here.devices(), asked.wish())
            if same is None:
                devices.refuse_stage(desk.stage)
                desk.refuse_stale(asked.revision)
                record, kept = devices.added(desk.record, desk.stage, self._here.devices(), asked.wish())
                await self._forget(kept.id)  # of one that had this name before
                await self._keep(record, "device-added", asked.by, "added", kept.id)
                desk.apply()
            id_ = kept.id if same is None else same.id
        return next(device for device in self.devices() if device.id == id_)

    async def remove_device(self, params: dict[str, Any]) -> Done:
        """One device less. Its pairing goes with it."""
        asked, desk = checked(params, DeviceParams), self._desk
        async with desk.one_at_a_time:
            if asked.device in {d.id for d in self._here.devices()}:
                desk.refuse_stale(asked.revision)
                record = devices.removed(desk.record, desk.stage, self._here.devices(), asked.device)
                self._refuse_named(asked.device)
                await self._let_go(asked.device)
                await self._keep(record, "device-removed", asked.by, "removed", asked.device)
                desk.apply()
            else:
                devices.refuse_stage(desk.stage)
        return Done(sentence=f"The {asked.device} was removed.")

    async def replace_device(self, params: dict[str, Any]) -> Done:
        """Another device in the place of one. The detectors are told that its values may differ."""
        asked, desk = checked(params, ReplaceParams), self._desk
        async with desk.one_at_a_time:
            if not devices.is_done(desk.record, asked.device, asked.wish()):
                devices.refuse_stage(desk.stage)
                desk.refuse_stale(asked.revision)
                record = devices.replaced(desk.record, desk.stage, self._here.devices(), asked.device, asked.wish())
                model = by_id(asked.model)
                if model is not None:
                    # First: a rule that knows of a change that was not made yet is more careful, and not the reverse.
                    await self._view.note(devices.note_for(model.kind))
                await self._let_go(asked.device)
                await self._keep(record, "device-replaced", asked.by, "replaced", asked.device)
                desk.apply()
        return Done(sentence=f"The {asked.device} was replaced. Try the new one out.")

    async def _keep(self, record: Record, what: str, by: By, done: str, device: str) -> None:
        one = next((d for d in record.device if d.id == device), None)
        detail = {} if one is None else {"model": one.model, "address": one.address, "port": one.port}
        await self._desk.keep(record, what, by, f"The {device} was {done}.", device=device, **detail)

    async def _let_go(self, device: str) -> None:
        """Its bond first: a pairing that is left behind would be nobody's, a device without one is paired again."""
        await self._pairings.drop(device)
        try:
            await self._view.capture.retire(device)
        except PairingError as error:
            raise ControlError("pairing-stays", error.sentence, error.what_to_do) from error
        await self._forget(device)

    async def _forget(self, device: str) -> None:
        self._tests.forget(device)
        await self._view.devices.forget(device)

    def _refuse_named(self, device: str) -> None:
        if self._is_named(device):
            raise Refused(
                "in-configuration",
                f"The ward's configuration names the {device}.",
                "Press Replace instead, or ask the ward to take it out of its configuration.",
            )


def _way(kept: KeptWay | None) -> TestWay | None:
    if kept is None:
        return None
    return TestWay(seen=kept.seen, stored=kept.stored, broker=kept.broker, ward=kept.ward)


def _as_told(model: declaration.Model) -> Model:
    return Model(
        id=model.id,
        kind=model.kind.value,
        maker=model.maker,
        name=model.name,
        wake=model.wake,
        passkey=model.bond is Bond.PASSKEY,
        needs_user=devices.needs_user(model),
        needs_consent=devices.needs_consent(model),
        serial=isinstance(model.link, Serial),
    )
