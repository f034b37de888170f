"""What a simulated cohort consists of: patients, their readings, and what truly happened to them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Channel = Literal["weight", "pressure", "saturation"]
Kind = Literal["heart_failure", "respiratory", "low_output"]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

DAY_S: Final = 86_400.0


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading as the hub would hand it to a detector.

    `values`: weight (kg,), pressure (systolic mmHg, diastolic mmHg, pulse bpm), saturation (%, pulse bpm) with the
    perfusion index as a third where the device has one. `spoiled` is the truth about the reading ("" when nothing is
    the matter with it) and is for tests and tables: a detector never sees it.
    """

    time_s: float
    channel: Channel
    values: tuple[float, ...]
    note: str | None = None
    spoiled: str = ""


@dataclass(frozen=True, slots=True)
class Episode:
    """A worsening that a ward wants to know of: from its onset over the event (admission or urgent treatment)."""

    onset_s: float
    event_s: float
    recovery_s: float
    kind: Kind
    gains: bool
    """Whether the body gains at least half a kilogram before the event."""


@dataclass(frozen=True, slots=True)
class Patient:
    """One patient over the time of observation. `samples` are in the order of time."""

    conditions: frozenset[str]
    target_low_pct: float
    target_high_pct: float
    dry_weight_kg: float | None
    beta_blocker: bool
    careful: bool
    start_s: float
    end_s: float
    samples: tuple[Sample, ...]
    episodes: tuple[Episode, ...]
