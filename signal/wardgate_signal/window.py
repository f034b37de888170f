"""The last values of a series, by time."""

from __future__ import annotations

from collections import deque
from typing import Final

from wardgate_signal.finding import Json, require_finite

_MOST: Final = 512
"""No window of home readings holds more; a device gone mad does not eat the memory."""


class Window:
    """Values no older than `span_s` before the newest. Times may repeat but never go back."""

    def __init__(self, span_s: float) -> None:
        self._span_s = span_s
        self._items: deque[tuple[float, float]] = deque(maxlen=_MOST)

    def add(self, time_s: float, value: float) -> None:
        """Take the next value; the very same one again changes nothing.

        Raises:
            ValueError: it is older than the last one, or no number.
        """
        require_finite(time_s=time_s, value=value)
        time_s, value = float(time_s), float(value)  # numpy's numbers would not go through JSON
        if self._items and time_s < self._items[-1][0]:
            raise ValueError("a value older than the last one: feed the series again, in order")
        if self._items and self._items[-1] == (time_s, value):
            return
        self._items.append((time_s, value))
        while self._items[0][0] < time_s - self._span_s:
            self._items.popleft()

    def since(self, span_s: float) -> list[tuple[float, float]]:
        """(time, value) of what is no older than `span_s` before the newest, oldest first."""
        if not self._items:
            return []
        first_s = self._items[-1][0] - span_s
        return [item for item in self._items if item[0] >= first_s]

    def last(self, count: int) -> list[tuple[float, float]]:
        """The newest `count` of them, oldest first."""
        return list(self._items)[-count:]

    def save(self) -> Json:
        """For `load`."""
        return [[t, v] for t, v in self._items]

    def load(self, saved: Json) -> None:
        """What `save` gave.

        Raises:
            ValueError: it is nothing that `save` gives.
        """
        self._items.clear()
        self._items.extend(pairs(saved))


def pairs(saved: Json) -> list[tuple[float, float]]:
    """A saved list of pairs of numbers.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(saved, list):
        raise ValueError("no saved list of pairs")
    found: list[tuple[float, float]] = []
    for item in saved:
        match item:
            case [float() | int() as t, float() | int() as v]:
                found.append((float(t), float(v)))
            case _:
                raise ValueError("no saved pair of numbers")
    return found
