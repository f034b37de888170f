"""A home: the patient, the devices on one radio link, and what happens there day by day."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Protocol, runtime_checkable
from zoneinfo import ZoneInfo

from wardgate import config
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.lookup import by_id
from wardgate_sim.clock import LeapClock
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.and_medical import AndCuff, AndDevice, AndScale
from wardgate_sim.firmware.answering import AnsweringCuff
from wardgate_sim.firmware.beurer_po60 import BeurerPo60
from wardgate_sim.firmware.choicemmed_md300 import ChoiceMmedMd300
from wardgate_sim.firmware.device import Book, DeviceClock, Taken
from wardgate_sim.firmware.finger_oximeter import (
    BerryOximeter,
    Cms50dBt,
    InnovoOximeter,
    JumperOximeter,
    Pc60Oximeter,
)
from wardgate_sim.firmware.heart_belt import HeartBelt
from wardgate_sim.firmware.medisana import MedisanaBs430, MedisanaScale
from wardgate_sim.firmware.microlife_cuff import MicrolifeCuff
from wardgate_sim.firmware.nonin_3150 import Nonin3150
from wardgate_sim.firmware.nonin_3230 import Nonin3230
from wardgate_sim.firmware.nonin_9560 import Nonin9560
from wardgate_sim.firmware.o2ring import O2Ring
from wardgate_sim.firmware.omron_cuff import OmronBonding, OmronCuff, OmronEvolv, OmronIntelli
from wardgate_sim.firmware.peripheral import Peripheral
from wardgate_sim.firmware.plx_oximeter import PlxOximeter
from wardgate_sim.firmware.qn_scale import QnScale
from wardgate_sim.firmware.sanitas import SanitasScale
from wardgate_sim.firmware.serial_oximeter import (
    ContecSerial,
    ContecV7Serial,
    Nonin3150Serial,
    Nonin8500,
    NoninXpod,
)
from wardgate_sim.firmware.standard_cuffs import AndCuff656, AndCuff1200, BeurerBm77, BeurerBm85, OmronStandard
from wardgate_sim.firmware.standard_scales import BeurerScale, DetectoScale, RenphoScale
from wardgate_sim.firmware.tanita import TanitaScale
from wardgate_sim.firmware.thermometers import AndThermometer, BeurerFt95
from wardgate_sim.firmware.viatom_bp2 import ViatomBp2
from wardgate_sim.firmware.weighing_indicator import WeighingIndicator
from wardgate_sim.firmware.xiaomi_scale import XiaomiScale
from wardgate_sim.firmware.yonker_cuff import YonkerCuff
from wardgate_sim.line import Line, Pty
from wardgate_sim.patient import Patient, Vitals
from wardgate_sim.radio import Link
from wardgate_sim.scenario import DeviceSpec, FaultSpec, Scenario, ScenarioError


class Device(Protocol):
    """What a home does with any device."""

    @property
    def MODEL(self) -> str:  # noqa: N802 - a constant of each class
        """Id in the hub's catalogue."""
        ...

    @property
    def book(self) -> Book:
        """What it took and considers delivered."""
        ...

    @property
    def clock(self) -> DeviceClock:
        """Its own clock."""
        ...

    async def start(self) -> None:
        """Batteries in."""
        ...

    async def stop(self) -> None:
        """Batteries out."""
        ...

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A person uses it."""
        ...

    async def asleep(self) -> None:
        """Done when it has nothing more to say."""
        ...


@runtime_checkable
class Remembers(Protocol):
    """A device with a memory."""

    def store(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """A measurement made while no hub was near."""
        ...


_ON_THE_RADIO: Final[dict[str, Callable[..., Device]]] = {
    cls.MODEL: cls
    for cls in (
        AndCuff,
        AndCuff656,
        AndCuff1200,
        AndScale,
        AndThermometer,
        BerryOximeter,
        BeurerBm77,
        BeurerBm85,
        BeurerFt95,
        BeurerPo60,
        BeurerScale,
        ChoiceMmedMd300,
        Cms50dBt,
        DetectoScale,
        HeartBelt,
        InnovoOximeter,
        JumperOximeter,
        MedisanaBs430,
        MedisanaScale,
        MicrolifeCuff,
        Nonin3150,
        Nonin3230,
        O2Ring,
        OmronBonding,
        OmronEvolv,
        OmronIntelli,
        OmronStandard,
        Pc60Oximeter,
        PlxOximeter,
        QnScale,
        RenphoScale,
        SanitasScale,
        ViatomBp2,
        XiaomiScale,
        YonkerCuff,
    )
}
_ON_A_LINE: Final[dict[str, Callable[..., Device]]] = {
    cls.MODEL: cls
    for cls in (
        ContecSerial,
        ContecV7Serial,
        Nonin3150Serial,
        Nonin8500,
        Nonin9560,
        NoninXpod,
        TanitaScale,
        WeighingIndicator,
    )
}
NORMAL_C: Final = 36.8
"""The patients' temperature: their fevers are no part of the scenarios."""
FIRMWARE: Final = frozenset(_ON_THE_RADIO) | frozenset(_ON_A_LINE)
"""Ids of the models that there is firmware for."""


@dataclass(frozen=True, slots=True)
class Use:
    """One use of a device that the scenario plans."""

    at: datetime
    """UTC."""
    day: int
    device: str
    first_of_day: bool


class Home:
    """Devices standing on a link. `now` is the true time of the place, UTC."""

    def __init__(
        self, scenario: Scenario, link: Link, now: Callable[[], datetime], *, line: Callable[[], Line] = Pty
    ) -> None:
        self.scenario: Final = scenario
        self.link: Final = link
        self._now = now
        self._line = line
        self._zone = ZoneInfo(scenario.timezone)
        self.first_day: Final[date] = now().astimezone(self._zone).date()
        """Day 0, the first live one."""
        since_utc = now().astimezone(self._zone).utcoffset()
        self._clocks_ahead_s: Final = 0.0 if since_utc is None else since_utc.total_seconds()
        """Local time less UTC on the first day: devices know nothing of summer time."""
        self.patient: Final = Patient(
            scenario.patient, scenario.seed, scenario.episode, first_weekday=self.first_day.weekday()
        )
        self.devices: Final[dict[str, Device]] = {spec.id: self._make(spec) for spec in scenario.device}

    def _make(self, spec: DeviceSpec) -> Device:
        clock = DeviceClock(lambda: self._civil_s(self._now()), offset_s=spec.clock_offset_s)
        if spec.model in _ON_A_LINE:
            return _ON_A_LINE[spec.model](clock, line=self._line(), **spec.options)
        if spec.model not in _ON_THE_RADIO:
            raise ScenarioError(f"device `{spec.id}`: no firmware for `{spec.model}`.")
        if spec.address is None:
            raise ScenarioError(f"device `{spec.id}` needs an address.")
        return _ON_THE_RADIO[spec.model](self.link, spec.address, clock, **spec.options)

    def _civil_s(self, utc: datetime) -> float:
        return utc.timestamp() // 1 + self._clocks_ahead_s

    def device_config(self) -> tuple[config.Device, ...]:
        """The devices as a hub's configuration names them."""
        return tuple(
            config.Device(
                id=spec.id,
                model=spec.model,
                address=spec.address,
                port=getattr(self.devices[spec.id], "port", None),
                cadence_h=spec.cadence_h,
                user_index=spec.user_index,
                consent_code=getattr(self.devices[spec.id], "CODE", None),
            )
            for spec in self.scenario.device
        )

    @property
    def books(self) -> Mapping[str, Book]:
        """What each device took and considers delivered, by the device's id."""
        return {id_: device.book for id_, device in self.devices.items()}

    async def start(self) -> None:
        """Batteries in; memories filled with the days before the first."""
        for device in self.devices.values():
            await device.start()
        for spec in self.scenario.device:
            self._fill_memory(spec, self.devices[spec.id])

    async def stop(self) -> None:
        """Batteries out."""
        for device in self.devices.values():
            await device.stop()

    def _fill_memory(self, spec: DeviceSpec, device: Device) -> None:
        if not isinstance(device, Remembers):
            if spec.history_days:
                raise ScenarioError(f"device `{spec.id}`: a {spec.model} has no memory.")
            return
        for day in range(-spec.history_days, 0):
            for time in spec.times:
                at = self.moment(day, time)
                device.store(values_for(device.MODEL, self._vitals(at)), device.clock.at(self._civil_s(at)))

    async def pair(self, timeout_s: float = 60.0) -> None:
        """Press the pairing key of every device that has one, until a hub has bonded with it.

        Raises:
            TimeoutError: no hub did.
        """
        async with asyncio.timeout(timeout_s):
            await asyncio.gather(*(_pair(d) for d in self.devices.values() if isinstance(d, AndDevice | OmronCuff)))

    def plan(self, days: int, since: datetime | None = None) -> Iterator[Use]:
        """Every use of `days` live days in the order of time, those before `since` left out."""
        uses = []
        for day in range(days):
            for spec in self.scenario.device:
                for number, time in enumerate(sorted(spec.times)):
                    uses.append(Use(self.moment(day, time), day, spec.id, number == 0))
        return iter(sorted((u for u in uses if since is None or u.at >= since), key=lambda u: u.at))

    async def use(self, use: Use) -> Taken:
        """The patient (or a visitor) uses a device now, with whatever goes wrong that day."""
        device = self.devices[use.device]
        for fault in self.scenario.fault:
            if use.first_of_day and (fault.device, fault.day) == (use.device, use.day):
                await apply(fault, device)
        visitor = next((v for v in self.scenario.visitor if (v.device, v.day) == (use.device, use.day)), None)
        values = visitor.values if visitor and use.first_of_day else values_for(device.MODEL, self._vitals(use.at))
        return await device.take(values)

    async def play(self, clock: LeapClock, days: int, *, patience_s: float = 30.0) -> AsyncIterator[tuple[Use, Taken]]:
        """Live through the days: leap to each use, and go on when the device sleeps again or patience ends."""
        for use in self.plan(days, since=clock.utc()):
            clock.leap_to(max(use.at, clock.utc()))
            taken = await self.use(use)
            yield use, taken
            try:
                async with asyncio.timeout(patience_s):
                    await self.devices[use.device].asleep()
            except TimeoutError:
                continue

    def moment(self, day: int, time: str) -> datetime:
        """That local time of that day (the first live one is 0), in UTC."""
        hour, minute = (int(part) for part in time.split(":"))
        local = datetime.combine(self.first_day + timedelta(days=day), datetime.min.time(), self._zone)
        return local.replace(hour=hour, minute=minute).astimezone(UTC)

    def _vitals(self, at: datetime) -> Vitals:
        local = at.astimezone(self._zone)
        return self.patient.at((local.date() - self.first_day).days, local.hour + local.minute / 60)


def values_for(model: str, vitals: Vitals) -> dict[str, float]:
    """What a device of that model reads from a patient in this state, rounded as its display is.

    Raises:
        ScenarioError: the catalogue does not know the model.
    """
    known = by_id(model)
    if known is None:
        raise ScenarioError(f"`{model}` is not in the catalogue.")
    pulse = float(round(vitals.pulse_bpm))
    match known.channels[0]:
        case Channel.WEIGHT:
            return {"weight": round(vitals.weight_kg / 0.05) * 0.05}
        case Channel.BLOOD_PRESSURE:
            upper, lower = float(round(vitals.systolic_mmhg)), float(round(vitals.diastolic_mmhg))
            mean = float(round(lower + (upper - lower) / 3))
            return {"systolic": upper, "diastolic": lower, "mean": mean, "pulse": pulse}
        case Channel.SATURATION:
            return {"spo2": float(round(vitals.spo2_pct)), "pulse": pulse}
        case Channel.HEART_RATE:
            return {"heart_rate": pulse}
        case Channel.TEMPERATURE:
            return {"temperature": NORMAL_C}
        case Channel.BODY_COMPOSITION:
            raise ScenarioError(f"a {model} is asked for a weight, not for a composition alone.")


async def apply(fault: FaultSpec, device: Device) -> None:
    """Make it go wrong.

    Raises:
        ScenarioError: this device cannot fail that way.
    """
    match fault.kind, device:
        case "lose-link", AndDevice():
            device.faults.lose_link_after = int(fault.amount)
        case "lose-link", AnsweringCuff():
            device.lose_link_after = int(fault.amount)
        case "resend-all", AndDevice():
            device.faults.resend_all = True
        case "forget-bond", Peripheral():
            await device.forget_bonds()
        case "clock", _:
            device.clock.offset_s += fault.amount
        case "battery", Peripheral():
            device.battery_percent = int(fault.amount)
        case "battery", Nonin9560():
            device.low_battery = fault.amount < 20
        case "garble", Nonin9560():
            device.garble_next = True
        case _:
            raise ScenarioError(f"device `{fault.device}` cannot have the fault `{fault.kind}`.")


async def _pair(device: AndDevice | OmronCuff) -> None:
    while not await device.bonded_hosts():
        await device.press_pairing_key()
        await device.asleep()
