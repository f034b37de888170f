"""What the hub was told about the treatment, kept with its time so that a replay knows it at the same reading."""

from __future__ import annotations

import logging
from bisect import insort
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.clock import Line, utc_from_s
from wardgate.config import Note
from wardgate.contract.messages import Utc
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

KEEP: Final = 500
"""The newest so many: years of a treatment that changes weekly."""


class Told(Struct, frozen=True, kw_only=True, order=True):
    """One note."""

    at: Utc
    note: str
    moment: tuple[str, float] | None = None
    """Boot and its second, where the hub did not know the time."""


def therapy_key(assignment: str) -> str:
    """Under which the notes are kept."""
    return f"therapy/{assignment}"


def decoded(raw: bytes | None) -> tuple[Told, ...]:
    """The kept notes; none where they cannot be read."""
    try:
        return () if raw is None else msgspec.json.decode(raw, type=tuple[Told, ...])
    except msgspec.DecodeError as error:
        log.warning("the notes on the treatment cannot be read: %s", error)
        return ()


class Therapy:
    """All notes on one patient, in the order of time: those of the configuration and those that were said."""

    def __init__(self, assignment: str, configured: tuple[Note, ...], said: tuple[Told, ...]) -> None:
        self._key = therapy_key(assignment)
        self._said = list(said)
        noted = {(told.at, told.note) for told in said} | {(note.at, note.note) for note in configured}
        self.notes: Final = sorted((at.timestamp(), note) for at, note in noted)
        """(seconds since 1970, note); it grows in place."""

    async def add(self, store: Store, note: str, at: datetime, moment: tuple[str, float] | None = None) -> bool:
        """Take a checked note, durably. False when it was known already.

        Args:
            moment: boot and its second, where the hub does not know the time; `date` it once it does.

        Raises:
            StoreError: the disk refuses; then it is as if nothing had been said.
        """
        item = (at.timestamp(), note)
        if item in self.notes:
            return False
        said = [*self._said, Told(at=at, note=note, moment=moment)][-KEEP:]
        await store.put_detector_state(self._key, msgspec.json.encode(said))
        self._said = said
        insort(self.notes, item)
        return True

    async def date(self, store: Store, line: Line) -> bool:
        """Put those right that were noted while the time was not known: by the boot's clock, and those of an earlier
        boot at the beginning of this one. False when there is none.

        Raises:
            StoreError: the disk refuses; then nothing has changed.
        """
        said = [told if told.moment is None else _dated(told, told.moment, line) for told in self._said]
        if said == self._said:
            return False
        await store.put_detector_state(self._key, msgspec.json.encode(said))
        for before, after in zip(self._said, said, strict=True):
            self.notes.remove((before.at.timestamp(), before.note))
            insort(self.notes, (after.at.timestamp(), after.note))
        self._said = said
        return True


def _dated(told: Told, moment: tuple[str, float], line: Line) -> Told:
    boot_id, at_s = moment
    return Told(at=utc_from_s(line.utc_s_at(at_s if boot_id == line.boot_id else 0.0)), note=told.note)
