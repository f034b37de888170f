"""A device's card: its state in words, what to do, and what is known of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from wardgate.control.messages import DeviceView
from wardgate.faces.words import Times, count, sentence, span
from wardgate_drivers.model.declaration import Kind
from wardgate_drivers.model.wake import wake_words

TITLES: Final = {
    "scale": "Scale",
    "cuff": "Blood pressure cuff",
    "oximeter": "Oximeter",
    "thermometer": "Thermometer",
    "heart-belt": "Heart rate belt",
}
_BARS: Final = ((-60, "Strong"), (-70, "Good"), (-80, "Fair"))
"""dBm at the hub; each step down costs about half of the distance at which a device is still heard."""
_LOW_BATTERY_PERCENT: Final = 20
_TROUBLE_FIRST: Final = ("pairing-lost", "not-heard", "battery-low", "not-set-up", "working")
_COUNTS: Final = (
    ("readings", "Readings"),
    ("no_reading", "Ended without a value"),
    ("implausible", "Not plausible, not used"),
    ("rejected", "Not understood, not used"),
    ("duplicates", "Sent again, kept once"),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a summary list. `bars` draws signal bars before the value."""

    label: str
    value: str
    note: str = ""
    bars: int | None = None


@dataclass(frozen=True, slots=True)
class Card:
    """One device as it is shown."""

    id: str
    kind: str
    noun: str
    title: str
    model: str
    tone: str
    word: str
    what_to_do: str
    rows: tuple[Row, ...]
    more: tuple[Row, ...]


def in_order(devices: tuple[DeviceView, ...]) -> list[DeviceView]:
    """Those with trouble first, else as they are configured."""
    return sorted(devices, key=lambda d: _TROUBLE_FIRST.index(d.state))


def noun(device: DeviceView, among: tuple[DeviceView, ...]) -> str:
    """`the cuff`; with its id where there is more than one."""
    several = sum(d.kind == device.kind for d in among) > 1
    name = Kind(device.kind).noun
    return f"the {name} {device.id}" if several else f"the {name}"


def state_word(device: DeviceView) -> str:
    """The state in the words that are the same everywhere."""
    match device.state:
        case "working":
            return "Working"
        case "not-heard":
            age_s = device.last_heard_age_s
            return "Not heard yet" if age_s is None else f"Not heard for {span(age_s)}"
        case "battery-low":
            return "Battery low"
        case "pairing-lost":
            return "Pairing lost"
        case "not-set-up":
            return "Not set up"


def state_sentence(device: DeviceView, among: tuple[DeviceView, ...]) -> str:
    """The same as a sentence for the verdict; empty when it works."""
    name = sentence(noun(device, among))
    match device.state:
        case "working":
            return ""
        case "not-heard":
            age_s = device.last_heard_age_s
            return f"{name} has not been heard " + ("yet." if age_s is None else f"for {span(age_s)}.")
        case "battery-low":
            return f"{name} has a low battery."
        case "pairing-lost":
            return f"{name} has lost its pairing."
        case "not-set-up":
            return f"{name} is not set up."


@dataclass(frozen=True, slots=True)
class Link:
    """`Test`, and of what for those who do not see the card."""

    words: str
    of: str
    address: str


def device_links(device: DeviceView, among: tuple[DeviceView, ...], pages: str) -> tuple[Link, ...]:
    """What can be done about a device, below the address of the devices' pages."""
    at, of = f"{pages}/{device.id}", noun(device, among)
    again = () if device.bonded is None else (Link("Pair again", of, f"{at}/pair"),)
    return (Link("Test", of, f"{at}/test"), *again, Link("Replace or remove", of, at))


def card(device: DeviceView, times: Times) -> Card:
    """Everything the card of one device says."""
    named = device.name.startswith(device.maker)
    return Card(
        id=device.id,
        kind=device.kind,
        noun=Kind(device.kind).noun,
        title=TITLES[device.kind],
        model=device.name if named else f"{device.maker} {device.name}",
        tone="good" if device.state == "working" else "attention",
        word=state_word(device),
        what_to_do="" if device.state == "working" else device.what_to_do,
        rows=(_last(device, times), _expected(device, times), _battery(device, times), _signal(device)),
        more=(_heard(device), _pairing(device), _clock(device), _unsent(device), *_wake(device), *_counts(device)),
    )


def _last(device: DeviceView, times: Times) -> Row:
    at = device.last_reading
    return Row("Last good reading", times.clock(at), times.day(at)) if at else Row("Last good reading", "None yet")


def _expected(device: DeviceView, times: Times) -> Row:
    every = device.cadence_s
    if every is None:
        return Row("Expected", "When used")
    per_day = 86400 / every
    if per_day >= 1:
        often = {1: "Every day", 2: "Twice a day"}.get(round(per_day), f"{round(per_day)} times a day")
    else:
        often = f"Every {span(every)}"
    if device.last_reading is None:
        return Row("Expected", often)
    due = device.last_reading + timedelta(seconds=every)
    late_s = (times.now - due).total_seconds()
    if late_s <= 0:
        return Row("Expected", often, f"next by {times.clock(due)} {times.day(due)}")
    # A morning's reading an hour later than yesterday's is no failing: say when it was due, not "overdue".
    note = f"{span(late_s)} overdue" if late_s > every / 2 else f"due since {times.clock(due)} {times.day(due)}"
    return Row("Expected", often, note)


def _battery(device: DeviceView, times: Times) -> Row:
    percent = device.battery_percent
    low = device.state == "battery-low" or (percent is not None and percent <= _LOW_BATTERY_PERCENT)
    if percent is None:
        return Row("Battery", "Low" if low else "Not known")
    at = device.battery_at
    old = at is not None and times.day(at) != "today"
    return Row("Battery", f"{'Low' if low else 'Good'}, {percent} %", times.day(at) if at and old else "")


def _signal(device: DeviceView) -> Row:
    dbm = device.rssi_dbm
    if dbm is None:
        return Row("Signal", "Not known")
    bars, word = signal_bars(dbm)
    return Row("Signal", f"{word}, −{abs(dbm)} dBm", bars=bars)


def signal_bars(dbm: int) -> tuple[int, str]:
    """How many of four bars, and the word: `(3, "Good")`."""
    return next(((4 - i, w) for i, (floor, w) in enumerate(_BARS) if dbm >= floor), (1, "Weak"))


def _heard(device: DeviceView) -> Row:
    age_s = device.last_heard_age_s
    return Row("Last heard", "Not yet" if age_s is None else f"{span(age_s)} ago")


def _pairing(device: DeviceView) -> Row:
    return Row("Pairing", "Needs none" if device.bonded is None else "Paired" if device.bonded else "Not paired")


def _clock(device: DeviceView) -> Row:
    offset_s = device.clock_offset_s
    if offset_s is None:
        return Row("Its clock", "Not known")
    if abs(offset_s) < 2:
        return Row("Its clock", "Right")
    return Row("Its clock", f"{span(abs(offset_s))} {'fast' if offset_s > 0 else 'slow'}", "readings are corrected")


def _unsent(device: DeviceView) -> Row:
    return Row("Not at the ward yet", count(device.unsent, "reading") if device.unsent else "Nothing")


def _wake(device: DeviceView) -> tuple[Row, ...]:
    return (Row("To wake it", wake_words(device.wake).use),) if device.wake else ()


def _counts(device: DeviceView) -> tuple[Row, ...]:
    known = ((label, device.counts.get(key, 0)) for key, label in _COUNTS)
    return tuple(Row(label, f"{n:,}") for label, n in known if n)
