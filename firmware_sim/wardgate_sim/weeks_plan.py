"""What will happen in a home in a week: which devices stand there, and what befalls them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from wardgate_sim.interference import Interference
from wardgate_sim.patient import Profile
from wardgate_sim.scenario import DeviceSpec, FaultSpec, Scenario
from wardgate_sim.weeks_kinds import KINDS, Kind

MONDAY: Final = datetime(2026, 3, 2, 3, 0, tzinfo=UTC)
STARTS: Final = (
    MONDAY,
    datetime(2026, 3, 23, 3, 0, tzinfo=UTC),
    datetime(2026, 3, 30, 2, 0, tzinfo=UTC),
    datetime(2026, 10, 19, 2, 0, tzinfo=UTC),
)
"""An ordinary week, the one that ends with the change to summer time, the one after it (what lies in the memories is of
before), and the one that ends with the change back."""


@dataclass(frozen=True, slots=True)
class Flat:
    """A battery too weak for the radio, until it is changed and the clock starts over."""

    device: str
    since: datetime
    until: datetime


@dataclass(frozen=True, slots=True)
class Jump:
    """A clock that somebody moves, or that lost its power for a moment."""

    device: str
    at: datetime
    by_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A home and what will happen in it."""

    seed: int
    days: int
    began: datetime
    home: Scenario
    neighbour: Scenario
    kinds: dict[str, Kind]
    neighbours_kinds: dict[str, Kind]
    interference: Interference
    flat: tuple[Flat, ...]
    jumps: tuple[Jump, ...]


def plan(
    seed: int, *, days: int = 7, interference: Interference | None = None, devices: Sequence[Kind] | None = None
) -> Plan:
    """The home of a seed. Without `interference` its air is as bad as the seed says, up to 30 %; without `devices` it
    has what the seed says."""
    die = random.Random(seed)
    began = die.choice(STARTS)
    chosen = [die.choice(KINDS) for _ in range(die.randint(3, 8))] if devices is None else devices
    kinds = {f"device-{n}": kind for n, kind in enumerate(chosen, 1)}
    home = _scenario(f"home-{seed}", seed, die, kinds, "C1")
    others = {f"neighbour-{n}": kind for n, kind in enumerate(die.sample(list(kinds.values()), min(3, len(kinds))), 1)}
    neighbour = _scenario(f"neighbour-{seed}", seed + 500_000, die, others, "D7")
    if interference is None:
        level = die.choice((0.0, 0.1, 0.2, 0.3))
        interference = Interference(level, level, level, level)
    flat = tuple(_flat(die, name, began, days) for name in kinds if die.random() < 0.15)
    jumps = tuple(_jump(die, name, began, days) for name in kinds if die.random() < 0.2)
    # Nobody moves the clock of a device that has no power.
    jumps = tuple(j for j in jumps if not any(f.device == j.device and f.since <= j.at < f.until for f in flat))
    return Plan(seed, days, began, home, neighbour, kinds, others, interference, flat, jumps)


def _scenario(name: str, seed: int, die: random.Random, kinds: dict[str, Kind], prefix: str) -> Scenario:
    faults = []
    for device, kind in kinds.items():
        if kind.model.startswith("and-") and die.random() < 0.2:
            faults.append(FaultSpec(device=device, day=die.randint(1, 5), kind="resend-all"))
    return Scenario(
        name=name,
        hub=name,
        patient_pseudonym="Copper Heron 93",
        assignment="a-1",
        seed=seed,
        # Nobody is turned away for a weight: whose it is is intake's question, and has tests of its own.
        patient=Profile(weight_kg=60.0 + die.random() * 40.0, spo2_sd_pct=1.5),
        device=tuple(_device(die, device, kind, prefix, n) for n, (device, kind) in enumerate(kinds.items(), 1)),
        fault=tuple(faults),
    )


def _device(die: random.Random, name: str, kind: Kind, prefix: str, number: int) -> DeviceSpec:
    return DeviceSpec(
        id=name,
        model=kind.model,
        address=None if kind.on_a_line else f"{prefix}:00:00:00:{die.randrange(256):02X}:{number:02X}",
        times=tuple(f"{hour}:{die.randrange(60):02d}" for hour in kind.uses),
        history_days=die.choice((0, 3, 20)) if kind.keeps else 0,
        clock_offset_s=_wrong_s(die) if die.random() < 0.5 else float(die.randint(-40, 5)),
        options=kind.options,
        user_index=kind.user_index,
    )


def _wrong_s(die: random.Random) -> float:
    """Minutes, an hour of summer time, days, or years behind; or ahead."""
    return die.choice((-240.0, 900.0, -3600.0, 3600.0, -3 * 86400.0, 2 * 86400.0, -10 * 365 * 86400.0))


def _flat(die: random.Random, device: str, began: datetime, days: int) -> Flat:
    since = began + timedelta(days=die.uniform(1.0, max(1.0, days - 2.0)))
    return Flat(device, since, since + timedelta(days=die.uniform(0.5, 1.5)))


def _jump(die: random.Random, device: str, began: datetime, days: int) -> Jump:
    return Jump(device, began + timedelta(days=die.uniform(0.5, max(1.0, days - 1.0))), _wrong_s(die))
