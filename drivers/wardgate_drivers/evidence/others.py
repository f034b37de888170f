"""Thermometers and heart rate belts."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.evidence.ground import Evidence

EVIDENCE: Final = {
    "and-ut-201ble": Evidence(
        decoders=("hts.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK documents 1.2; Bluetooth SIG, Health Thermometer Service 1.0",
    ),
    "beurer-ft95": Evidence(
        decoders=("hts.measurement",),
        seen=("Beurer FT95",),
        quirk="beurer-ft95",
        source="wha-digital, innovasive_flutter_beurer_ble, protocol documents",
    ),
    "heart-rate-belt": Evidence(
        decoders=("hrs.measurement",),
        seen=("Polar H7", "Polar H10"),
        source="Bluetooth SIG, Heart Rate Service 1.0; Stack Overflow 67024800 and 50477232 (captured notifications)",
    ),
}
