"""A letter as one HTML file that needs nothing else: open it, print it, or make a PDF of it."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from markupsafe import Markup

from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment
from wardgate.ward.called import called
from wardgate.ward.letter.record import Record, Settings
from wardgate.ward.letter.say import PICTURE, letter
from wardgate.ward.letter.texts import Texts

_TONES: Final = {"target": "good", "up": "attention", "low": "attention", "different": "attention", "few": "unknown",
                 "none": "unknown"}  # fmt: skip


def page(record: Record, settings: Settings, texts: Texts, *, name: str = "", large: bool = False) -> str:
    """The letter. `name` is printed in place of the pseudonym and kept nowhere."""
    told = letter(record)
    return (
        environment(Assets(), "wardgate.ward.letter")
        .get_template("letter.html")
        .render(
            texts=texts,
            say=texts.say,
            settings=settings,
            name=name or called(record.patient),
            week=record.week,
            weeks=record.weeks,
            channels=told.channels,
            together=told.together,
            pictures=PICTURE,
            tones=_TONES,
            large=large,
            css=Markup(files("wardgate.ward.letter").joinpath("letter.css").read_text(encoding="utf-8")),  # noqa: S704 - ours
        )
        .strip()
        + "\n"
    )
