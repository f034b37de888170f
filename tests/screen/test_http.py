"""Who gets the screen, and what it does with what it is sent."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.types import Message

from tests.screen.conftest import STATES, Served, served, view
from wardgate.config import Bare, BareHub, Page, Screen
from wardgate.control.messages import ScreenKey
from wardgate.faces.wire import BODY_DEADLINE_S, HEAD_DEADLINE_S, PromptHttp
from wardgate.indicate.screen_address import address
from wardgate.screen import ScreenError
from wardgate.screen.app import create_app
from wardgate.screen.door import Keys
from wardgate.screen.server import pair
from wardgate.screen.voice import Voice

LAN = Screen(listen="127.0.0.1", https=False)


@pytest.fixture
def lan(tmp_path: Path) -> Iterator[Served]:
    with served(tmp_path, LAN, Voice(tmp_path, "/no/such/speaker")) as screen:
        yield screen


def test_it_is_in_english_and_holds_no_more_than_it_may(screen: Served) -> None:
    answer = screen.ask()
    assert answer.status == 200
    assert '<html lang="en" dir="ltr">' in answer.text
    assert "Now: blood pressure" in answer.text
    assert len(answer.body) < 60 * 1024
    assert answer.headers["cache-control"] == "no-store"
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert 'style="' not in answer.text


@pytest.mark.parametrize("host", ["evil.example", "192.168.1.20", ""])
def test_by_itself_it_answers_this_machine_alone(screen: Served, host: str) -> None:
    assert screen.ask(Host=host).status == 421


def test_another_site_does_not_choose_the_language(screen: Served) -> None:
    assert screen.ask("/language", "POST", "language=ur", Origin="http://evil.example").status == 403


def test_a_language_is_kept_by_the_screen(screen: Served) -> None:
    chosen = screen.ask("/language", "POST", "language=ur", Origin=screen.address.rstrip("/"))
    assert (chosen.status, chosen.headers["location"]) == (303, "./")
    cookie = chosen.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    page = screen.ask(Cookie=cookie.partition(";")[0]).text
    assert '<html lang="ur" dir="rtl">' in page
    assert "اب: بلڈ پریشر" in page
    assert '<bdi dir="ltr">0116 000 0000</bdi>' in page


@pytest.mark.parametrize("body", ["language=tlh", "language=", "", "x" * 1000, "language=%00%ff", "language=en;DROP"])
def test_a_language_that_is_not_offered_changes_nothing(screen: Served, body: str) -> None:
    answer = screen.ask("/language", "POST", body)
    assert answer.status == 303
    assert "set-cookie" not in answer.headers


def test_a_form_as_long_as_a_book_is_refused(screen: Served) -> None:
    assert screen.ask("/language", "POST", "x" * 100_000).status == 413


def test_two_languages_are_one_press_apart(tmp_path: Path) -> None:
    with served(tmp_path, Screen(languages=("ur",), unreviewed=True)) as screen:
        page = screen.ask().text
    assert '<button name="language" value="ur" lang="ur" dir="rtl">اردو</button>' in page


def test_a_screen_with_one_language_has_no_button_for_it(tmp_path: Path) -> None:
    with served(tmp_path, Screen(languages=("ur",))) as screen:
        page = screen.ask().text
    assert "languages" not in page
    assert 'name="language"' not in page


def test_no_voice_no_button(lan: Served) -> None:
    page = lan.ask(f"/{lan.key}/").text
    assert 'id="listen"' not in page
    assert lan.ask(f"/{lan.key}/listen").status == 404


def test_the_hub_that_is_away(screen: Served) -> None:
    screen.silence()
    try:
        page = screen.ask().text
    finally:
        screen.wake()
    assert "The box is not answering" in page
    assert "Weight" not in page


def test_a_hub_without_a_patient(tmp_path: Path) -> None:
    with served(tmp_path, Screen()) as screen:
        del screen.handlers["home"]  # as such a hub answers
        assert "Not set up yet" in screen.ask().text


# On the home's network


@pytest.mark.parametrize(
    "path", ["/", "/live", "/listen", "/languages", "/wrong/", "/k3m9x7pqr2s4tv6/", "//", "/%2e%2e/"]
)
def test_without_the_key_there_is_nothing(lan: Served, path: str) -> None:
    answer = lan.ask(path)
    assert (answer.status, answer.text) == (404, "Not here.")
    assert "content-security-policy" in answer.headers


def test_with_the_key_there_is_the_screen(lan: Served) -> None:
    assert "Now: blood pressure" in lan.ask(f"/{lan.key}/").text
    assert lan.ask(f"/{lan.key}").headers["location"] == f"/{lan.key}/"
    assert lan.ask(f"/{lan.key}/language", "POST", "language=en", Origin="http://evil.example").status == 404
    assert lan.ask(f"/{lan.key}/", Host="kitchen.local").status == 200
    assert lan.key not in lan.ask(f"/{lan.key}/").text  # nothing in the page names it


def test_another_patient_s_old_tablet_sees_nothing(lan: Served) -> None:
    old = lan.key
    assert lan.ask(f"/{old}/").status == 200
    lan.key = "another2another3"
    assert lan.ask(f"/{old}/").status == 404
    assert lan.ask(f"/{lan.key}/").status == 200


def test_guessing_keys_costs_the_hub_nothing(lan: Served) -> None:
    assert lan.ask(f"/{lan.key}/").status == 200
    asked = []

    async def key(params: dict[str, Any]) -> ScreenKey:
        asked.append(params)
        return ScreenKey(key=lan.key)

    lan.handlers["screen_key"] = key
    for n in range(40):
        assert lan.ask(f"/guess{n}guess{n}/").status == 404
    assert len(asked) <= 5, "once in a second"
    assert lan.ask(f"/{lan.key}/").status == 200


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\nHost: ", b"POST /x/language HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\nlang"],
    ids=["nothing", "half a head", "half a form"],
)
def test_who_sends_drop_by_drop_is_let_go(lan: Served, monkeypatch: pytest.MonkeyPatch, sent: bytes) -> None:
    """A tablet that lost its network counts as open for ever else, and in weeks the screen takes nobody any more."""
    assert HEAD_DEADLINE_S <= BODY_DEADLINE_S <= 30
    monkeypatch.setattr(PromptHttp, "head_deadline_s", 0.2)
    monkeypatch.setattr(PromptHttp, "body_deadline_s", 0.2)
    with socket.create_connection(("127.0.0.1", lan.port), 60) as wire, contextlib.suppress(ConnectionError):
        wire.sendall(sent)
        while wire.recv(1000):
            pass


def test_while_the_hub_is_away_the_last_key_holds(lan: Served) -> None:
    lan.silence()
    try:
        assert lan.ask(f"/{lan.key}/").status == 404  # nobody has told it yet
    finally:
        lan.wake()
    assert lan.ask(f"/{lan.key}/").status == 200
    lan.silence()
    try:
        assert "The box is not answering" in lan.ask(f"/{lan.key}/").text
        assert lan.ask("/wrong/").status == 404
    finally:
        lan.wake()


def test_what_to_open_on_the_tablet() -> None:
    assert address(Screen(), 8078, None) == "http://127.0.0.1:8078/"
    assert address(Screen(listen="192.168.1.20"), 8078, "abc") == "https://192.168.1.20:8078/abc/"
    assert address(Screen(listen="192.168.1.20", https=False), 80, "abc") == "http://192.168.1.20:80/abc/"
    assert address(Screen(listen="fd00::1"), 8078, "abc") == "https://[fd00::1]:8078/abc/"
    assert not address(Screen(listen="0.0.0.0"), 8078, "abc").startswith("https://0.0.0.0")


def test_encryption_needs_a_certificate_and_says_so(tmp_path: Path) -> None:
    config = Bare(hub=BareHub(), screen=Screen(listen="0.0.0.0"), page=Page(state_dir=str(tmp_path)))
    with pytest.raises(ScreenError, match=r"Start the technician's page once"):
        pair(config)
    for name in ("page.pem", "page.key"):
        (tmp_path / name).touch()
    found = pair(config)
    assert found is not None
    assert found.certificate == tmp_path / "page.pem"


# Read aloud


def test_it_says_what_stands_there_in_the_screen_s_language(screen: Served) -> None:
    screen.show(STATES["has"])
    sound = screen.ask("/listen", Cookie="language=cy")
    assert sound.headers["content-type"] == "audio/wav"
    assert sound.text.startswith("RIFF-v cy")
    assert sound.text.endswith("Wedi'i gael. Diolch.\nMae gan eich tîm ef.")


def test_recorded_voices_come_first(tmp_path: Path) -> None:
    recorded = tmp_path / "voices" / "en"
    recorded.mkdir(parents=True)
    (recorded / "headline-due-cuff.mp3").write_bytes(b"first")
    (recorded / "line-due-cuff.mp3").write_bytes(b"second")
    with served(tmp_path, Screen(), Voice(tmp_path / "voices", "/no/such/speaker")) as screen:
        screen.show(view())
        sound = screen.ask("/listen")
        assert (sound.headers["content-type"], sound.body) == ("audio/mpeg", b"firstsecond")
        screen.show(STATES["call"])
        assert screen.ask("/listen").status == 404  # not recorded, and nobody else can say it


@pytest.mark.parametrize("chosen", [Screen(), LAN], ids=["by itself", "on the network"])
async def test_a_form_that_breaks_off_is_no_fault_of_the_screen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, chosen: Screen
) -> None:
    """A tablet that leaves the Wi-Fi while its language is chosen: no trace in the log."""

    async def fits(*_: object) -> bool:
        return True

    monkeypatch.setattr(Keys, "fits", fits)
    app = create_app(tmp_path / "none.sock", chosen)
    sent: list[Message] = [{"type": "http.request", "body": b"lang", "more_body": True}, {"type": "http.disconnect"}]
    said: list[Message] = []

    async def receive() -> Message:
        return sent.pop(0)

    async def send(message: Message) -> None:
        said.append(message)

    path = "/language" if chosen.listen is None else "/key/language"
    scope = {"type": "http", "method": "POST", "path": path, "query_string": b"", "headers": [(b"host", b"127.0.0.1")]}
    await app(scope, receive, send)
    assert [message.get("status") for message in said] == [400, None]
