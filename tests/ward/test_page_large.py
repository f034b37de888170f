"""A ward on its worst day: the list stays one that a phone can show, and says what it leaves out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import msgspec

from tests.support.ward_page import LONDON, weight_gain
from wardgate.faces.assets import Assets
from wardgate.faces.words import Times
from wardgate.ward.accounts import Account
from wardgate.ward.page.board import Board, Open, key_of
from wardgate.ward.page.render import MOST_FOLLOWED, Renderer, Visitor

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
TIMES = Times(LONDON, NOW)
ALERT = weight_gain(raised=NOW - timedelta(hours=3))
MANY = tuple(Open(msgspec.structs.replace(ALERT, id=f"alert-{n}"), None, None) for n in range(2000))


def test_two_thousand_open_alerts() -> None:
    renderer = Renderer(Assets("wardgate.ward.page"))
    found = Board(NOW, MANY, MANY, None)
    html = renderer.board(found, TIMES, Visitor(Account("nurse-a", "nurse"), "key"))
    assert len(html) < 500_000
    assert html.count("The 200 worst of 2,000 are shown.") == 2
    assert f"row-{key_of(MANY[0])}" in html
    assert f"row-{key_of(MANY[MOST_FOLLOWED])}" not in html
    have = [key_of(item) for item in MANY[:MOST_FOLLOWED]]
    assert "new alert" not in renderer.parts(found, have, {}, TIMES)["news"], "none has come since"
    come = Open(msgspec.structs.replace(ALERT, id="alert-x", priority="high"), None, None)
    later = Board(NOW, (come, *MANY), (), None)
    assert "1 new alert" in renderer.parts(later, have, {}, TIMES)["news"]


def test_a_list_that_leaves_nothing_out_says_nothing_of_it() -> None:
    renderer = Renderer(Assets("wardgate.ward.page"))
    html = renderer.board(Board(NOW, MANY[:3], (), None), TIMES, Visitor(Account("nurse-a", "nurse"), "key"))
    assert "are shown" not in html
