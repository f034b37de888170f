"""Scales."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.evidence.ground import Evidence

EVIDENCE: Final = {
    "and-uc-352ble": Evidence(
        also=("UC-355BLE",),
        decoders=("wss.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK documents 1.2; Bluetooth SIG, Weight Scale Service 1.0",
        doubt="older firmware with A&D's own weight service is not supported",
    ),
    "beurer-bf720": Evidence(
        decoders=("wss.measurement", "bcs.measurement", "uds.user-control-point"),
        seen=("Beurer BF720", "Beurer BF788"),
        source="KristianP26, ble-scale-sync; openScale, issue 219 and pull request 753 (facts on the device)",
    ),
    "detecto-scale": Evidence(
        decoders=("wss.measurement",),
        seen=("Detecto",),
        source="Detecto, owner's manuals of the 6880 and 7550; Bluetooth SIG, Weight Scale Service 1.0",
    ),
    "renpho-es-wbe28": Evidence(
        decoders=("wss.measurement", "uds.user-control-point"),
        seen=("Renpho ES-WBE28",),
        quirk="mass-step-50g",
        source="openScale, pull request 1108 (facts on the device)",
    ),
    "xiaomi-scale": Evidence(
        also=("Mi Scale 2", "Mi Body Composition Scale 1, 2"),
        decoders=("xiaomi.scale-v1", "xiaomi.scale-v2"),
        seen=("Xiaomi Mi",),
        source="theengs/decoder, xiaomi-ble, ble_monitor (facts on the broadcast)",
    ),
    "qn-scale": Evidence(
        also=("Renpho ES-CS20M, ES-30M",),
        decoders=("qn.frame",),
        seen=("Renpho ES-30M",),
        source="openScale, ble-scale-sync (facts on the device)",
        doubt="the order of greeting and answer; scales with frames of 10 bytes are refused",
    ),
    "medisana-bs444": Evidence(
        also=("BS440",),
        decoders=("medisana.weight", "medisana.body"),
        seen=("Medisana BS444",),
        source="Stack Overflow 34309288 (captures beside the display); openScale (facts)",
        doubt="whether it hangs up by itself",
    ),
    "medisana-bs430": Evidence(
        decoders=("medisana.weight", "medisana.body"),
        source="openScale (facts on its epoch); Stack Overflow 34309288",
        doubt="whether it hangs up by itself",
    ),
    "sanitas-sbf70": Evidence(
        also=("SBF75", "Beurer BF710"),
        decoders=("beurer.ffe1-record",),
        source="openScale, drivers and issue threads (facts on the device)",
        doubt="its records: only live frames, which are never a result, were captured; Beurer's BF700 and BF800, whose "
        "frames begin otherwise, are not supported",
    ),
    "tanita-scale-serial": Evidence(
        also=("WB-3000", "HD-351BT (classic Bluetooth serial port)"),
        decoders=("tanita.serial",),
        source="Tanita, SC-240 serial interface manual; HD-351BT manual",
    ),
    "weighing-indicator-serial": Evidence(
        decoders=("indicator.ascii",),
        source="manuals of Tiger and Selleton indicators, continuous output",
    ),
}
