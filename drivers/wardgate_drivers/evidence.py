"""What each driver was written from and is checked with: the ground under SUPPORTED.md."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Of one model."""

    decoders: tuple[str, ...]
    """The layouts of the frames that carry its measurements, by the names that vectors give them."""
    source: str
    """The public documents from which it is known."""
    seen: tuple[str, ...] = ()
    """How the vectors' `device` begins for this model and its family: a capture of these is a capture of it."""
    quirk: str | None = None
    """The context in which its frames are read, where it departs from its layout."""
    doubt: str = ""
    """What nobody knows before a real one has been seen."""


@dataclass(frozen=True, slots=True)
class Frames:
    """How many vectors of a model's layouts there are, by where they come from."""

    captured: int
    """From this model or its family."""
    captured_elsewhere: int
    """From other devices that speak the same layout."""
    published: int
    """Examples of documents and of public test suites."""
    constructed: int

    @property
    def level(self) -> str:
        """The best of it."""
        if self.captured:
            return "real capture"
        return "public document" if self.captured_elsewhere or self.published else "constructed"


def frames_of(evidence: Evidence, vectors: Iterable[Mapping[str, Any]]) -> Frames:
    """Count."""
    captured = elsewhere = published = constructed = 0
    for vector in vectors:
        context = vector.get("context") or {}
        if vector["decoder"] not in evidence.decoders or context.get("quirk") not in (None, evidence.quirk):
            continue
        match vector["kind"]:
            case "real capture" if vector["device"].startswith(evidence.seen):
                captured += 1
            case "real capture":
                elsewhere += 1
            case "spec example" | "from a public test suite":
                published += 1
            case _:
                constructed += 1
    return Frames(captured, elsewhere, published, constructed)


EVIDENCE: Final[dict[str, Evidence]] = {
    "and-ua-651ble": Evidence(
        decoders=("bls.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK 1.2; Bluetooth SIG, Blood Pressure Service 1.1",
        doubt="what it sends after a failed measurement (taken to be NaN)",
    ),
    "and-uc-352ble": Evidence(
        decoders=("wss.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK 1.2; Bluetooth SIG, Weight Scale Service 1.0",
        doubt="older firmware with A&D's own weight service is not supported",
    ),
    "and-ua-656ble": Evidence(
        decoders=("bls.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK 1.2",
        doubt="how many users it has; it keeps 200 records only where its buffer was set so (Wardgate does not)",
    ),
    "and-ua-1200ble": Evidence(
        decoders=("bls.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK 1.2",
        doubt="how often it comes on the air with nothing to send",
    ),
    "and-ut-201ble": Evidence(
        decoders=("hts.measurement",),
        source="A&D Medical, Bluetooth Low Energy SDK 1.2; obniz drivers",
        doubt="its times on the air (taken to be those of the UA-651BLE)",
    ),
    "beurer-bm77": Evidence(
        decoders=("bls.measurement",),
        source="wha-digital, innovasive_flutter_beurer_ble, protocol documents; Stack Overflow 78168365",
        doubt="which of them show a code",
    ),
    "beurer-bm85": Evidence(
        decoders=("bls.measurement",),
        source="derdilla, blood-pressure-monitor-fl, pull requests 735 and 737",
        seen=("Beurer BM85",),
        quirk="beurer-be",
        doubt="whether the BM48 and BM59 have the BM85's byte order (told by the length of the frame)",
    ),
    "beurer-bf720": Evidence(
        decoders=("wss.measurement", "bcs.measurement", "uds.user-control-point"),
        source="KristianP26, ble-scale-sync; openScale, issue 219 and pull request 753",
        seen=("Beurer BF720", "Beurer BF788"),
        doubt="whether all of them tell the weight by itself; the body composition is checked and not sent on",
    ),
    "beurer-ft95": Evidence(
        decoders=("hts.measurement",),
        source="wha-digital, innovasive_flutter_beurer_ble, protocol documents",
        quirk="beurer-ft95",
        doubt="which of them show a code",
    ),
    "omron-standard": Evidence(
        decoders=("bls.measurement",),
        source="derdilla, blood-pressure-monitor-fl, device list; obniz drivers",
        doubt="what each model does about its clock, and which of them show a code",
    ),
    "detecto-scale": Evidence(
        decoders=("wss.measurement",), source="Detecto manuals", doubt="its name on the air; how often it sends"
    ),
    "renpho-es-wbe28": Evidence(
        decoders=("wss.measurement", "uds.user-control-point"),
        source="openScale, pull request 1108; KristianP26, ble-scale-sync",
        seen=("Renpho ES-WBE28",),
        quirk="mass-step-50g",
        doubt="how long it stays on the air",
    ),
    "heart-rate-belt": Evidence(
        decoders=("hrs.measurement",),
        source="Bluetooth SIG, Heart Rate Service 1.0; Stack Overflow 67024800 and 50477232",
        seen=("Polar H7", "Polar H10"),
    ),
    "choicemmed-md300": Evidence(
        decoders=("plx.spot-check", "plx.continuous"),
        source="Stack Overflow 71264072",
        seen=("ChoiceMMed MD300",),
        doubt="how often it indicates while a finger is in",
    ),
    "plx-oximeter": Evidence(
        decoders=("plx.spot-check", "plx.continuous", "racp"),
        source="Bluetooth SIG, Pulse Oximeter Service 1.0.1",
        seen=("ChoiceMMed MD300",),
    ),
    "nonin-3230": Evidence(
        decoders=("nonin.df19",),
        source="Nonin, 3230 integration notes; GitHub calebmgshort/Nonin3230Oximeter",
        doubt="how long it goes on advertising after the finger has left",
    ),
    "xiaomi-scale": Evidence(
        decoders=("xiaomi.scale-v1", "xiaomi.scale-v2"),
        source="GitHub theengs/decoder, xiaomi-ble, ble_monitor (facts on the broadcast)",
        seen=("Xiaomi Mi",),
    ),
    "nonin-9560-serial": Evidence(
        decoders=("nonin.df13", "nonin.serial-number"),
        source="Nonin, 9560 OEM specification; frames of the opentele project's tests",
    ),
}
"""By model id. A model without an entry fails the registry's test."""


@dataclass(frozen=True, slots=True)
class Unsupported:
    """A device that people ask for and that Wardgate cannot know."""

    name: str
    kind: str
    why: str


UNSUPPORTED: Final = (
    Unsupported(
        "iHealth BP5, BP7S, PO3M, HS2",
        "cuff, oximeter, scale",
        "The connection begins with a keyed handshake for which the maker issues licences. Some newer cuffs (Track) "
        "are said to speak the standard profile; nobody has checked.",
    ),
    Unsupported(
        "Withings BPM, Body, Thermo",
        "cuff, scale, thermometer",
        "Wi-Fi or a closed Bluetooth link; readings come only through the maker's cloud.",
    ),
    Unsupported("TytoCare", "examination kit", "No local interface is published."),
    Unsupported(
        "Boso medicus system, LS BPM", "cuff", "The maker's own login exchange is not known; only that there is one."
    ),
    Unsupported(
        "Marsden medical scales",
        "scale",
        "No public text on their serial or Bluetooth interface was found. Ask the maker; scales that print text lines "
        "may fit the model for weighing indicators.",
    ),
)
