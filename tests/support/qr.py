"""Reads a QR code from its modules, so that a test need not believe the program that drew it.

Versions 2 to 6, level M, byte mode, nothing scratched: no error is corrected. Layout after ISO/IEC 18004:2015.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

from selenium import webdriver
from selenium.webdriver.common.by import By

Matrix = Sequence[Sequence[bool]]

_BLOCKS_OF_M: Final = {2: (28,), 3: (44,), 4: (32, 32), 5: (43, 43), 6: (27, 27, 27, 27)}
"""Table 9: data codewords of each block."""
_LEVEL_M: Final = 0b00
_FORMAT_MASK: Final = 0b101010000010010
_MASKS: Final[tuple[Callable[[int, int], bool], ...]] = (
    lambda r, c: (r + c) % 2 == 0,
    lambda r, _: r % 2 == 0,
    lambda _, c: c % 3 == 0,
    lambda r, c: (r + c) % 3 == 0,
    lambda r, c: (r // 2 + c // 3) % 2 == 0,
    lambda r, c: r * c % 2 + r * c % 3 == 0,
    lambda r, c: (r * c % 2 + r * c % 3) % 2 == 0,
    lambda r, c: ((r + c) % 2 + r * c % 3) % 2 == 0,
)


_MODULES: Final = """
const [svg, done] = arguments, size = svg.viewBox.baseVal.width, side = size * 8, picture = new Image();
const text = new XMLSerializer().serializeToString(svg).replace('<svg ', `<svg width="${side}" height="${side}" `);
picture.onload = () => {
  const canvas = document.createElement('canvas'), pen = canvas.getContext('2d');
  canvas.width = canvas.height = side;
  pen.fillStyle = '#fff'; pen.fillRect(0, 0, side, side); pen.drawImage(picture, 0, 0, side, side);
  const dark = (r, c) => pen.getImageData(c * 8 + 4, r * 8 + 4, 1, 1).data[0] < 128;
  done([...Array(size)].map((_, r) => [...Array(size)].map((_, c) => dark(r, c))));
};
picture.src = 'data:image/svg+xml,' + encodeURIComponent(text);
"""


def modules(window: webdriver.Chrome) -> list[list[bool]]:
    """The code of the open page as it is drawn there, with its quiet zone."""
    found: list[list[bool]] = window.execute_async_script(_MODULES, window.find_element(By.CSS_SELECTOR, "svg.qr"))
    return found


def scanned(window: webdriver.Chrome, quiet: int = 4) -> str:
    """What the code of the open page says."""
    return read([row[quiet:-quiet] for row in modules(window)[quiet:-quiet]])


def read(matrix: Matrix) -> str:
    """What the code says; `matrix` without its quiet zone, dark is True."""
    size = len(matrix)
    version = (size - 17) // 4
    level, mask = _format(matrix)
    assert level == _LEVEL_M
    bits = [dark != _MASKS[mask](r, c) for r, c, dark in _data(matrix, size)]
    codewords = [_number(bits[i : i + 8]) for i in range(0, len(bits) - 7, 8)]
    return _text(_deinterleaved(codewords, _BLOCKS_OF_M[version]))


def _format(matrix: Matrix) -> tuple[int, int]:
    """Level and mask from the fifteen bits beside the upper left finder."""
    row = [matrix[8][c] for c in (0, 1, 2, 3, 4, 5, 7, 8)]
    column = [matrix[r][8] for r in (7, 5, 4, 3, 2, 1, 0)]
    found = _number([*row, *column]) ^ _FORMAT_MASK
    return found >> 13, found >> 10 & 0b111


def _data(matrix: Matrix, size: int) -> Iterator[tuple[int, int, bool]]:
    """Two columns at a time from the right, upwards and downwards in turn; the timing column is skipped."""
    upwards = True
    for right in (c if c > 6 else c - 1 for c in range(size - 1, 0, -2)):
        for r in range(size - 1, -1, -1) if upwards else range(size):
            for c in (right, right - 1):
                if not _is_function(r, c, size):
                    yield r, c, matrix[r][c]
        upwards = not upwards


def _is_function(r: int, c: int, size: int) -> bool:
    finders = (r < 9 and c < 9) or (r < 9 and c >= size - 8) or (r >= size - 8 and c < 9)
    timing = r == 6 or c == 6
    alignment = abs(r - (size - 7)) <= 2 and abs(c - (size - 7)) <= 2
    return finders or timing or alignment


def _deinterleaved(codewords: list[int], blocks: tuple[int, ...]) -> list[int]:
    """All blocks of these versions have one length, so they take turns."""
    (each,) = set(blocks)
    return [codewords[i * len(blocks) + b] for b in range(len(blocks)) for i in range(each)]


def _text(data: list[int]) -> str:
    bits = [bool(byte >> shift & 1) for byte in data for shift in range(7, -1, -1)]
    assert _number(bits[:4]) == 0b0100, "byte mode"
    length = _number(bits[4:12])
    return bytes(_number(bits[12 + 8 * i : 20 + 8 * i]) for i in range(length)).decode()


def _number(bits: Sequence[bool]) -> int:
    return sum(bit << i for i, bit in enumerate(reversed(bits)))
