"""Weight, contrast, and what the style sheet, script and templates may not contain."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

import pytest

_PAGE, _FACES = files("wardgate.page"), files("wardgate.faces")
CSS = _FACES.joinpath("static", "page.css").read_text(encoding="utf-8")
JS = _FACES.joinpath("static", "live.js").read_text(encoding="utf-8")
TEMPLATES = {
    t.relative_to(str(p)).as_posix(): t.read_text(encoding="utf-8")
    for p in (_PAGE, _FACES)
    for t in Path(str(p)).rglob("*.html")
}
TOKENS = dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", CSS))
WHITE = "#fff"


def luminance(colour: str) -> float:
    """WCAG 2.2, "relative luminance"."""
    digits = colour.removeprefix("#")
    digits = digits if len(digits) == 6 else "".join(d * 2 for d in digits)
    channels = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(a: str, b: str) -> float:
    """WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((luminance(a), luminance(b)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_the_formula_is_wcags() -> None:
    assert contrast("#000", "#fff") == pytest.approx(21.0)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.005)


@pytest.mark.parametrize(
    ("ink", "ground", "least"),
    [
        ("ink", "ground", 4.5), ("ink", "wash", 4.5), ("quiet", "ground", 4.5), ("quiet", "wash", 4.5),
        ("good", "good-ground", 4.5), ("good", "ground", 4.5),
        ("attention", "attention-ground", 4.5), ("attention", "ground", 4.5),
        ("problem", "problem-ground", 4.5), ("problem", "ground", 4.5),
        ("link", "ground", 4.5), ("link", "wash", 4.5),
        ("mark", "ground", 4.5), ("mark", "band", 4.5), ("usual", "ground", 4.5), ("limit", "ground", 4.5),
        ("good", "wash", 3), ("attention", "wash", 3), ("problem", "wash", 3),
        ("band-edge", "ground", 3), ("border", "ground", 3), ("border", "wash", 3), ("focus", "focus-ring", 3),
    ],
)  # fmt: skip
def test_every_ink_can_be_read_on_its_ground(ink: str, ground: str, least: float) -> None:
    assert contrast(TOKENS[ink], TOKENS[ground]) >= least


@pytest.mark.parametrize("ground", ["header", "link", "limit"])
def test_white_can_be_read_on(ground: str) -> None:
    assert contrast(WHITE, TOKENS[ground]) >= 4.5


def test_colours_come_from_the_tokens() -> None:
    outside = CSS.partition("}")[2].partition("@media (forced-colors")[0]
    allowed = {"#fff", "#dbe7f1"}  # white on a ground of the table; the pale tint inside a picture's ink outline
    assert set(re.findall(r"#[0-9a-f]{3,6}\b", outside)) <= allowed


def test_nothing_comes_from_elsewhere() -> None:
    for text in (CSS, JS, *TEMPLATES.values()):
        for forbidden in ("@font-face", "@import", "http:", "https:", "//cdn", "url(//", "javascript:"):
            assert forbidden not in text
    assert re.findall(r"url\(", CSS) == []


def test_templates_need_no_inline_style_or_script() -> None:
    for text in TEMPLATES.values():
        assert not re.search(r"\sstyle=|\son[a-z]+=|<style|<script(?![^>]*src=)|\|\s*safe", text)


def test_the_layout_is_logical() -> None:
    physical = re.findall(
        r"(?<![\w-])(?:margin|padding|border)-(?:left|right|top|bottom)|text-align: (?:left|right)", CSS
    )
    assert physical == []


def test_weight() -> None:
    assert len(CSS.encode()) <= 25_000
    assert len(JS.encode()) <= 4_096
