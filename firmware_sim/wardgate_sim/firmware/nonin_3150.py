"""Nonin 3150 WristOx2 BLE: format 19 each second while it is worn; bonds within two minutes of new batteries.

It knows up to seven hosts. Its memory of more than a thousand hours is not simulated.
"""

from __future__ import annotations

from typing import Final

from wardgate_sim.encode import nonin
from wardgate_sim.firmware.finger_oximeter import PERFUSION_PCT, SEARCHING_SECONDS, FingerOximeter

PAIRING_S: Final = 120.0
SETTLING_SECONDS: Final = 3
"""With values that the device does not yet call good."""


class Nonin3150(FingerOximeter):
    """A wrist-worn oximeter."""

    MODEL = "nonin-3150"
    NAME = "Nonin3150_502100001"
    MAKER = "Nonin Medical, Inc."
    SERVICE = "46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"
    DATA = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
    encrypted = True

    async def press_pairing_key(self) -> None:
        """Take the batteries out and put them in again: for two minutes it can be bonded with."""
        self.pairing_open = True
        self.stay_on(PAIRING_S)

    def second(self, spo2: int | None, pulse: int | None) -> list[bytes]:
        """One frame."""
        if spo2 is None:
            status = nonin.Status19.SEARCHING
        elif self._seconds > SEARCHING_SECONDS + SETTLING_SECONDS:
            status = nonin.Status19.FINGER_SEATED | nonin.Status19.SMARTPOINT
        else:
            status = nonin.Status19.FINGER_SEATED
        frame = nonin.format_19(
            status,
            battery_v=2.0 + self.battery_percent / 100,
            amplitude_pct=0 if spo2 is None else PERFUSION_PCT,
            counter=self._seconds,
            spo2=spo2,
            pulse=pulse,
        )
        return [frame]
