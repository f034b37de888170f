"""The disks that a power cut can leave, out of what a recording says happened until then.

What was synced is there. Of everything since, any part may be: whole writes, single sectors, sizes, names. Names and
their order are the file system's journal's: some of the last ones are missing, never one from the middle.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from tests.support.recording_vfs import DirectorySync, Entry, Mark, Name, Rename, Sync, Truncate, Write

SECTOR_BYTES: Final = 512
_WAYS: Final = ("dropped", "kept", "torn", "torn", "writes", "sectors", "sectors")


@dataclass(slots=True)
class _File:
    durable: bytearray
    pending: list[Write | Truncate] = field(default_factory=list)

    def sync(self) -> None:
        for op in self.pending:
            _apply(self.durable, op, b"\0")
        self.pending.clear()

    def survivor(self, rng: random.Random) -> bytes:
        """What is found of it after the cut."""
        if not self.pending:
            return bytes(self.durable)
        way, filler = rng.choice(_WAYS), rng.choice((b"\0", b"\xa5", b"\xff"))
        data = bytearray(self.durable)
        for op in _kept(self.pending, way, rng):
            _apply(data, op, filler)
        if rng.random() < 0.3:
            _grow(data, max((o.at + len(o.data) for o in self.pending if isinstance(o, Write)), default=0), filler)
        return bytes(data)


class Disk:
    """A disk that follows a recording; the names of `names` are durable, those of `unsynced` came after."""

    def __init__(self, before: dict[str, bytes]) -> None:
        self._files = {number: _File(bytearray(data)) for number, data in enumerate(before.values())}
        self._names = {name: number for number, name in enumerate(before)}
        self._unsynced: list[Name | Rename] = []

    def follow(self, entry: Entry) -> None:
        """One more thing happened."""
        match entry:
            case Write() | Truncate():
                self._files[entry.file].pending.append(entry)
            case Sync():
                self._files[entry.file].sync()
            case Name() | Rename():
                self._unsynced.append(entry)
                if isinstance(entry, Name) and entry.file is not None:
                    self._files.setdefault(entry.file, _File(bytearray()))
            case DirectorySync():
                self._names = self._named(len(self._unsynced))
                self._unsynced.clear()
            case Mark():
                pass

    def survivor(self, rng: random.Random) -> dict[str, bytes]:
        """One of the disks that the power may leave when it fails now."""
        names = self._named(rng.choice((0, len(self._unsynced), rng.randint(0, len(self._unsynced)))))
        return {name: self._files[number].survivor(rng) for name, number in names.items()}

    def _named(self, known: int) -> dict[str, int]:
        names = dict(self._names)
        for change in self._unsynced[:known]:
            if isinstance(change, Rename):
                names[change.new] = names.pop(change.old)
            elif change.file is None:
                names.pop(change.name, None)
            else:
                names[change.name] = change.file
        return names


def _kept(pending: list[Write | Truncate], way: str, rng: random.Random) -> Iterator[Write | Truncate]:
    match way:
        case "kept":
            yield from pending
        case "torn":
            whole = rng.randrange(len(pending))
            yield from pending[:whole]
            yield from _sectors(pending[whole], 0.5, rng)
        case "writes":
            share = rng.random()
            yield from (op for op in pending if rng.random() < share)
        case "sectors":
            share = rng.choice((0.05, 0.5, 0.95))
            for op in pending:
                yield from _sectors(op, share, rng)


def _sectors(op: Write | Truncate, share: float, rng: random.Random) -> Iterator[Write | Truncate]:
    """Those of its sectors that were written."""
    if isinstance(op, Truncate):
        if rng.random() < share:
            yield op
        return
    at, end = op.at, op.at + len(op.data)
    while at < end:
        until = min((at // SECTOR_BYTES + 1) * SECTOR_BYTES, end)
        if rng.random() < share:
            yield Write(op.file, at, op.data[at - op.at : until - op.at])
        at = until


def _apply(data: bytearray, op: Write | Truncate, filler: bytes) -> None:
    if isinstance(op, Truncate):
        del data[op.size :]
        _grow(data, op.size, filler)
        return
    _grow(data, op.at, filler)
    data[op.at : op.at + len(op.data)] = op.data


def _grow(data: bytearray, size: int, filler: bytes) -> None:
    """A file may be longer than what was written of it; what stands there then is anything."""
    if len(data) < size:
        data.extend(filler * (size - len(data)))
