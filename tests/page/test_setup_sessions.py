"""Visits: whose they are, how they end, two technicians at once, a press that comes twice, a page that is too old."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread

import pytest

from tests.support.served_setup import Phone, ServedSetup, hidden
from tests.support.setup_hub import CLAIM, CUFF, NOW, SCALE, added, installation
from tests.support.web import Answer
from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError
from wardgate.page.setup.sessions import IDLE_S, Place, Sessions, Stolen

HERE, ELSEWHERE = Place("192.168.1.20", "Phone/1"), Place("192.168.1.66", "Phone/1")


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("setup"))
    home.start()
    yield home
    home.stop()


@pytest.fixture
def served(_served: ServedSetup) -> ServedSetup:
    """A hub out of its box; every test finds it so."""
    _served.begin_anew(installation("factory"))
    return _served


def notes(served: ServedSetup) -> list[str]:
    """What the audit was told."""
    return [params["what"] for params in served.hub.acts("note_audit")]


# In themselves


class Clock:
    now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_a_visit_ends_when_nobody_does_anything() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    cookie, session = sessions.begin(HERE, NOW)
    clock.now_s += IDLE_S - 1
    assert sessions.find(cookie, HERE) is session
    clock.now_s += IDLE_S - 1
    assert sessions.find(cookie, HERE, touch=False) is session
    clock.now_s += 2
    assert sessions.find(cookie, HERE) is None
    assert sessions.why_over(cookie) == "signed-out"


def test_a_page_that_is_only_kept_live_keeps_nobody_signed_in() -> None:
    clock = Clock()
    sessions = Sessions(clock=clock)
    cookie, _ = sessions.begin(HERE, NOW)
    for _ in range(20):
        clock.now_s += IDLE_S / 10
        sessions.find(cookie, HERE, touch=False)
    assert sessions.find(cookie, HERE) is None


@pytest.mark.parametrize("place", [ELSEWHERE, Place("192.168.1.20", "Other/1")])
def test_a_cookie_from_elsewhere_ends_the_visit_for_both(place: Place) -> None:
    sessions = Sessions()
    cookie, _ = sessions.begin(HERE, NOW)
    with pytest.raises(Stolen) as stolen:
        sessions.find(cookie, place)
    assert stolen.value.address == place.address
    assert sessions.find(cookie, HERE) is None
    assert sessions.find(cookie, place) is None


def test_cookies_cannot_be_guessed_and_are_not_kept() -> None:
    sessions = Sessions()
    cookies = {sessions.begin(HERE, NOW)[0] for _ in range(8)}
    assert len(cookies) == 8
    assert all(len(cookie) == 43 for cookie in cookies), "256 bits"
    assert not any(cookie in repr(vars(sessions)) for cookie in cookies)


def test_visits_that_are_begun_and_left_cost_no_memory_and_push_nobody_out() -> None:
    sessions = Sessions()
    cookie, session = sessions.begin(HERE, NOW)
    others = [sessions.begin(ELSEWHERE, NOW)[0] for _ in range(100)]
    assert sessions.find(cookie, HERE) is session
    assert sum(sessions.find(other, ELSEWHERE) is not None for other in others) < 10


def test_a_second_press_gets_what_the_first_one_got() -> None:
    async def press() -> None:
        _, session = Sessions().begin(HERE, datetime.now(UTC))
        done: list[str] = []
        go = asyncio.Event()

        async def act() -> str:
            await go.wait()
            done.append("once")
            return "/there"

        both = [asyncio.create_task(session.once("k", act)) for _ in range(2)]
        await asyncio.sleep(0)
        go.set()
        assert await asyncio.gather(*both) == ["/there", "/there"]
        assert await session.once("k", act) == "/there"
        assert done == ["once"]

    asyncio.run(press())


def test_a_press_that_met_no_hub_is_asked_again_when_it_is_sent_again() -> None:
    """Somebody reloads the page that said so: the browser sends the same form."""
    answers: list[str | ControlError] = [HubAway(Path("control.sock"), "it starts anew"), "/there", "/elsewhere"]

    async def press() -> None:
        _, session = Sessions().begin(HERE, datetime.now(UTC))

        async def act() -> str:
            answer = answers.pop(0)
            if isinstance(answer, ControlError):
                raise answer
            return answer

        with pytest.raises(HubAway):
            await session.once("k", act)
        assert await session.once("k", act) == "/there"
        assert await session.once("k", act) == "/there"

    asyncio.run(press())


# Served


def test_the_cookie_is_strict(served: ServedSetup) -> None:
    answer = served.phone().sign_in()
    kept = re.fullmatch(r"__Host-wardgate=[\w-]{43}; (.*)", answer.headers["set-cookie"])
    assert kept
    assert set(kept[1].lower().split("; ")) == {"httponly", "path=/", "samesite=strict", "secure"}


def test_a_stolen_cookie_is_worth_nothing_and_is_told(served: ServedSetup) -> None:
    phone = served.signed_in()
    thief = served.phone("Thief/1.0")
    thief.cookie = phone.cookie
    assert "continued from another phone" in thief.ask("/").text
    assert "continued from another phone" in phone.ask("/").text
    assert phone.ask("/setup/check").status == 303
    assert served.hub.acts("note_audit") == [{"what": "stolen-cookie", "address": "127.0.0.1"}]


def test_signing_out_ends_it(served: ServedSetup) -> None:
    phone = served.signed_in()
    old = phone.cookie
    answer = phone.post("/sign-out", hidden(phone.ask("/").text, "sign-out"))
    assert "max-age=0" in answer.headers["set-cookie"].lower()
    phone.cookie = old
    assert "Setup code" in phone.ask("/").text
    assert notes(served) == ["signed-out"]


def test_a_page_that_starts_anew_knows_nobody_and_the_hub_lost_nothing(served: ServedSetup) -> None:
    served.set(installation("assigned"))
    phone = served.signed_in()
    served.call(served.frame.sessions.end_all)
    assert "Setup code" in phone.ask("/").text
    phone.sign_in()
    assert "2 of 6 steps completed." in phone.ask("/").text


def second(served: ServedSetup) -> tuple[Phone, Phone, Answer]:
    """Two technicians, and what the second one sees."""
    first, other = served.signed_in(), served.phone("Second/1.0")
    served.change(now=NOW.replace(hour=10))
    assert other.sign_in().status == 303
    return first, other, other.ask("/setup/check")


def test_the_second_technician_is_asked_first(served: ServedSetup) -> None:
    first, other, seen = second(served)
    assert seen.status == 409
    assert "Someone else is setting up this hub" in seen.text
    assert "They began at 9:15am." in seen.text
    form = hidden(seen.text, "take-over")
    assert other.post("/setup/check", {**form, "act": "again"}).status == 409
    assert served.hub.acts("check_again") == []
    assert first.ask("/setup/check").status == 200


def test_the_second_technician_of_a_hub_that_is_away_is_told_so(served: ServedSetup) -> None:
    _, other, _ = second(served)
    served.silence()
    try:
        away = other.ask("/setup/check")
    finally:
        served.wake()
    assert (away.status, "The hub does not answer" in away.text) == (503, True)
    assert other.ask("/setup/check").status == 409


def test_taking_over_signs_the_first_one_out_and_says_so(served: ServedSetup) -> None:
    first, other, seen = second(served)
    assert other.post("/take-over", hidden(seen.text, "take-over")).headers["location"] == "/"
    assert other.ask("/setup/check").status == 200
    gone = first.ask("/")
    assert "Someone else has taken over setting up this hub." in gone.text
    assert first.ask("/setup/check").status == 303
    assert notes(served) == ["taken-over"]


def test_not_taking_over_changes_nothing(served: ServedSetup) -> None:
    first, other, seen = second(served)
    assert other.post("/sign-out", hidden(seen.text, "sign-out")).status == 303
    assert first.ask("/setup/check").status == 200


def test_when_the_first_one_has_gone_nobody_is_asked(served: ServedSetup) -> None:
    first, other, _ = second(served)
    first.post("/sign-out", hidden(first.ask("/").text, "sign-out"))
    assert other.ask("/setup/check").status == 200


def test_a_double_press_is_one_act(served: ServedSetup) -> None:
    phone = served.signed_in()
    form = phone.form("/setup/check", "claim", code=f"kitchen-7 {CLAIM}")
    answers: list[Answer] = []
    presses = [Thread(target=lambda: answers.append(phone.post("/setup/check", form))) for _ in range(3)]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert [(a.status, a.headers["location"]) for a in answers] == [(303, "/setup/check")] * 3
    assert len(served.hub.acts("claim")) == 1


def test_a_double_press_that_is_refused_is_refused_alike(served: ServedSetup) -> None:
    phone = served.signed_in()
    form = phone.form("/setup/check", "claim", code="kitchen-7 AAAA-AAAA-AAAA-AAAA")
    first, again = phone.post("/setup/check", form), phone.post("/setup/check", form)
    assert (first.status, again.status) == (422, 422)
    assert len(served.hub.acts("claim")) == 1
    mended = {**hidden(again.text, "claim"), "code": f"kitchen-7 {CLAIM}"}
    assert phone.post("/setup/check", mended).status == 303, "the page that said so has a fresh key"


def test_back_and_another_button_is_another_act(served: ServedSetup) -> None:
    """One page, opened once: what is pressed on it counts by the button and by what was filled in."""
    served.set(installation("assigned", devices=(added(SCALE), added(CUFF))))
    phone = served.signed_in()
    html = phone.ask("/setup/test").text
    begin = hidden(html, "begin")
    for device in ("scale", "cuff", "cuff"):
        assert phone.post("/setup/test", {**begin, "device": device}).status == 303
    assert [asked["device"] for asked in served.hub.acts("test_begin")] == ["scale", "cuff"]


def test_back_and_mended_is_another_act(served: ServedSetup) -> None:
    phone = served.signed_in()
    form = phone.form("/setup/check", "claim", code="kitchen-7 AAAA-AAAA-AAAA-AAAA")
    assert phone.post("/setup/check", form).status == 422
    assert phone.post("/setup/check", {**form, "code": f"kitchen-7 {CLAIM}"}).status == 303
    assert len(served.hub.acts("claim")) == 2


def test_a_page_that_is_too_old_does_nothing_and_shows_the_newest(served: ServedSetup) -> None:
    served.set(installation("assigned"))
    phone = served.signed_in()
    form = phone.form("/setup/patient/release", "release")
    served.change(revision=9, unsent=12)
    answer = phone.post("/setup/patient/release", form)
    assert answer.status == 409
    assert "This page is older than the hub&#39;s state. Here is the newest." in answer.text
    assert "12 messages of Copper Heron are not at the ward yet." in answer.text
    assert served.hub.seen.stage == "assigned"
    assert 'name="revision" value="9"' in answer.text


def test_what_the_audit_cannot_be_told_stops_nobody(served: ServedSetup) -> None:
    served.hub.refuse["note_audit"] = ControlError("not-kept", "The disk is full.")
    _, other, seen = second(served)
    assert other.post("/take-over", hidden(seen.text, "take-over")).status == 303


def test_the_pages_are_kept_open_by_one_press(served: ServedSetup) -> None:
    phone = served.signed_in()
    served.change(window=installation().window.__class__(open=True, left_s=240.0))
    text = phone.ask("/setup/check").text
    assert "This page closes in 4 minutes." in text
    form = {**hidden(text, "keep-open"), "back": "/setup/check"}
    assert phone.post("/keep-open", form).headers["location"] == "/setup/check"
    assert len(served.hub.acts("extend_window")) == 1
    assert "This page closes in 30 minutes." in phone.ask("/setup/check").text


@pytest.mark.parametrize(
    "back", ["https://evil.example/", "//evil.example", "/setup/../..", "/setup/check?x=//e", "/nothing", "", "\\\\e"]
)
def test_no_press_leads_elsewhere(served: ServedSetup, back: str) -> None:
    phone = served.signed_in()
    form = {**hidden(phone.ask("/").text, "keep-open"), "back": back}
    assert phone.post("/keep-open", form).headers["location"] == "/"
