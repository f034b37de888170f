"""Whether the write-ahead log has lost what was promised.

SQLite reads its log as far as the sums are right and takes the rest for a commit that a power cut ended. A byte that
the card has changed looks the same, and costs all commits behind it. The difference: each commit here is on the disk
before the next one begins, so a power cut ends the last one alone.

The layout is that of SQLite's file format, 4.1 and 4.2.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final, NamedTuple

_HEAD: Final = 32
_FRAME: Final = 24
_MAGIC: Final = (0x377F0682, 0x377F0683)
_MASK: Final = 0xFFFFFFFF
_LARGEST: Final = 32 * 1024 * 1024
"""A log is of 8 MB, and twice that when somebody was reading. A larger one would hold up a start."""
_PAGE_SIZES: Final = frozenset(1 << n for n in range(9, 17))
Sums = tuple[int, int]


class _Frame(NamedTuple):
    page: int
    ends_commit: bool
    salts: bytes
    sums: Sums
    summed: bytes


def is_cut_short(database: Path) -> bool:
    """Whether commits stand in the log of a database behind a place that SQLite will not read past."""
    log = database.with_name(f"{database.name}-wal")
    try:
        data = log.read_bytes() if log.stat().st_size <= _LARGEST else b""
    except OSError:
        return False
    if len(data) < _HEAD + _FRAME:
        return False
    magic, _, page_bytes, _ = struct.unpack(">4I", data[:16])
    order = ">" if magic & 1 else "<"
    if magic not in _MAGIC or _sums(data[:24], (0, 0), order) != struct.unpack(">2I", data[24:_HEAD]):
        return _is_unlike(data, database)
    before: Sums = struct.unpack(">2I", data[24:_HEAD])
    frames = iter(_frames(data, page_bytes))
    for frame in frames:
        if frame.salts != data[16:24] or _sums(frame.summed, before, order) != frame.sums:
            return _is_followed([frame, *frames], data[16:24], order)
        before = frame.sums
    return False


def mend(database: Path) -> None:
    """Write the log of a damaged database anew, without the page that SQLite would not read past. What stood on it is
    as old as the commit before. Power may go at any time: the log is the old one or the new one."""
    log = database.with_name(f"{database.name}-wal")
    if not is_cut_short(database):
        return
    data = log.read_bytes()
    page_bytes = _page_bytes(database)
    if page_bytes not in _PAGE_SIZES:
        return
    frames = _readable(list(_frames(data, page_bytes)))
    salts = frames[-1].salts if frames else bytes(8)
    head = struct.pack(">4I", _MAGIC[0], 3007000, page_bytes, 0) + salts
    sums = _sums(head, (0, 0), "<")
    parts = [head, struct.pack(">2I", *sums)]
    for frame in frames:
        sums = _sums(frame.summed, sums, "<")
        parts += [frame.summed[:8], salts, struct.pack(">2I", *sums), frame.summed[8:]]
    new = log.with_name(f"{log.name}.part")
    with new.open("wb") as file:
        file.write(b"".join(parts))
        file.flush()
        os.fsync(file.fileno())
    new.rename(log)


def _readable(frames: list[_Frame]) -> list[_Frame]:
    """All up to the first damaged place, and from there to the next: behind that may stand what was never promised."""
    kept: list[_Frame] = frames[:1]
    gaps = 0
    for before, frame in pairwise(frames):
        if any(_sums(frame.summed, before.sums, order) == frame.sums for order in "<>"):
            kept.append(frame)
            continue
        gaps += kept[-1] is before
        if gaps > 1:
            break
    while kept and not kept[-1].ends_commit:
        kept.pop()
    return kept


def _page_bytes(database: Path) -> int:
    with database.open("rb") as file:
        file.seek(16)
        return int.from_bytes(file.read(2), "big")


def _is_followed(rest: list[_Frame], salts: bytes, order: str) -> bool:
    """Whether a commit of this log ends among these, and another was begun behind it. What an earlier power cut has
    left may stand there too, but it was summed up behind other frames."""
    return any(
        one.ends_commit and one.salts == two.salts == salts and _sums(two.summed, one.sums, order) == two.sums
        for one, two in pairwise(rest)
    )


def _is_unlike(data: bytes, database: Path) -> bool:
    """Of a log whose head is damaged: whether a commit stands in it that is not in the file as well. A power cut
    damages the head only when a new log is begun, and then all of the old one is in the file."""
    page_bytes = _page_bytes(database)
    if page_bytes not in _PAGE_SIZES:
        return False  # the file is not sound either, and that is found in it
    with database.open("rb") as file:
        ours: list[_Frame] = []
        for frame in _frames(data, page_bytes):
            if ours and not any(_sums(frame.summed, ours[-1].sums, order) == frame.sums for order in "<>"):
                break
            ours.append(frame)
        while ours and not ours[-1].ends_commit:
            ours.pop()
        last = {frame.page: frame for frame in ours}
        for page, frame in last.items():
            file.seek((page - 1) * page_bytes)
            if file.read(page_bytes) != frame.summed[8:]:
                return True
    return False


def _frames(data: bytes, page_bytes: int) -> Iterator[_Frame]:
    size = _FRAME + page_bytes
    for at in range(_HEAD, len(data) - size + 1, size):
        page, pages = struct.unpack_from(">2I", data, at)
        sums: Sums = struct.unpack_from(">2I", data, at + 16)
        yield _Frame(page, pages > 0, data[at + 8 : at + 16], sums, data[at : at + 8] + data[at + _FRAME : at + size])


def _sums(data: bytes, before: Sums, order: str) -> Sums:
    one, two = before
    words = iter(struct.unpack(f"{order}{len(data) // 4}I", data))
    for word in words:
        one = (one + word + two) & _MASK
        two = (two + next(words) + one) & _MASK
    return one, two
