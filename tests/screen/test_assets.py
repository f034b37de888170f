"""Weight, contrast, pictures, and what style sheet and script may not contain."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest
from markupsafe import Markup

from tests.page.test_assets import contrast
from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment

_SCREEN = files("wardgate.screen")
CSS = _SCREEN.joinpath("static", "screen.css").read_text(encoding="utf-8")
JS = _SCREEN.joinpath("static", "screen.js").read_text(encoding="utf-8")
DAY = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", CSS.partition(".night {")[0]))
NIGHT = {**DAY, **dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", CSS.partition(".night {")[2]))}
PICTURES = ("scale", "cuff", "oximeter", "thermometer", "heart-belt", "hand", "tick", "phone", "plug", "sun", "moon")
TEXT, SHAPE = 4.5, 3.0


def test_they_weigh_what_was_promised() -> None:
    assert len(CSS.encode()) <= 10 * 1024
    assert len(JS.encode()) <= 4 * 1024


@pytest.mark.parametrize("text", [CSS, JS], ids=["style", "script"])
def test_nothing_is_asked_of_anybody_else(text: str) -> None:
    assert not re.search(r"@import|@font-face|https?:|url\(", text)


@pytest.mark.parametrize("modern", ["=>", "`", "const ", "let ", "async ", "?.", "fetch("])
def test_the_script_is_for_old_tablets(modern: str) -> None:
    code = re.sub(r"//.*", "", JS)
    assert modern not in code


@pytest.mark.parametrize("ground", ["ground", "due", "good", "again", "tile-good"])
def test_words_are_read_on_every_ground(ground: str) -> None:
    assert contrast(DAY["ink"], DAY[ground]) >= TEXT


@pytest.mark.parametrize(
    ("shape", "ground"),
    [
        ("blue", "ground"),
        ("green", "ground"),
        ("edge", "ground"),
        ("again-edge", "ground"),
        ("again-edge", "again"),
        ("blue", "due"),
        ("green", "good"),
        ("ink", "yellow"),
        ("ink", "pale"),
        ("focus-ring", "focus"),
        ("focus-ring", "ground"),
    ],
)
def test_shapes_are_seen(shape: str, ground: str) -> None:
    assert contrast(DAY[shape], DAY[ground]) >= SHAPE


def test_white_words_on_the_buttons() -> None:
    assert contrast("#fff", DAY["blue"]) >= TEXT
    assert contrast("#fff", DAY["green"]) >= SHAPE  # the tick


@pytest.mark.parametrize(("ink", "ground", "least"), [
    ("ink", "ground", TEXT), ("panel-edge", "panel", SHAPE), ("edge", "ground", SHAPE), ("ink", "pale", SHAPE),
    ("focus", "ground", SHAPE),
])  # fmt: skip
def test_by_night_too(ink: str, ground: str, least: float) -> None:
    assert contrast(NIGHT[ink], NIGHT[ground]) >= least


def test_there_is_no_red() -> None:
    """Nothing alarms at home (UX.md section 7)."""
    for colour in re.findall(r"#([0-9a-f]{6}|[0-9a-f]{3})\b", CSS):
        wide = colour if len(colour) == 6 else "".join(c * 2 for c in colour)
        red, green, blue = (int(wide[i : i + 2], 16) for i in (0, 2, 4))
        assert not (red > 120 and green < 80 and blue < 80), colour


@pytest.mark.parametrize("badge", ["", "triangle", "question"])
@pytest.mark.parametrize("name", PICTURES)
def test_a_picture_is_simple(name: str, badge: str) -> None:
    """At most 7 shapes, without the badge, which is not part of the object."""
    env = environment(Assets("wardgate.screen"), "wardgate.screen")
    drawn = str(Markup(env.get_template("pictures.html").module.picture(name, badge)))  # type: ignore[attr-defined]
    shapes = len(re.findall(r"<(path|rect|circle)\b", drawn)) - (3 if badge else 0)
    assert 'viewBox="0 0 96 96"' in drawn
    assert 'aria-hidden="true"' in drawn
    assert 1 <= shapes <= 7
