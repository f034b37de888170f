"""Fixed scales, one for each panel. They are never fitted to data: a steep line has to mean the same in every home."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from statistics import median_low
from typing import Final

from wardgate.contract.messages import Reading
from wardgate.faces.words import number

TOP_PX: Final = 14
BOTTOM_PX: Final = 164


@dataclass(frozen=True, slots=True)
class Scale:
    """From a quantity's value to pixels from the top."""

    low: float
    high: float
    step: float

    def y(self, value: float) -> float:
        """In px, one decimal; what lies outside is held at the edge (see `outside`)."""
        held = min(max(value, self.low), self.high)
        return round(BOTTOM_PX - (held - self.low) / (self.high - self.low) * (BOTTOM_PX - TOP_PX), 1)

    def outside(self, value: float) -> int:
        """-1 below, 1 above, 0 within."""
        return (value > self.high) - (value < self.low)

    @property
    def ticks(self) -> tuple[float, ...]:
        """Every printed value, lowest first."""
        return tuple(self.low + i * self.step for i in range(round((self.high - self.low) / self.step) + 1))


@dataclass(frozen=True, slots=True)
class Panel:
    """One chart: a quantity, read from some channels. `lower` is the second quantity of a pressure's bar."""

    id: str
    title: str
    channels: tuple[str, ...]
    quantity: str
    unit: str
    decimals: int
    kinds: tuple[str, ...]
    lower: str | None = None
    scale: Scale | None = None
    also: str | None = None
    """What some of the channels call the same quantity."""

    def value(self, reading: Reading) -> float | None:
        """What this panel shows of a reading, when the reading carries it."""
        value = value_of(reading, self.quantity)
        return value_of(reading, self.also) if value is None and self.also else value

    def say(self, value: float, low: float | None = None) -> str:
        """`80.9 kg`, `112/71 mmHg`."""
        both = number(value, self.decimals) + ("" if low is None else f"/{number(low, self.decimals)}")
        return f"{both} {self.unit}"


PANELS: Final = (
    Panel("weight", "Weight", ("weight",), "weight", "kg", 1, ("scale",)),
    Panel(
        "pulse",
        "Pulse",
        ("blood_pressure", "saturation", "heart_rate"),
        "pulse",
        "a minute",
        0,
        ("cuff", "oximeter", "heart-belt"),
        scale=Scale(40, 140, 20),
        also="heart_rate",
    ),
    Panel(
        "blood_pressure",
        "Blood pressure",
        ("blood_pressure",),
        "systolic",
        "mmHg",
        0,
        ("cuff",),
        lower="diastolic",
        scale=Scale(40, 200, 20),
    ),
    Panel("saturation", "Oxygen", ("saturation",), "spo2", "%", 0, ("oximeter",), scale=Scale(80, 100, 4)),
    Panel(
        "temperature",
        "Temperature",
        ("temperature",),
        "temperature",
        "°C",
        1,
        ("thermometer",),
        scale=Scale(35, 40, 1),
    ),
)


def value_of(reading: Reading, quantity: str) -> float | None:
    """A quantity's canonical value, when the reading carries it."""
    return next((q.value for q in reading.quantities if q.name == quantity), None)


def scale_of(panel: Panel, usual: float | None, values: Callable[[], list[float]]) -> Scale:
    """The panel's scale. Weight's stands around the patient's usual, else around the middle of what there is."""
    if panel.scale is not None:
        return panel.scale
    middle = usual if usual is not None else median_low(values() or [80.0])
    centre = round(middle / 2) * 2
    return Scale(centre - 6, centre + 6, 2)
