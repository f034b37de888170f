"""Numbers and spans as a person writes them."""

from __future__ import annotations


def number(value: float, digits: int = 1) -> str:
    """2 for 2.0, 78.2 for 78.2."""
    return f"{value:.{digits}f}".rstrip("0").rstrip(".") if digits else f"{value:.0f}"


def days(span_days: float) -> str:
    """A span in whole days."""
    whole = round(span_days)
    return "less than a day" if span_days < 0.75 else "1 day" if whole <= 1 else f"{whole} days"
