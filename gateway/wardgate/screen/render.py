"""From what the hub says to HTML: named parts, the same for the first load and for every live change."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from jinja2 import Environment

from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment
from wardgate.indicate.moment import HomeView
from wardgate.screen.catalogue import Language
from wardgate.screen.said import Seen, said, sentences, tile_said


@dataclass(frozen=True, slots=True)
class Top:
    """Which part of the day, and which day."""

    part: str
    date: str


class Renderer:
    """Owns the templates."""

    def __init__(self, assets: Assets) -> None:
        self._env: Environment = environment(assets, "wardgate.screen")

    def page(self, seen: Seen, language: Language, offered: tuple[Language, ...], *, listen: bool) -> str:
        """The whole screen. `listen`: whether it can be read aloud."""
        headline, lines = sentences(seen, language)
        gone_headline, gone_lines = sentences("away", language)
        return self._env.get_template("screen.html").render(
            language=language,
            others=[other for other in offered if other.code != language.code],
            what=said(seen),
            view=_top(seen, language),
            tiles=_tiles(seen),
            phone=_phone(seen),
            headline=headline,
            lines=lines,
            gone=said("away"),
            gone_headline=gone_headline,
            gone_lines=gone_lines,
            listen=listen,
        )

    def parts(self, seen: Seen, language: Language) -> dict[str, str]:
        """Each part's HTML by its id. While the hub is away the plan stays as it was last known."""
        module = self._env.get_template("parts.html").module
        found = {
            "picture": module.panel_picture(said(seen)),  # type: ignore[attr-defined]  # a macro of the template
            "said": module.panel_said(*sentences(seen, language)),  # type: ignore[attr-defined]
        }
        if not isinstance(seen, str):
            found["top"] = module.top(_top(seen, language), language)  # type: ignore[attr-defined]
            found["tiles"] = module.tiles(_tiles(seen), language)  # type: ignore[attr-defined]
            found["ring"] = module.ring(_phone(seen), language)  # type: ignore[attr-defined]
        return {name: str(html).strip() for name, html in found.items()}

    def languages(self, language: Language, offered: tuple[Language, ...]) -> str:
        """Which language, each in its own script."""
        return self._env.get_template("languages.html").render(language=language, offered=offered)


def _top(seen: Seen, language: Language) -> Top:
    if not isinstance(seen, HomeView) or seen.part is None or seen.date is None:
        return Top("", "")
    return Top(seen.part, language.date(date.fromisoformat(seen.date)))


def _tiles(seen: Seen) -> list[object]:
    return [] if isinstance(seen, str) else [tile_said(tile) for tile in seen.tiles]


def _phone(seen: Seen) -> str:
    return "" if isinstance(seen, str) else seen.phone
