"""Scales of the standard profile: Beurer BF720 and its kin, Renpho ES-WBE28, Detecto.

After KristianP26's ble-scale-sync, openScale (issue 219, pull requests 753 and 1108) and Detecto's manuals.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import ClassVar

from bumble.device import Connection
from bumble.gatt import Characteristic, Service

from wardgate_sim.encode import body_composition, users, weight
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import Taken
from wardgate_sim.firmware.peripheral import Properties
from wardgate_sim.firmware.standard import RememberingDevice, StandardDevice


class ConsentScale(RememberingDevice):
    """Tells a user's measurements to a host that knows the user's code."""

    SERVICE = 0x181D
    MEASUREMENT = 0x2A9D
    HAS_CLOCK = True
    FORGETS = True
    USER: ClassVar[int]
    CODE: ClassVar[int]

    def services(self) -> list[Service]:
        """With User Data."""
        self.codes = {self.USER: self.CODE}
        self._consented = asyncio.Event()
        self._user: int | None = None
        self._control_replies: asyncio.Queue[bytes] = asyncio.Queue()
        self._control: Characteristic[bytes] = self.characteristic(
            0x2A9F, Properties.WRITE | Properties.INDICATE, write=self._on_control
        )
        return [*super().services(), self.service(0x181C, self._control)]

    async def session(self, connection: Connection) -> None:
        """Answers to consents go out beside the rest."""
        self._consented.clear()
        self._user = None
        answering = asyncio.create_task(self._answer(connection))
        try:
            await super().session(connection)
        finally:
            answering.cancel()

    async def host_is_ready(self) -> None:
        """Subscribed, and let in."""
        await super().host_is_ready()
        await self._consented.wait()

    def queue(self) -> list[Taken]:
        """The user's own."""
        return [taken for taken in self.memory if self.user_of(taken) == self._user]

    def user_of(self, taken: Taken) -> int:
        """Who was weighed: the scale's first user unless the values say another."""
        return int(taken.values.get("user", self.USER))

    async def _answer(self, connection: Connection) -> None:
        while True:
            await self.indicate(connection, self._control, await self._control_replies.get())

    def _on_control(self, value: bytes) -> None:
        user, code = users.read_consent(value)
        accepted = self.codes.get(user) == code
        result = users.Result.SUCCESS if accepted else users.Result.USER_NOT_AUTHORIZED
        if accepted:
            self._user = user
            self._consented.set()
        self._control_replies.put_nowait(users.answer(users.Opcode.CONSENT, result))


class BeurerScale(ConsentScale):
    """BF720: bonded, and a composition after each weight, all zero when somebody was weighed in socks."""

    MODEL = "beurer-bf720"
    NAME = "BF720"
    MAKER = "Beurer GmbH"
    USER = 1
    CODE = 3752
    encrypted = True

    def services(self) -> list[Service]:
        """With Body Composition."""
        self._composition: Characteristic[bytes] = self.characteristic(0x2A9C, Properties.INDICATE)
        return [*super().services(), self.service(0x181B, self._composition)]

    def encode(self, taken: Taken) -> bytes:
        """Kilograms with time and user."""
        return weight.measurement(taken.values["weight"], at=taken.device_time, user=self.user_of(taken))

    async def host_is_ready(self) -> None:
        """Given the time, subscribed and let in."""
        await self._time_given.wait()
        await super().host_is_ready()

    async def send_one(self, connection: Connection, taken: Taken) -> None:
        """The weight, then the composition."""
        await super().send_one(connection, taken)
        fat = taken.values.get("fat", 0.0)
        composition = body_composition.measurement(
            fat,
            basal_metabolism_kj=6879,
            muscle_pct=40.7 if fat else 0.0,
            soft_lean_kg=61.18 if fat else 0.0,
            body_water_kg=43.25 if fat else 0.0,
            impedance_ohm=452.0 if fat else 0.0,
        )
        await self.indicate(connection, self._composition, composition)


class RenphoScale(ConsentScale):
    """ES-WBE28: one user with a code that is built in, and weights in steps of 0.05 kg."""

    MODEL = "renpho-es-wbe28"
    NAME = "ES-WBE28"
    MAKER = "Renpho"
    USER = 170
    CODE = 9999

    def encode(self, taken: Taken) -> bytes:
        """See `weight.renpho`."""
        return weight.renpho(taken.values["weight"], at=taken.device_time, user=self.USER)


class DetectoScale(StandardDevice):
    """No clock, no memory, no feature characteristic: the weight of the moment, to be read or indicated."""

    MODEL = "detecto-scale"
    NAME = "Detecto 6880"
    MAKER = "Detecto"
    SERVICE = 0x181D
    MEASUREMENT = 0x2A9D
    PROPERTIES = Properties.READ | Properties.INDICATE

    async def take(self, values: Mapping[str, float], at: Civil | None = None) -> Taken:
        """The last weight is gone when the next person steps on."""
        self.memory.clear()
        return await super().take(values, at)

    def encode(self, taken: Taken) -> bytes:
        """A negative weight is below the scale's zero."""
        return weight.detecto(taken.values["weight"])
