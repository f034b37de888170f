"""Draws docs/pictures anew: `make pictures`. The same journey as the tests, seen on a phone and at a desk."""

from __future__ import annotations

import base64
import struct
import sys
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from selenium import webdriver

from tests.support.browser import resize
from tests.support.journey import (
    PHONE,
    VALUES,
    add_oximeter,
    add_scale,
    check_and_claim,
    choose_patient,
    lock,
    sign_in,
    try_device,
)
from tests.support.kitchen import Kitchen, kitchen_table
from tests.support.steps_window import phone_window
from tests.support.technician import Technician

TO: Final = Path(__file__).parents[2] / "docs" / "pictures"
PHONE_PX: Final = (360, 740)
DESK_PX: Final = (1280, 900)
MOST_BYTES: Final = 60_000
_LOOK: Final = """
if (document.activeElement) document.activeElement.blur();
scrollTo(0, 0);
if (arguments[0] && innerWidth < 1000) document.getElementById(arguments[0]).scrollIntoView({block: 'center'});
"""
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"


class Camera:
    """Takes a page at both widths."""

    def __init__(self, window: webdriver.Chrome) -> None:
        self._window = window
        self._taken: dict[str, bytes] = {}

    def take(self, name: str, *, at: str = "", desk: bool = False) -> None:
        """As it stands, from its top or around the element with the id `at`; at a desk too if asked."""
        for width, height in (PHONE_PX, DESK_PX) if desk else (PHONE_PX,):
            resize(self._window, width, height)
            self._window.execute_script(_LOOK, at)
            shot = self._window.execute_cdp_cmd("Page.captureScreenshot", {"format": "png", "optimizeForSpeed": True})
            self._taken[f"{name}-{width}.png"] = base64.b64decode(shot["data"])
        resize(self._window, *PHONE_PX)

    def keep(self) -> None:
        """Write them down: making them small takes longer than devices stay on the air."""
        for name, taken in self._taken.items():
            picture = smaller(taken)
            assert len(picture) <= MOST_BYTES, (name, len(picture))
            (TO / name).write_bytes(picture)


def smaller(png: bytes) -> bytes:
    """The same picture in at most 256 colours: what of its colours is rarest takes the nearest of the others."""
    width, height, pixels = _pixels(png)
    counts: dict[tuple[int, int, int], int] = {}
    for i in range(0, len(pixels), 3):
        colour = (pixels[i], pixels[i + 1], pixels[i + 2])
        counts[colour] = counts.get(colour, 0) + 1
    palette = sorted(counts, key=lambda colour: -counts[colour])[:256]
    place = {colour: i for i, colour in enumerate(palette)}
    for colour in counts:
        if colour not in place:
            place[colour] = min(
                range(len(palette)), key=lambda i: sum((a - b) ** 2 for a, b in zip(palette[i], colour, strict=True))
            )
    rows = bytearray()
    for y in range(height):
        rows.append(0)
        start = y * width * 3
        rows += bytes(place[pixels[i], pixels[i + 1], pixels[i + 2]] for i in range(start, start + width * 3, 3))
    head = struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0)
    colours = bytes(value for colour in palette for value in colour)
    parts = ((b"IHDR", head), (b"PLTE", colours), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(name, data) for name, data in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def _pixels(png: bytes) -> tuple[int, int, bytearray]:
    """Width, height and 3 bytes a pixel of what Chromium makes: 8 bits, RGB or RGBA, not interlaced."""
    parts = dict[bytes, bytes]()
    for name, data in _chunks(png):
        parts[name] = parts.get(name, b"") + data
    width, height, depth, kind = struct.unpack(">IIBB", parts[b"IHDR"][:10])
    assert (depth, kind) in ((8, 2), (8, 6)), (depth, kind)
    size = 3 if kind == 2 else 4
    raw, line, stride = zlib.decompress(parts[b"IDAT"]), bytearray(width * size), width * size
    found = bytearray()
    for y in range(height):
        at = y * (stride + 1)
        line = _unfiltered(raw[at], raw[at + 1 : at + 1 + stride], line, size)
        three = bytearray(width * 3)
        for channel in range(3):
            three[channel::3] = line[channel::size]
        found += three
    return width, height, found


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _unfiltered(filter_type: int, row: bytes, above: bytearray, size: int) -> bytearray:
    """PNG's five ways to write a row as differences."""
    line = bytearray(row)
    if filter_type == 1:
        for channel in range(size):
            line[channel::size] = bytes(_summed(row[channel::size]))
    elif filter_type == 2:
        line[:] = bytes((up + more) & 0xFF for up, more in zip(above, row, strict=True))
    elif filter_type:
        for i in range(len(line)):
            left, corner = (line[i - size], above[i - size]) if i >= size else (0, 0)
            guess = (left + above[i]) // 2 if filter_type == 3 else _paeth(left, above[i], corner)
            line[i] = (line[i] + guess) & 0xFF
    return line


def _summed(differences: bytes) -> Iterator[int]:
    left = 0
    for more in differences:
        left = (left + more) & 0xFF
        yield left


def _paeth(left: int, up: int, corner: int) -> int:
    base = left + up - corner
    return min((left, up, corner), key=lambda value: abs(base - value))


def walk(who: Technician, kitchen: Kitchen, camera: Camera) -> None:
    """The journey, with a stop wherever there is something to see."""
    referral = kitchen.refer(pathways=["heart-failure"], kinds=["scale", "cuff", "oximeter"], phone=PHONE)
    code = kitchen.open_the_box()
    who.go("/")
    camera.take("sign-in")
    sign_in(who, code)
    camera.take("start", desk=True)
    check_and_claim(who, kitchen)
    camera.take("check")
    choose_patient(who, referral, before=lambda page: camera.take(page) if page == "confirm" else None)
    kitchen.press_pairing_key("cuff")
    who.wait("Add the cuff")
    camera.take("devices", desk=True)
    who.press("Add the cuff")
    who.type("user", "1")
    who.press("Add the cuff")
    shown = kitchen.passkey_shown("cuff")
    who.wait("The cuff shows 6 digits.", "#said")
    who.type("passkey", f"{shown:06}")
    camera.take("passkey", at="passkey")
    who.press("Pair")
    who.wait("The cuff is paired", "#state")
    who.press("Next device")
    add_scale(who, kitchen)
    who.press("Next device")
    add_oximeter(who, kitchen)
    who.press("Next device")
    who.press("Go on to the test reading")
    for device in VALUES:
        try_device(who, kitchen, device)
    camera.take("test", at="run", desk=True)
    who.press("Go on to the limits")
    camera.take("limits")
    who.press("I have read them back. They are right")
    lock(who)
    camera.take("done", desk=True)


def main() -> int:
    """Nothing of this machine is in them: pages tell no path, and the door is on this machine alone."""
    TO.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory() as name,
        kitchen_table(Path(name)) as kitchen,
        phone_window(Path(name) / "profile") as window,
    ):
        camera = Camera(window)
        walk(Technician(window, f"https://127.0.0.1:{kitchen.setup_port}"), kitchen, camera)
        camera.keep()
    return 0


if __name__ == "__main__":
    sys.exit(main())
