"""What the watch notes of each place of the panel, so that a restart looks at nothing twice and forgets no open alert.

What stands in the store about the alerts themselves counts more than the notes: those may be older.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime
from typing import Final

import msgspec
from msgspec import Struct

from wardgate.capture.journal import Journal
from wardgate.store.errors import StoreError
from wardgate.store.store import Store
from wardgate.watch.alerts import Episode, adopted, let_go, worse_revision

log: Final = logging.getLogger(__name__)


class Notes(Struct, frozen=True, kw_only=True):
    """What is kept for one place of the panel: how far its live readings have been looked at, and what is open."""

    epoch: str
    seq: int
    episodes: dict[str, Episode] = {}


class Places:
    """The notes of all places, in memory and on the disk. Call `restore` once, before anything else.

    Args:
        assignment: whose places they are.
        kinds: the kinds of alerts of each place.
        store: where they are kept.
        journal: told when notes cannot be read.
    """

    def __init__(self, assignment: str, kinds: Mapping[str, tuple[str, ...]], store: Store, journal: Journal) -> None:
        self._assignment = assignment
        self._kinds = kinds
        self._store = store
        self._journal = journal
        self._notes: dict[str, Notes] = {}
        self.forgotten: Final[set[str]] = set()
        """Places whose notes cannot be read: what waited there to be told is not known any more."""

    async def restore(self) -> None:
        """Read the notes of all places. A disk that refuses stops no watch."""
        for place in self._kinds:
            notes = self._notes[place] = self._restored(place)
            try:
                await self.keep(place, notes)
            except StoreError as error:
                log.warning("the watch begins without notes: %s", error)

    async def let_go(self, now: datetime) -> None:
        """End the alerts that nothing watches since the plan was changed: no reading would ever end them."""
        watched = {kind for kinds in self._kinds.values() for kind in kinds}
        for alert in self._store.open_alerts():
            if alert.assignment == self._assignment and alert.kind not in watched:
                try:
                    await self._store.put_alert(let_go(alert, now))
                except StoreError as error:
                    log.warning("alert %s could not be ended: %s", alert.id, error)

    def notes(self, place: str) -> Notes:
        """What is kept for a place."""
        return self._notes[place]

    def open(self) -> list[tuple[str, str, Episode]]:
        """What is open: place, kind, episode."""
        return [(place, kind, one) for place, notes in self._notes.items() for kind, one in notes.episodes.items()]

    async def keep(self, place: str, notes: Notes) -> None:
        """Note what is known of a place now.

        Raises:
            StoreError: the disk refuses; what was noted before stays.
        """
        await self._store.put_detector_state(self._key(place), msgspec.json.encode(notes))
        self._notes[place] = notes

    async def revise(self, place: str, kind: str, episode: Episode) -> None:
        """Note an episode that has changed. It has in memory, too, where the disk refuses: what is in memory never
        falls behind an alert that is on the disk.

        Raises:
            StoreError: the disk refuses.
        """
        notes = self._notes[place]
        notes = self._notes[place] = msgspec.structs.replace(notes, episodes={**notes.episodes, kind: episode})
        await self.keep(place, notes)

    def _key(self, place: str) -> str:
        return f"watch/{self._assignment}/{place}"

    def _restored(self, place: str) -> Notes:
        """The notes, brought up to what the store says about the alerts themselves."""
        # A new database begins with what it has: its old readings were looked at in another life.
        notes = Notes(epoch=self._store.epoch, seq=self._store.last_seq)
        raw = self._store.detector_state(self._key(place))
        try:
            kept = notes if raw is None else msgspec.json.decode(raw, type=Notes)
        except msgspec.DecodeError as error:
            log.warning("the notes on %s cannot be read: %s", place, error)
            self._journal.tell(
                "watch-notes-lost",
                "attention",
                f"What the hub had noted about {place.replace('_', ' ')} cannot be read. Open alerts stay open, and "
                "the last reading of today is looked at again.",
                detail={"channel": place},
            )
            self.forgotten.add(place)
            kept = notes
        notes = (
            kept if self._store.has_numbered_in(kept.epoch) else msgspec.structs.replace(notes, episodes=kept.episodes)
        )
        return msgspec.structs.replace(notes, episodes=self._reconciled(place, notes.episodes))

    def _reconciled(self, place: str, noted: dict[str, Episode]) -> dict[str, Episode]:
        stored = {a.kind: a for a in self._store.open_alerts() if a.assignment == self._assignment}
        episodes: dict[str, Episode] = {}
        for kind in self._kinds[place]:
            mine, alert = noted.get(kind), stored.get(kind)
            if alert is None:
                if mine is not None and mine.held:
                    episodes[kind] = mine
                continue  # never on the disk, or resolved there
            # Acknowledged or raised again since it was noted: what it is about is the same.
            same = mine is not None and (mine.alert.id, worse_revision(mine.alert)) == (alert.id, worse_revision(alert))
            episodes[kind] = msgspec.structs.replace(mine, alert=alert) if mine is not None and same else adopted(alert)
        return episodes
