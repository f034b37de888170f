"""What the third step shows: who is in the air, what to press, how far a pairing is, a device's five ticks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal

from wardgate.contract.assigning import Kind
from wardgate.control.provisioning import Added, Check, Installation, Model, Nearby
from wardgate.faces.words import count, listed, sentence, span
from wardgate.page.devices import TITLES, signal_bars
from wardgate.page.setup.pictures import Word, emphasised, typed_here
from wardgate_drivers.model.declaration import Kind as ModelKind
from wardgate_drivers.model.wake import wake_words

PASSKEY_DIGITS: Final = 6
_LONG_UNHEARD_S: Final = 30.0
"""A device that was shown and is quiet for so long is said to be quiet; it stays where it stands."""
_TICK_WORDS: Final = {
    "heard": "Heard",
    "paired": "Paired",
    "clock": "Clock",
    "battery": "Battery",
    "memory": "Memory read",
}
Tone = Literal["good", "waiting", "problem", "none"]
_TONES: Final[dict[str, Tone]] = {"good": "good", "waiting": "waiting", "problem": "problem", "unknown": "none"}


def noun(kind: Kind) -> str:
    """In the middle of a sentence: `cuff`, `heart rate belt`."""
    return ModelKind(kind).noun


def long_noun(kind: Kind) -> str:
    """In a heading: `blood pressure cuff`."""
    return TITLES[kind].lower()


def full_name(model: Model) -> str:
    """`A&D UA-651BLE`, the maker once."""
    return model.name if model.name.startswith(model.maker) else f"{model.maker} {model.name}"


@dataclass(frozen=True, slots=True)
class Tick:
    """One of a device's five."""

    label: str
    tone: Tone
    sentence: str
    what_to_do: str


@dataclass(frozen=True, slots=True)
class InTheAir:
    """One device that could be added."""

    address: str
    part: str
    """The id of its element: an update of its signal finds it there."""
    kind: Kind
    title: str
    name: str
    button: str
    bars: int | None
    signal: str
    heard: str
    models: tuple[Model, ...]
    asks: bool
    """Something has to be said before it can be added: which model it is, its user, its code."""
    serial: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A kind that the pathway wants and that is not here yet."""

    kind: Kind
    title: str


@dataclass(frozen=True, slots=True)
class Here:
    """A device of this home, in the list."""

    id: str
    kind: Kind
    title: str
    name: str
    tone: Tone
    word: str
    ready: bool


@dataclass(frozen=True, slots=True)
class DevicesView:
    """The list: what is here, what is still wanted, what is in the air."""

    here: tuple[Here, ...]
    wanted: tuple[Wanted, ...]
    in_the_air: tuple[InTheAir, ...]
    more: str
    """`1 more found.`; empty when everything that was found is shown."""
    something_else: tuple[InTheAir, ...]
    said: str
    shown: str
    """The addresses in the order of the page, for its live updates."""
    done: bool


def devices_view(
    installation: Installation, nearby: Sequence[Nearby], shown: Sequence[str] | None = None
) -> DevicesView:
    """Strongest first; with `shown`, in that order for ever, and what was found since is only counted."""
    free = [near for near in nearby if near.device is None and near.models]
    wanted = sorted((near for near in free if is_offered(near)), key=_weakness)
    others = sorted((near for near in free if not is_offered(near)), key=_weakness)
    order = [near.address for near in (*wanted, *others)] if shown is None else list(shown)
    place = {address: i for i, address in enumerate(order)}
    rows = sorted((_in_the_air(n) for n in wanted if n.address in place), key=lambda row: place[row.address])
    new = sum(near.address not in place for near in wanted)
    here = tuple(_here(device) for device in installation.devices)
    missing = still_wanted(installation)
    return DevicesView(
        here=here,
        wanted=tuple(Wanted(kind, TITLES[kind]) for kind in missing),
        in_the_air=tuple(rows),
        more=f"{new} more found." if new else "",
        something_else=tuple(
            sorted((_in_the_air(n) for n in others if n.address in place), key=lambda row: place[row.address])
        ),
        said=_said(here, missing),
        shown=",".join(order),
        done=not missing and all(device.ready for device in here),
    )


def is_offered(near: Nearby) -> bool:
    """Whether it stands in the list itself. A cable does not say what is at its end: it is something else."""
    return near.wanted and near.device is None and not (near.models and near.models[0].serial)


def still_wanted(installation: Installation) -> tuple[Kind, ...]:
    """The kinds that are expected and of which no device was added, in the order of the pathway."""
    there = {device.model.kind for device in installation.devices}
    return tuple(kind for kind in installation.kinds if kind not in there)


def _weakness(near: Nearby) -> tuple[float, str]:
    return (-near.rssi_dbm if near.rssi_dbm is not None else 999, near.address)


def _in_the_air(near: Nearby) -> InTheAir:
    first = near.models[0]
    bars, word = signal_bars(near.rssi_dbm) if near.rssi_dbm is not None else (None, "On a cable")
    quiet = near.heard_age_s >= _LONG_UNHEARD_S and not first.serial
    unknown = first.serial and len(near.models) > 1
    several = f"{full_name(first)} or {_others(near.models)}" if len(near.models) > 1 else full_name(first)
    return InTheAir(
        address=near.address,
        part=f"near-{near.address.lower().translate(_PLAIN)}",
        kind=first.kind,
        title="Something on a cable" if unknown else TITLES[first.kind],
        name=near.address.rsplit("/", 1)[-1] if unknown else several,
        button="Say what it is" if unknown else f"Add the {noun(first.kind)}",
        bars=bars,
        signal=f"{word} signal" if bars else word,
        heard=f"Quiet for {span(near.heard_age_s)}" if quiet else "Plugged in" if first.serial else "Heard now",
        models=near.models,
        asks=len(near.models) > 1 or any(m.needs_user or m.needs_consent for m in near.models),
        serial=first.serial,
    )


_PLAIN: Final = str.maketrans({":": "-", "/": "-", ".": "-"})


def _others(models: Sequence[Model]) -> str:
    return full_name(models[1]) if len(models) == 2 else f"{len(models) - 1} others"


def _here(device: Added) -> Here:
    tone, word = _state(device)
    return Here(
        id=device.id,
        kind=device.model.kind,
        title=TITLES[device.model.kind],
        name=full_name(device.model),
        tone=tone,
        word=word,
        ready=tone == "good",
    )


def needs_pairing(device: Added) -> bool:
    """Whether this device has to be paired and is not."""
    paired = next((check for check in device.checks if check.key == "paired"), None)
    return device.pairing != "paired" and (paired is None or paired.tick in ("waiting", "problem"))


def _state(device: Added) -> tuple[Tone, str]:
    if device.pairing == "failed":
        return "problem", "Not paired"
    if device.pairing in ("waiting", "passkey-wanted", "pairing"):
        return "waiting", "Being paired"
    trouble = next((check for check in device.checks if check.tick == "problem"), None)
    if trouble is not None:
        return "problem", f"{_TICK_WORDS.get(trouble.key, trouble.key)}: look"
    if needs_pairing(device):
        return "waiting", "Not paired yet"
    return "good", "Paired" if device.pairing == "paired" else "Added"


def _said(here: Sequence[Here], missing: Sequence[Kind]) -> str:
    """The one sentence of truth."""
    unready = [device for device in here if not device.ready]
    if missing:
        return f"Still to add: {listed([f'the {long_noun(kind)}' for kind in missing])}."
    if unready:
        return f"{sentence(f'the {long_noun(unready[0].kind)}')} is added. It is not ready yet."
    return f"{count(len(here), 'device is', 'devices are')} here and ready." if here else "No device is expected."


@dataclass(frozen=True, slots=True)
class DeviceStep:
    """One device while it is paired and looked at."""

    id: str
    kind: Kind
    noun: str
    heading: str
    name: str
    state: str
    """idle, waiting, passkey-wanted, pairing, paired, failed, or ready for a device that is not paired at all."""
    instruction: tuple[Word, ...]
    other: tuple[Word, ...]
    """The one that takes its place when pairing ends or begins anew while the page is open: there is room for both."""
    said: str
    tone: Tone
    what_to_do: str
    left: str
    asks_number: bool
    ticks: tuple[Tick, ...]
    finished: bool
    """It is paired, or needs no pairing: the next one can be added. The rest comes with its first reading."""


def device_step(device: Added) -> DeviceStep:
    """Everything that the page of one device says."""
    kind = device.model.kind
    wake = wake_words(typed_here(device.model.wake))
    pairing = needs_pairing(device)
    state = device.pairing if pairing or device.pairing != "idle" else "ready"
    said, tone, what_to_do = _pairing_words(device, state)
    ticks = tuple(_tick(check) for check in device.checks)
    return DeviceStep(
        id=device.id,
        kind=kind,
        noun=noun(kind),
        heading=f"Pair the {long_noun(kind)}" if pairing else TITLES[kind],
        name=full_name(device.model),
        state=state,
        instruction=emphasised(wake.pair if pairing else wake.use),
        other=emphasised(wake.use if pairing else wake.pair),
        said=said,
        tone=tone,
        what_to_do=what_to_do,
        left=_left(device.pairing_left_s),
        asks_number=state == "passkey-wanted",
        ticks=ticks,
        finished=tone == "good",
    )


def _left(left_s: float | None) -> str:
    return "" if left_s is None else f"{span(left_s)} left"


def _tick(check: Check) -> Tick:
    label = _TICK_WORDS.get(check.key, sentence(check.key))
    return Tick(label, _TONES[check.tick], check.sentence, check.what_to_do)


def _pairing_words(device: Added, state: str) -> tuple[str, Tone, str]:
    """What is so, how it is shown, what to do. The hub's own words come first: it knows why."""
    name = noun(device.model.kind)
    own, todo = device.pairing_sentence, device.pairing_what_to_do
    match state:
        case "waiting":
            said = own or f"No {name} heard yet."
            return said, "waiting", not_heard(device.model)
        case "passkey-wanted":
            return own or f"The {name} shows a number.", "waiting", todo or "Type it below."
        case "pairing":
            return own or f"The {name} and the hub are pairing.", "waiting", todo or f"Keep the {name} near the hub."
        case "failed":
            return own or f"The {name} is not paired.", "problem", todo or f"Press Try again, then wake the {name}."
        case "paired":
            return own or f"The {name} is paired with this hub.", "good", todo
        case "ready":
            return f"The {name} is added. It needs no pairing.", "good", ""
        case _:
            return f"The {name} is added. It is not paired yet.", "waiting", ""


def not_heard(model: Model) -> str:
    """What helps a device that is not in the air."""
    press = wake_words(typed_here(model.wake)).pair
    now = f"{press} Keep this page open." if ". " in press else f"{press.rstrip('.')} while this page is open."
    return f"{now} Still nothing after 1 minute? Change the batteries."


def passkey_of(typed: str) -> int | None:
    """The six digits, however they were spaced; None for anything else."""
    digits = "".join(typed.split()).replace("-", "")
    return int(digits) if len(digits) == PASSKEY_DIGITS and digits.isascii() and digits.isdigit() else None
