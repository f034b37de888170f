"""Takes out of a capture what tells one device, and so one home, from another: addresses, serial numbers, names.

Rather too much than too little: what is blanked is noted, and a maker's frame that lost its checksum by it still shows
its layout.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

BLANK: Final = "#"
LEAST: Final = 4
"""Shorter pieces of a number are found by chance."""
_NUMBERS: Final = re.compile(r"[0-9]{5,}|(?=[A-Fa-f]*[0-9])[0-9A-Fa-f]{6,}")
"""In a name: five digits, or six hexadecimal ones of which one is a digit, are no model's name."""
_TEXT: Final = re.compile(rb"[0-9A-Za-z]{6,}")
"""In a frame: a piece of text. With four digits in it, it is a number of something."""


@dataclass(frozen=True, slots=True)
class Secrets:
    """What is known of one device and must not leave its home."""

    address: str
    numbers: tuple[str, ...] = ()
    """Serial numbers, as the device tells them."""
    raw: tuple[bytes, ...] = ()
    """Identifiers that are no text (System ID)."""

    def name(self, text: str) -> str:
        """A name without the digits of a serial number or of the address."""
        for piece in self._pieces():
            text = re.sub(re.escape(piece), BLANK * len(piece), text, flags=re.IGNORECASE)
        return _NUMBERS.sub(lambda found: BLANK * len(found.group()), text)

    def frame(self, data: bytes) -> tuple[bytes, tuple[tuple[int, int], ...]]:
        """A frame with zeros in place of what identifies, and the places (first, last byte) of them."""
        blank: set[int] = set()
        for needle in self._needles():
            blank.update(_found(needle, data))
        for text in _TEXT.finditer(data):
            if sum(chr(byte).isdigit() for byte in text.group()) >= LEAST:
                blank.update(range(*text.span()))
        kept = bytes(0 if place in blank else byte for place, byte in enumerate(data))
        return kept, tuple(_runs(sorted(blank)))

    def _pieces(self) -> Iterator[str]:
        """Longest first, so that no rest of a longer one stays."""
        whole = re.sub("[^0-9A-Fa-f]", "", self.address)
        texts = [whole, *self.numbers]
        pieces = {t[start:] for t in texts for start in range(len(t)) if len(t) - start >= LEAST}
        pieces |= {t[:end] for t in texts for end in range(LEAST, len(t) + 1)}
        yield from sorted(pieces, key=lambda piece: (-len(piece), piece))

    def _needles(self) -> Iterator[bytes]:
        hexadecimal = re.sub("[^0-9A-Fa-f]", "", self.address)
        if len(hexadecimal) == 12:
            address = bytes.fromhex(hexadecimal)
            # All devices of a maker share the first three octets; the others are the device.
            for octets in (address, address[3:]):
                for way in (octets, octets[::-1]):
                    yield way
                    for text in (way.hex(), way.hex(":"), way.hex("-")):
                        yield text.encode()
                        yield text.upper().encode()
        yield from (number.encode() for number in self.numbers if len(number) >= LEAST)
        yield from (raw for raw in self.raw if len(raw) >= LEAST)


def _found(needle: bytes, data: bytes) -> Iterator[int]:
    place = data.find(needle)
    while place >= 0:
        yield from range(place, place + len(needle))
        place = data.find(needle, place + 1)


def _runs(places: list[int]) -> Iterator[tuple[int, int]]:
    first = last = -1
    for place in places:
        if place != last + 1 or first < 0:
            if first >= 0:
                yield first, last
            first = place
        last = place
    if first >= 0:
        yield first, last
