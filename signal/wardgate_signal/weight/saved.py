"""Reading a saved state back: what is not of the right kind is refused before anything changes."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from wardgate_signal.finding import Json, Saved

Floats = NDArray[np.float64]


def number(saved: Json) -> float:
    """A saved number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(saved, bool) or not isinstance(saved, int | float) or not math.isfinite(saved):
        raise ValueError(f"no saved number: {saved!r}")
    return float(saved)


def maybe(saved: Json) -> float | None:
    """A saved number or nothing."""
    return None if saved is None else number(saved)


def numbers(saved: Json, count: int) -> list[float]:
    """A saved list of so many numbers.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(saved, list) or len(saved) != count:
        raise ValueError(f"no saved list of {count} numbers")
    return [number(x) for x in saved]


def array(saved: Json, shape: tuple[int, ...]) -> Floats:
    """A saved array, flat, of this shape."""
    return np.array(numbers(saved, math.prod(shape)), dtype=np.float64).reshape(shape)


def flat(of: Floats) -> Json:
    """An array for `array`."""
    return [float(x) for x in of.ravel()]


def part(saved: Saved, name: str) -> Saved:
    """A part's own state.

    Raises:
        ValueError: it is not in there.
    """
    inner = saved.get(name)
    if not isinstance(inner, dict):
        raise ValueError(f"no saved {name}")
    return inner


def require_keys(saved: Saved, *names: str) -> None:
    """Refuse a state of something else, or of another version.

    Raises:
        ValueError: other keys than these.
    """
    if set(saved) != set(names):
        raise ValueError("no saved state of this version")
