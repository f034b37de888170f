"""Reading a frame from its front, and naming its bits."""

from __future__ import annotations

from collections.abc import Mapping

from wardgate_drivers.errors import FrameError, Reason


class Cursor:
    """Takes little-endian fields in order. A field that is missing or cut is `truncated`."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, size: int) -> bytes:
        """The next `size` bytes."""
        end = self._at + size
        if end > len(self._data):
            raise FrameError(Reason.TRUNCATED, f"{end} bytes needed, {len(self._data)} came")
        taken = self._data[self._at : end]
        self._at = end
        return taken

    def uint(self, size: int) -> int:
        """The next `size` bytes as an unsigned number."""
        return int.from_bytes(self.take(size), "little")

    @property
    def left(self) -> int:
        """How many bytes follow."""
        return len(self._data) - self._at


def need_size(data: bytes, *sizes: int) -> None:
    """Refuse as `bad-length` what does not have one of the sizes that the layout fixes."""
    if len(data) not in sizes:
        wanted = " or ".join(map(str, sizes))
        raise FrameError(Reason.BAD_LENGTH, f"{len(data)} bytes where {wanted} are fixed")


def named_bits(value: int, names: Mapping[int, str]) -> tuple[str, ...]:
    """Names of the bits that are set, lowest first; bits without a name are dropped."""
    return tuple(name for bit, name in sorted(names.items()) if value >> bit & 1)
