"""Every component in every state on one page, judged in a real Chromium at every width."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import ChoiceLoader, FileSystemLoader
from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.support.browser import chromium, resize
from tests.support.judged import faults
from tests.support.setup_hub import WARD_NOT_FOUND, WELL, installation
from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment
from wardgate.page.setup.check_step import Row
from wardgate.page.setup.forms import Tokens
from wardgate.page.setup.reasons import Told
from wardgate.page.setup.tasks import WORDS, Task, tasks

pytestmark = pytest.mark.browser
LONG = "Blood pressure cuff of a maker with a long name, Erythropoetinbestimmungsgerätehersteller"
REFUSED = Told(
    "wrong-passkey",
    "The cuff did not accept 482913. Type the 6 digits it shows now.",
    "The number is on the cuff's screen.",
    "/guide#wrong-passkey",
)
TONES = (
    ("good", "Working"),
    ("attention", "Battery low"),
    ("problem", "Pairing lost"),
    ("waiting", "Waiting for the ward"),
    ("none", "Not set up"),
)


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The components in a file, with the style sheet beside it."""
    directory = tmp_path_factory.mktemp("components")
    assets = Assets("wardgate.page")
    made = environment(assets, "wardgate.page")
    made.loader = ChoiceLoader([FileSystemLoader(Path(__file__).parent), made.loader or FileSystemLoader("/")])
    rows = [Row(c.key, c.tick, "Good", c.sentence) for c in (*WELL[:2], WARD_NOT_FOUND)]
    rows += [Row("Memory read", "unknown", "Not known", "This cuff keeps nothing."), Row("Clock", "waiting", "", LONG)]
    html = made.get_template("components.html").render(
        tokens=Tokens("csrf", 1, "/x", "key"),
        refused=REFUSED,
        long=LONG,
        tasks=[Task(n, "name", LONG if n == 3 else "Check the hub", state, "Why") for n, state in enumerate(WORDS, 1)],
        tones=TONES,
        ticked=rows,
    )
    css = assets.address("page.css")
    (directory / "page.css").write_bytes(getattr(assets.at(css), "body"))  # noqa: B009
    file = directory / "components.html"
    file.write_text(html.replace(css, "page.css").replace(assets.address("icon.svg"), "data:,"), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


def test_all_of_them_stand_at_every_width(window: webdriver.Chrome, page: Path) -> None:
    window.get(page.as_uri())
    assert faults(window) == []


def test_the_summary_has_the_focus_and_leads_to_the_field(window: webdriver.Chrome, page: Path) -> None:
    resize(window, 360)
    window.get(page.as_uri())
    assert window.switch_to.active_element.get_attribute("id") == "refused"
    window.find_element(By.CSS_SELECTOR, ".errors a").click()
    assert window.switch_to.active_element.get_attribute("id") == "passkey"
    described = window.switch_to.active_element.get_attribute("aria-describedby") or ""
    words = " ".join(window.find_element(By.ID, name).text for name in described.split())
    assert words == "6 digits The cuff did not accept 482913. Type the 6 digits it shows now."


def test_every_state_is_a_shape_and_a_word_too(page: Path) -> None:
    html = page.read_text(encoding="utf-8")
    for chip in re.findall(r'(?s)<span class="chip.*?</span>', html):
        assert "<svg" in chip
        assert re.sub(r"(?s)<[^>]+>", "", chip).strip()
    shapes = {tone: re.findall(rf'(?s)<svg class="shape {tone}".*?</svg>', html)[0] for tone, _ in TONES}
    drawn = [re.sub(r"<svg[^>]*>", "", shape) for shape in shapes.values()]
    assert len(set(drawn)) == 4, "a triangle for attention and for a problem, told apart by their words"


def test_forms_carry_whose_they_are(page: Path) -> None:
    for form in re.findall(r"(?s)<form.*?</form>", page.read_text(encoding="utf-8")):
        assert set(re.findall(r'type="hidden" name="([a-z]+)"', form)) == {"csrf", "key", "revision", "act"}
        assert 'method="post"' in form


@pytest.mark.parametrize(
    ("stage", "states"),
    [
        ("factory", ["now", "later", "later", "later", "later", "later"]),
        ("claimed", ["done", "todo", "later", "later", "later", "later"]),
        ("assigned", ["done", "done", "todo", "later", "todo", "todo"]),
        ("locked", ["done"] * 6),
    ],
)
def test_what_can_be_done_when(stage: str, states: list[str]) -> None:
    found = tasks(installation(stage))
    assert [task.state for task in found] == states
    assert all((task.link is None) == (task.state == "later") for task in found)
    assert [bool(task.note) for task in found].count(True) == ("later" in states)
