"""Cuffs of the standard profile: Beurer BM77 and its kin, Beurer BM85, Omron's newer models, A&D UA-656BLE, UA-1200BLE.

After wha-digital's protocol documents of Beurer cuffs, recordings from a BM85 (derdilla, blood-pressure-monitor-fl)
and the catalogue of devices. Advertising intervals are guessed.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from wardgate_sim.encode import blood_pressure
from wardgate_sim.firmware.and_medical import AndCuff
from wardgate_sim.firmware.device import Taken
from wardgate_sim.firmware.standard import RememberingDevice


class StandardCuff(RememberingDevice):
    """Sends a time stamp, the pulse and, where it has several, the user."""

    SERVICE = 0x1810
    MEASUREMENT = 0x2A35
    HAS_USERS: ClassVar[bool] = True

    def encode(self, taken: Taken) -> bytes:
        """mmHg without a mean: these cuffs send 0 for it. The user is 1 unless the values say another."""
        v = taken.values
        return blood_pressure.measurement(
            v["systolic"],
            v["diastolic"],
            0,
            at=taken.device_time,
            pulse=v["pulse"],
            user=int(v.get("user", 1)) if self.HAS_USERS else None,
            status=blood_pressure.Status(0),
        )


class BeurerBm77(StandardCuff):
    """Its clock cannot be set. `wants_code` makes it one of the newer ones (SBM69), which show a code."""

    MODEL = "beurer-bm77"
    NAME = "BM77"
    MAKER = "Beurer GmbH"


class BeurerBm85(StandardCuff):
    """Big-endian where the standard is not, and deaf to a subscription that comes too soon."""

    MODEL = "beurer-bm85"
    NAME = "BM85"
    MAKER = "Beurer GmbH"
    HAS_CLOCK = True
    DEAF_S = 0.1
    encrypted = True
    shows_passkey = True

    def deaf_from_now(self) -> None:
        """Count from now, as if the host had only just connected."""
        self._listens_at_s = asyncio.get_running_loop().time() + self.DEAF_S

    def encode(self, taken: Taken) -> bytes:
        """See `blood_pressure.beurer_bm85`."""
        v = taken.values
        return blood_pressure.beurer_bm85(
            v["systolic"],
            v["diastolic"],
            at=taken.device_time,
            pulse=round(v["pulse"]),
            user=int(v.get("user", 1)),
            status=blood_pressure.Status(0),
        )


class OmronStandard(StandardCuff):
    """Forgets what it has sent (X4 Smart), and wants the time before it sends (HEM-9200T)."""

    MODEL = "omron-standard"
    NAME = "BLESmart_0000009A"
    MAKER = "OMRON HEALTHCARE"
    HAS_CLOCK = True
    HAS_USERS = False
    FORGETS = True
    encrypted = True
    shows_passkey = True

    async def host_is_ready(self) -> None:
        """Subscribed, and the time was given."""
        await super().host_is_ready()
        await self._time_given.wait()


class AndCuff656(AndCuff):
    """UA-656BLE: several users, but none on the wire."""

    MODEL = "and-ua-656ble"
    PRODUCT = "UA-656BLE"


class AndCuff1200(AndCuff):
    """UA-1200BLE: on the air with nothing to send as well."""

    MODEL = "and-ua-1200ble"
    PRODUCT = "UA-1200BLE"

    def idle(self) -> None:
        """Come on the air without a measurement."""
        self.wake(self.air_s)
