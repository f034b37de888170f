"""Operating curves as SVG, written by hand: no drawing library is needed for lines on two axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from xml.sax.saxutils import escape

from wardgate_sim.cohort.types import Floats

_WIDTH, _HEIGHT = 720, 420
_LEFT, _RIGHT, _TOP, _BOTTOM = 60, 500, 40, 370
_FEWEST, _MOST = 0.2, 10.0
"""The rates that the picture spans, on a logarithmic axis."""
_RATES: Final = (0.2, 0.5, 1, 2, 5, 10)
_COLOURS: Final = ("#0b5cad", "#c2410c", "#15803d", "#7e22ce", "#a16207", "#be185d", "#0f766e", "#525252")
_DASHES: Final = ("", "7 3", "2 3", "9 3 2 3", "4 2", "1 2", "12 4", "6 2 1 2")
"""Lines differ in more than their colour, for who sees few colours."""


@dataclass(frozen=True, slots=True)
class Line:
    """One detector: sensitivity (0 to 1) over false alerts a patient-year."""

    name: str
    rates: Floats
    sensitivity: Floats
    ours: bool = False


def curves(title: str, lines: Sequence[Line]) -> str:
    """The picture as text."""
    box = f'viewBox="0 0 {_WIDTH} {_HEIGHT}"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {box} font-family="sans-serif" font-size="13" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>',
        f'<text x="{_LEFT}" y="24" font-size="15" font-weight="bold">{escape(title)}</text>',
        *_axes(),
    ]
    for i, line in enumerate(lines):
        parts += _line(i, line)
    return "\n".join([*parts, "</svg>\n"])


def _x(rate: float) -> float:
    share = math.log(rate / _FEWEST) / math.log(_MOST / _FEWEST)
    return round(_LEFT + share * (_RIGHT - _LEFT), 1)


def _y(sensitivity: float) -> float:
    return round(_BOTTOM - sensitivity * (_BOTTOM - _TOP), 1)


def _axes() -> list[str]:
    parts = []
    for rate in _RATES:
        x = _x(rate)
        parts.append(f'<line x1="{x}" y1="{_TOP}" x2="{x}" y2="{_BOTTOM}" stroke="#d4d4d4"/>')
        parts.append(f'<text x="{x}" y="{_BOTTOM + 18}" text-anchor="middle">{rate:g}</text>')
    for percent in range(0, 101, 20):
        y = _y(percent / 100)
        parts.append(f'<line x1="{_LEFT}" y1="{y}" x2="{_RIGHT}" y2="{y}" stroke="#d4d4d4"/>')
        parts.append(f'<text x="{_LEFT - 8}" y="{y + 4}" text-anchor="end">{percent} %</text>')
    middle = (_LEFT + _RIGHT) / 2
    parts.append(f'<text x="{middle}" y="{_BOTTOM + 40}" text-anchor="middle">false alerts a patient-year</text>')
    middle = (_TOP + _BOTTOM) / 2
    parts.append(
        f'<text x="16" y="{middle}" text-anchor="middle" transform="rotate(-90 16 {middle})">episodes found</text>'
    )
    return parts


def _line(i: int, line: Line) -> list[str]:
    colour, dash = _COLOURS[i % len(_COLOURS)], _DASHES[i % len(_DASHES)]
    inside = (line.rates >= _FEWEST) & (line.rates <= _MOST)
    pairs = zip(line.rates[inside].tolist(), line.sensitivity[inside].tolist(), strict=True)
    points = " ".join(f"{_x(rate)},{_y(found)}" for rate, found in pairs)
    style = f'stroke="{colour}" stroke-width="{3 if line.ours else 1.8}" stroke-dasharray="{dash}"'
    y = _TOP + 10 + 22 * i
    return [
        f'<polyline points="{points}" fill="none" {style}/>',
        f'<line x1="{_RIGHT + 14}" y1="{y - 4}" x2="{_RIGHT + 44}" y2="{y - 4}" {style}/>',
        f'<text x="{_RIGHT + 50}" y="{y}">{escape(line.name)}</text>',
    ]
