"""The languages of the screen: one file each, whole sentences, and who has reviewed them."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from datetime import date
from importlib.resources import files
from typing import Any, Final, Literal

from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal

from wardgate.config import Screen

ORDER: Final = ("en", "cy", "pl", "ro", "pa", "ur", "bn", "gu", "ar", "pt")
"""English is the source of all others; Welsh; then by how many people in England and Wales speak it (2021 census)."""


@dataclass(frozen=True, slots=True)
class Language:
    """One language."""

    code: str
    name: str
    """In its own script."""
    locale: str
    date_pattern: str
    voice: str
    """As espeak-ng calls it."""
    reviewed: bool
    """By a native speaker; or it is the source of the others."""
    words: dict[str, str]
    headlines: dict[str, str]
    lines: dict[str, str]

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way it is written."""
        return "rtl" if Locale.parse(self.locale).text_direction == "rtl" else "ltr"

    def date(self, day: date) -> str:
        """`Sunday 22 November`."""
        return format_date(day, self.date_pattern, locale=self.locale)

    def line(self, key: str, **values: float) -> str:
        """A line, with its numbers as this language writes them. Digits are those of the devices."""
        shown = {
            name: format_decimal(value, "#,##0.#", locale="en", numbering_system="latn")
            for name, value in values.items()
        }
        return self.lines[key].format(**shown)


@functools.cache
def languages() -> dict[str, Language]:
    """All there are, by code."""
    directory = files("wardgate.screen").joinpath("languages")
    return {code: _read(code, directory.joinpath(f"{code}.toml").read_text(encoding="utf-8")) for code in ORDER}


def offered(chosen: Screen) -> tuple[Language, ...]:
    """What a screen may speak: English, and of the chosen ones those that somebody has reviewed, or was told not to."""
    asked = {chosen.language, *chosen.languages}
    found = languages()
    return tuple(
        found[code] for code in ORDER if code == "en" or (code in asked and (found[code].reviewed or chosen.unreviewed))
    )


def _read(code: str, text: str) -> Language:
    raw: dict[str, Any] = tomllib.loads(text)
    return Language(
        code=code,
        name=raw["name"],
        locale=raw["locale"],
        date_pattern=raw["date"],
        voice=raw["voice"],
        reviewed=bool(raw.get("source") or (raw["reviewed_by"] and raw["reviewed_on"])),
        words=raw["words"],
        headlines=raw["headlines"],
        lines=raw["lines"],
    )
