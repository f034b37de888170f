"""How many of something, in words: for everybody who says a sentence."""

from __future__ import annotations


def count(n: float, noun: str, plural: str = "") -> str:
    """`1 reading`, `14 readings`, `1,331 readings`, `2.5 hours`."""
    number = f"{n:,}" if isinstance(n, int) else f"{n:g}"
    return f"{number} {noun}" if n == 1 else f"{number} {plural or noun + 's'}"
