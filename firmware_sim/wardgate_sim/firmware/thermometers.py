"""Thermometers of the standard profile: Beurer FT95 and A&D UT-201BLE.

After wha-digital's protocol document of the FT95; the UT-201BLE as A&D's other devices.
"""

from __future__ import annotations

from wardgate_sim.encode import temperature
from wardgate_sim.firmware.and_medical import AndDevice
from wardgate_sim.firmware.device import Taken
from wardgate_sim.firmware.standard import RememberingDevice

FEVER_C = 38.0
HEALTH_THERMOMETER = 0x1809
TEMPERATURE_MEASUREMENT = 0x2A1C


class BeurerFt95(RememberingDevice):
    """Shows an error when no host has subscribed within 30 s. Surfaces of objects are in its memory too."""

    MODEL = "beurer-ft95"
    NAME = "FT95"
    MAKER = "Beurer GmbH"
    SERVICE = HEALTH_THERMOMETER
    MEASUREMENT = TEMPERATURE_MEASUREMENT
    HAS_CLOCK = True

    def encode(self, taken: Taken) -> bytes:
        """Degrees C on the forehead; `object` in the values makes it a surface."""
        warm = taken.values["temperature"]
        is_object = bool(taken.values.get("object"))
        return temperature.measurement(
            warm,
            at=taken.device_time,
            site=temperature.Site.FT95_OBJECT if is_object else temperature.Site.FT95_FOREHEAD,
            fever=warm >= FEVER_C and not is_object,
        )


class AndThermometer(AndDevice):
    """UT-201BLE."""

    MODEL = "and-ut-201ble"
    PRODUCT = "UT-201BLE"
    SERVICE = HEALTH_THERMOMETER
    MEASUREMENT = TEMPERATURE_MEASUREMENT
    FEATURE = 0x2A1D
    FEATURE_VALUE = bytes([temperature.Site.ARMPIT])

    def encode(self, taken: Taken) -> bytes:
        """Degrees C with time and site."""
        return temperature.measurement(taken.values["temperature"], at=taken.device_time, site=temperature.Site.ARMPIT)
