"""The Bluetooth UUIDs in use, as bleak writes them: 128 bits, lower case.

Source: Bluetooth SIG, Assigned Numbers; Nonin's from their 3230 integration notes.
"""

from __future__ import annotations

from typing import Final

_BASE: Final = "-0000-1000-8000-00805f9b34fb"


def sig(number: int) -> str:
    """A UUID that the Bluetooth SIG assigned, from its 16-bit form."""
    return f"{number:08x}{_BASE}"


def is_sig(uuid: str) -> bool:
    """Whether the Bluetooth SIG assigned it; the others belong to makers."""
    return uuid.endswith(_BASE)


HEALTH_THERMOMETER_SERVICE: Final = sig(0x1809)
HEART_RATE_SERVICE: Final = sig(0x180D)
BLOOD_PRESSURE_SERVICE: Final = sig(0x1810)
BODY_COMPOSITION_SERVICE: Final = sig(0x181B)
WEIGHT_SCALE_SERVICE: Final = sig(0x181D)
PULSE_OXIMETER_SERVICE: Final = sig(0x1822)
NONIN_OXIMETRY_SERVICE: Final = "46a970e0-0d5f-11e2-8b5e-0002a5d5c51b"

DATE_TIME: Final = sig(0x2A08)
BATTERY_LEVEL: Final = sig(0x2A19)
TEMPERATURE_MEASUREMENT: Final = sig(0x2A1C)
MODEL_NUMBER: Final = sig(0x2A24)
SERIAL_NUMBER: Final = sig(0x2A25)
FIRMWARE_REVISION: Final = sig(0x2A26)
HARDWARE_REVISION: Final = sig(0x2A27)
MANUFACTURER_NAME: Final = sig(0x2A29)
CURRENT_TIME: Final = sig(0x2A2B)
BLOOD_PRESSURE_MEASUREMENT: Final = sig(0x2A35)
HEART_RATE_MEASUREMENT: Final = sig(0x2A37)
RECORD_ACCESS_CONTROL_POINT: Final = sig(0x2A52)
PLX_SPOT_CHECK: Final = sig(0x2A5E)
PLX_CONTINUOUS: Final = sig(0x2A5F)
WEIGHT_MEASUREMENT: Final = sig(0x2A9D)
BODY_COMPOSITION_MEASUREMENT: Final = sig(0x2A9C)
USER_CONTROL_POINT: Final = sig(0x2A9F)
NONIN_CONTINUOUS_OXIMETRY: Final = "0aad7ea0-0d60-11e2-8e3c-0002a5d5c51b"
NONIN_CONTROL_POINT: Final = "1447af80-0d60-11e2-88b6-0002a5d5c51b"
