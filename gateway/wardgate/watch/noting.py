"""Which note belongs to which sample. It follows from the series alone: a replay says the same."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from wardgate.pathways.notes import AT_READING, AT_READING_S, channels_of
from wardgate.watch.rule import Sample


class Noting:
    """Goes along a series from its beginning. Each note comes with the first sample after it that it is about."""

    def __init__(self, notes: Sequence[tuple[float, str]]) -> None:
        self._notes = notes
        self._next = 0
        self._due: list[tuple[float, str]] = []
        self._seen: dict[str, list[tuple[str | None, ...]]] = {}

    def copy(self) -> Noting:
        """Another one at the same place, over the same notes."""
        other = Noting(self._notes)
        other._next, other._due = self._next, self._due.copy()
        other._seen = {channel: devices.copy() for channel, devices in self._seen.items()}
        return other

    def with_note(self, sample: Sample) -> Sample:
        """The next sample, with the note that a detector has to know there."""
        while self._next < len(self._notes) and self._notes[self._next][0] <= sample.time_s:
            self._due.append(self._notes[self._next])
            self._next += 1
        new = self._new_device(sample)
        if new is not None:
            self._due.insert(0, (sample.time_s, new))
        mine = [due for due in self._due if sample.channel in channels_of(due[1])]
        of_now = [due for due in mine if due[1] in AT_READING]
        self._due = [due for due in self._due if due not in of_now]
        fresh = [due for due in of_now if sample.time_s - due[0] <= AT_READING_S]
        if fresh:
            return replace(sample, note=fresh[-1][1])
        lasting = next((due for due in mine if due not in of_now), None)
        if lasting is None:
            return sample
        self._due.remove(lasting)
        return replace(sample, note=lasting[1])

    def _new_device(self, sample: Sample) -> str | None:
        """A device never seen before in this channel, after others. Two that are used in turn are no news."""
        seen = self._seen.setdefault(sample.channel, [])
        place = next((i for i, known in enumerate(seen) if _same(known, sample.device)), None)
        if place is not None:
            seen[place] = tuple(b or a for a, b in zip(seen[place], sample.device, strict=True))
            return None
        seen.append(sample.device)
        if len(seen) == 1:
            return None
        return "new_scale" if sample.channel == "weight" else "new_device"


def _same(one: tuple[str | None, ...], other: tuple[str | None, ...]) -> bool:
    """What is not known of a device (its serial number is read later) does not make it another."""
    return len(one) == len(other) and all(a == b or a is None or b is None for a, b in zip(one, other, strict=True))
