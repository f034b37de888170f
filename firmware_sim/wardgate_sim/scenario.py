"""What a home's TOML file says: who lives there, what stands there, what befalls whom and when."""

from __future__ import annotations

import tomllib
from importlib import resources
from pathlib import Path
from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from wardgate.config import Watch
from wardgate_sim.patient import Episode, Profile

Time = Annotated[str, Meta(pattern=r"^([01]\d|2[0-3]):[0-5]\d$", description="local time of day")]


class DeviceSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One device in the home."""

    id: str
    model: Annotated[str, Meta(description="id in the catalogue")]
    address: Annotated[str | None, Meta(description="Bluetooth address; none on a serial line")] = None
    times: Annotated[tuple[Time, ...], Meta(description="when it is used, every day")] = ("08:00",)
    history_days: Annotated[int, Meta(ge=0, description="days of measurements in its memory at the start")] = 0
    clock_offset_s: Annotated[float, Meta(description="how far its clock is ahead")] = 0.0
    cadence_h: float | None = None
    user_index: int | None = None
    options: Annotated[dict[str, float | int | bool | str], Meta(description="arguments of its firmware")] = {}


class Visitor(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody else uses a device once, instead of the patient."""

    device: str
    day: int
    values: dict[str, float]


class FaultSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Something goes wrong before a device's first use on a day."""

    device: str
    day: int
    kind: Literal["lose-link", "resend-all", "forget-bond", "clock", "battery", "garble"]
    amount: Annotated[float, Meta(description="frames before the loss, seconds of clock error, percent of battery")] = 0


class Scenario(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file. Days count from the first live one; history lies before it."""

    name: str
    hub: str
    patient_pseudonym: str
    assignment: str
    timezone: str = "Europe/London"
    seed: int = 1
    patient: Profile = Profile()
    episode: tuple[Episode, ...] = ()
    device: tuple[DeviceSpec, ...] = ()
    visitor: tuple[Visitor, ...] = ()
    fault: tuple[FaultSpec, ...] = ()
    watch: Watch = msgspec.field(default_factory=Watch)
    """What the ward wants to be told about this patient, as in a hub's configuration."""


class ScenarioError(ValueError):
    """The file cannot be played; the message says why."""


def load(path: Path) -> Scenario:
    """Read a scenario file.

    Raises:
        ScenarioError: it cannot be read, is no TOML, or says something that cannot be.
    """
    try:
        return parse(path.read_text(encoding="utf-8"), str(path))
    except (OSError, UnicodeDecodeError) as error:
        raise ScenarioError(f"{path} cannot be read: {error}.") from error


def packaged(name: str) -> Scenario:
    """One of the homes that come with the simulator.

    Raises:
        ScenarioError: there is none of that name.
    """
    file = resources.files("wardgate_sim") / "homes" / f"{name}.toml"
    if not file.is_file():
        raise ScenarioError(f"there is no home `{name}`. There are: {', '.join(packaged_names())}.")
    return parse(file.read_text(encoding="utf-8"), name)


def packaged_names() -> list[str]:
    """The homes that come with the simulator."""
    folder = resources.files("wardgate_sim") / "homes"
    return sorted(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))


def parse(text: str, where: str) -> Scenario:
    """Check the text of a scenario; `where` stands in the error.

    Raises:
        ScenarioError: see `load`.
    """
    try:
        scenario = msgspec.convert(tomllib.loads(text), Scenario)
    except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
        raise ScenarioError(f"{where}: {error}.") from error
    known = {device.id for device in scenario.device}
    uses: tuple[Visitor | FaultSpec, ...] = (*scenario.visitor, *scenario.fault)
    for use in uses:
        if use.device not in known:
            raise ScenarioError(f"{where}: there is no device `{use.device}` in this home.")
    return scenario
