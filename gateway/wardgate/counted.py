"""How many of something, in words: for everybody who says a sentence."""

from __future__ import annotations


def count(n: int, noun: str, plural: str = "") -> str:
    """`1 reading`, `14 readings`, `1,331 readings`."""
    return f"{n:,} {noun}" if n == 1 else f"{n:,} {plural or noun + 's'}"
