"""A home in the middle of being set up, as its hub would tell it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from wardgate.control.provisioning import Added, AuditEntry, Check, Installation, Limits, Model, Nearby, TestRun, Window
from wardgate.faces.words import Times

NOW = datetime(2026, 11, 21, 9, 15, 12, tzinfo=UTC)
TIMES = Times(ZoneInfo("Europe/London"), NOW)
FINGERPRINT = "1a2b3c4d" + "0" * 48 + "9e8f7a6b"
SCALE = Model(
    id="and-uc-352ble", kind="scale", maker="A&D", name="UC-352BLE",
    wake="Step on it; to pair, hold the button underneath until Pr shows.",
)  # fmt: skip
CUFF = Model(
    id="beurer-bm54", kind="cuff", maker="Beurer", name="BM54", passkey=True,
    wake="Take a measurement, then press its memory key; type the code it shows at the hub.",
)  # fmt: skip
OXIMETER = Model(
    id="nonin-3230", kind="oximeter", maker="Nonin", name="Nonin 3230",
    wake="Put a finger in and keep still until a tick shows.",
)  # fmt: skip
BODY_SCALE = Model(
    id="beurer-bf720", kind="scale", maker="Beurer", name="BF720", needs_user=True, needs_consent=True,
    wake="Step on it and stay until it shows the weight twice.",
)  # fmt: skip
INDICATOR = Model(
    id="weighing-indicator", kind="scale", maker="Generic", name="weighing indicator", serial=True,
    wake="Step on it and stand still until the number stops moving.",
)  # fmt: skip
KEYS = ("heard", "paired", "clock", "battery", "memory")
GOOD = tuple(Check(key=key, tick="good", sentence=f"{key.capitalize()}: well.") for key in KEYS)
UNPAIRED = (
    GOOD[0],
    Check(key="paired", tick="waiting", reason="not-paired", sentence="Not paired yet."),
    *(Check(key=key, tick="unknown", sentence="Not known until it is paired.") for key in KEYS[2:]),
)


def added(model: Model = CUFF, **changes: Any) -> Added:
    """A device of this home, paired and well unless said otherwise."""
    mine = {
        "id": model.kind, "model": model, "address": "C0:FF:EE:00:00:01", "pairing": "paired", "checks": GOOD,
        "serial": "5181200417",
    }  # fmt: skip
    return Added(**{**mine, **changes})


def near(model: Model = CUFF, address: str = "C0:FF:EE:00:00:01", dbm: int | None = -62, **changes: Any) -> Nearby:
    """A device in the air that the pathway wants, heard just now."""
    mine = {"address": address, "rssi_dbm": dbm, "heard_age_s": 1.0, "models": (model,), "wanted": True}
    return Nearby(**{**mine, **changes})


FAR, MIDDLE, CLOSE = (
    near(OXIMETER, "AA:00:00:00:00:01", -85),
    near(SCALE, "AA:00:00:00:00:02", -70),
    near(CUFF, "AA:00:00:00:00:03", -50),
)
UNWANTED = near(BODY_SCALE, "AA:00:00:00:00:04", -40, wanted=False)
CABLE = near(INDICATOR, "/dev/serial/by-id/usb-FTDI", None, wanted=True)


def installation(**changes: Any) -> Installation:
    """Assigned, three devices expected, none added."""
    mine = {
        "stage": "assigned", "revision": 7, "hub": "WG-7F3K", "version": "0.6.0", "now": NOW,
        "timezone": "Europe/London", "fingerprint": FINGERPRINT, "patient": "Copper Heron",
        "window": Window(open=True, left_s=1500.0, opened_by="button"),
        "pathways": ("heart-failure",), "kinds": ("scale", "cuff", "oximeter"), "phone": "0116 000 0000",
    }  # fmt: skip
    return Installation(**{**mine, **changes})


def way(seconds: tuple[float, ...], device: str = "scale", **changes: Any) -> TestRun:
    """A test reading that has passed so many of the four doors, so many seconds after the first."""
    doors = ("seen", "stored", "broker", "ward")
    at = {door: NOW + timedelta(seconds=s) for door, s in zip(doors, seconds, strict=False)}
    mine = {"device": device, "begun": NOW - timedelta(seconds=20), "left_s": 90.0, "sentence": "71.4 kg"}
    return TestRun(**{**mine, **at, **changes})


def limits(**changes: Any) -> Limits:
    """As the ward's configuration says them."""
    mine = {
        "sentences": (
            "Tell the ward if weight goes up 2 kg or more in 3 days.",
            "Tell the ward if oxygen falls below 88 %.",
        ),
        "cadences": ("Weight once a day.", "Blood pressure twice a day.", "Oxygen twice a day."),
        "author": "The ward's configuration",
        "version": 3,
        "since": NOW - timedelta(days=1),
        "fingerprint": "abcdef0123456789",
        "phone": "0116 000 0000",
    }
    return Limits(**{**mine, **changes})


def done(*whats: tuple[str, str]) -> tuple[AuditEntry, ...]:
    """What was done, a minute apart, the newest first as the hub tells it."""
    entries = [
        AuditEntry(number=i, at=NOW + timedelta(minutes=i), what=what, by="page", sentence=sentence)
        for i, (what, sentence) in enumerate(whats, 1)
    ]
    return tuple(reversed(entries))


def changed(what: Installation, **changes: Any) -> Installation:
    """The same home with something else about it."""
    return msgspec.structs.replace(what, **changes)
