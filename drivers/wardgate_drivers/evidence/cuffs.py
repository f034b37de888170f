"""Blood pressure cuffs."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.evidence.ground import Evidence

EVIDENCE: Final = {
    "and-ua-651ble": Evidence(
        decoders=("bls.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK documents 1.2; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="what it sends after a failed measurement (taken to be NaN)",
    ),
    "and-ua-656ble": Evidence(
        decoders=("bls.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK documents 1.2; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="what it sends after a failed measurement (taken to be NaN); how many users it tells apart",
    ),
    "and-ua-1200ble": Evidence(
        decoders=("bls.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK documents 1.2; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="what it sends after a failed measurement (taken to be NaN)",
    ),
    "beurer-bm77": Evidence(
        decoders=("bls.measurement",),
        seen=("Beurer BM77", "Beurer BM54"),
        source="wha-digital, innovasive_flutter_beurer_ble, documents; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="which of them show a code on the first pairing",
    ),
    "beurer-bm85": Evidence(
        decoders=("bls.measurement",),
        seen=("Beurer BM85",),
        quirk="beurer-be",
        source="derdilla, blood-pressure-monitor-fl, pull requests 735, 737; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="whether BM48 and BM59 share the fault of the BM85",
    ),
    "omron-standard": Evidence(
        decoders=("bls.measurement", "time.current-time"),
        source="device list of derdilla, blood-pressure-monitor-fl; obniz; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="how each of them handles its clock and its pairing",
    ),
    "omron-hem-7361t": Evidence(
        decoders=("omron.frame", "omron.record14-le", "omron.clock16"),
        source="memory maps and talks of the projects omblepy and hass-omron",
        doubt="which way round the bit for a loose cuff is; the captured frames came from cuffs with the same layout",
    ),
    "omron-hem-7600t": Evidence(
        decoders=("omron.frame", "omron.record14-be"),
        seen=("Omron HEM-7600T",),
        source="memory maps and talks of the projects omblepy and hass-omron",
        doubt="by which name it advertises; which way round the bit for a loose cuff is",
    ),
    "omron-hem-7142t2": Evidence(
        decoders=("omron.frame", "omron.record14-le", "omron.clock16"),
        source="memory maps and talks of the projects omblepy and hass-omron",
        doubt="by which name it advertises; which way round the bit for a loose cuff is",
    ),
    "microlife-bp-a6-bt": Evidence(
        also=("BP3GY1 family",),
        decoders=("microlife.frame",),
        seen=("Microlife BP3T01",),
        source="protocol notes of joergmlpts, blood-pressure-monitor",
        doubt="by which names they advertise; whose a record is where two users share it",
    ),
    "viatom-bp2": Evidence(
        also=("Wellue BP2, BP2W",),
        decoders=("viatom.lepu-v2", "viatom.bp2-file"),
        seen=("Wellue BP2",),
        source="protocol notes and captures of chalimov, viatom_bp2_ha",
        doubt="whether all members of the family answer as the one that was read",
    ),
    "yonker-yk-ibpa1": Evidence(
        also=("Yongrow, Metiko",),
        decoders=("yonker.bp",),
        seen=("Yonker YK-IBPA1",),
        source="derdilla, blood-pressure-monitor-fl, issue 615 and tests",
        doubt="whether it advertises its service",
    ),
}
