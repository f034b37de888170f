"""The letter's languages: one file each, whole sentences, and who has reviewed them. English is the source."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final, Literal

from babel import Locale
from babel.dates import format_date
from markupsafe import Markup

CODES: Final = ("en", "pl", "ur")


@dataclass(frozen=True, slots=True)
class Texts:
    """One language."""

    code: str
    locale: str
    reviewed: bool
    """By a native speaker; or it is the source of the others."""
    said: dict[str, str]

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way it is written."""
        return "rtl" if Locale.parse(self.locale).text_direction == "rtl" else "ltr"

    def full(self, day: date) -> str:
        """`21 November 2026`."""
        return format_date(day, "d MMMM y", locale=self.locale)

    def day(self, day: date) -> str:
        """`19 November`."""
        return format_date(day, "d MMMM", locale=self.locale)

    def say(self, key: str, **values: object) -> Markup:
        """A sentence. Numbers that a person dials or compares stay in one piece, left to right."""
        kept = {name: Markup("<bdi>{}</bdi>").format(value) for name, value in values.items()}
        return Markup.escape(self.said[key]).format(**kept)


@functools.cache
def texts(code: str) -> Texts:
    """A language.

    Raises:
        KeyError: there is none of that code.
    """
    if code not in CODES:
        raise KeyError(code)
    raw: dict[str, Any] = tomllib.loads(
        files("wardgate.ward.letter").joinpath("languages", f"{code}.toml").read_text(encoding="utf-8")
    )
    reviewed = bool(raw.get("source") or (raw["reviewed_by"] and raw["reviewed_on"]))
    return Texts(code, raw["locale"], reviewed, raw["letter"])
