"""The page's window: off until an act opens it, for a while, and never open after the machine was restarted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.living import RebootingClock
from wardgate.clock import Clock, SystemClock
from wardgate.control.client import connect
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import Audit, SetupCode, SignedIn, Window
from wardgate.control.server import ControlServer
from wardgate.control.signing_in import NOTES_AN_HOUR, WayIn
from wardgate.provision import signing_in
from wardgate.store import Store

PATIENCE_S = 60.0
PHONE = "192.168.1.20"


class Box:
    """A hub's way in, and the machine it runs on."""

    def __init__(self, directory: Path, clock: Clock) -> None:
        self.directory = directory
        self.clock = clock
        self.blinked = 0
        self.light = True
        self.moved = asyncio.Event()
        self._open()

    def _open(self) -> None:
        self.store = Store.open(self.directory / "wardgate.db", self.clock)
        self.way_in = WayIn(self.store, self.clock, self.socket, lambda _: self.moved.set(), self._blink)

    def _blink(self) -> bool:
        self.blinked += self.light
        return self.light

    @property
    def socket(self) -> Path:
        return self.directory / "control.sock"

    @property
    def mark(self) -> Path:
        """What systemd waits for."""
        return self.directory / "page-open"

    async def restart(self) -> None:
        await self.store.close()
        self._open()
        await self.way_in.begin()

    def lines(self) -> list[tuple[str, str]]:
        return [(row.what, row.by) for row in reversed(self.store.read.audit_rows(1000))]

    def view(self) -> Window:
        return self.way_in.view()


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(signing_in, "_SCRYPT", (16, 8, 1))


@pytest.fixture
def clock() -> RebootingClock:
    return RebootingClock()


@pytest.fixture
async def box(tmp_path: Path, clock: RebootingClock) -> AsyncIterator[Box]:
    box = Box(tmp_path, clock)
    await box.way_in.begin()
    yield box
    await box.store.close()


async def _key(doing: object) -> str:
    with pytest.raises(ControlError) as caught:
        await doing  # type: ignore[misc]  # a coroutine of a handler
    assert caught.value.sentence
    assert caught.value.what_to_do
    return caught.value.key


async def test_it_is_closed_until_it_is_opened_and_closes_after_half_an_hour(box: Box, clock: RebootingClock) -> None:
    assert box.view() == Window(open=False)
    assert not box.mark.exists()
    assert await box.way_in.open("button") == Window(open=True, left_s=1800.0, opened_by="button")
    assert box.mark.exists()
    clock.now += timedelta(minutes=29, seconds=59)
    await box.way_in.window.check()
    assert box.view().left_s == 1.0
    clock.now += timedelta(seconds=1)
    assert box.view() == Window(open=False)
    await box.way_in.window.check()
    assert not box.mark.exists()
    assert box.lines() == [("window-opened", "button"), ("window-closed", "hub")]


async def test_one_press_keeps_it_open(box: Box, clock: RebootingClock) -> None:
    extend = box.way_in.handlers()["extend_window"]
    assert await _key(extend({})) == "closed"
    await box.way_in.open("ward")
    clock.now += timedelta(minutes=27)
    assert await extend({}) == Window(open=True, left_s=1800.0, opened_by="ward")
    for _ in range(50):
        await extend({})
    assert box.lines() == [("window-opened", "ward"), ("window-extended", "page")]
    clock.now += timedelta(minutes=30)
    assert await _key(extend({})) == "closed"


async def test_it_can_be_closed_at_once(box: Box) -> None:
    close = box.way_in.handlers()["close_window"]
    await close({})
    await box.way_in.open("command", 60.0)
    assert await close({"by": "page"}) == Window(open=False)
    assert not box.mark.exists()
    assert box.lines() == [("window-opened", "command"), ("window-closed", "page")]


async def test_a_shorter_opening_takes_nothing_away(box: Box) -> None:
    await box.way_in.open("command", 60.0)
    assert (await box.way_in.open("button", 30.0)).left_s == 3600.0


async def test_it_stays_open_when_the_program_is_restarted(box: Box, clock: RebootingClock) -> None:
    await box.way_in.open("button")
    box.mark.unlink()  # as systemd does with a runtime directory
    clock.now += timedelta(minutes=10)
    await box.restart()
    assert box.view() == Window(open=True, left_s=1200.0, opened_by="button")
    assert box.mark.exists()


async def test_it_is_closed_when_the_machine_was_restarted(box: Box, clock: RebootingClock) -> None:
    await box.way_in.open("button", 60.0)
    clock.reboot(timedelta(seconds=1))
    await box.restart()
    assert box.view() == Window(open=False)
    assert not box.mark.exists()
    assert box.lines()[-1] == ("window-closed", "hub")
    lines = len(box.lines())
    await box.restart()
    assert len(box.lines()) == lines


@pytest.mark.parametrize("days", [400, -400])
async def test_the_wall_clock_neither_opens_nor_closes_it(box: Box, clock: RebootingClock, days: int) -> None:
    await box.way_in.open("button")
    clock.now += timedelta(days=days)
    clock.started += timedelta(days=days)
    await box.way_in.window.check()
    assert box.view().left_s == 1800.0


async def test_it_closes_by_itself(tmp_path: Path) -> None:
    box = Box(tmp_path, SystemClock())
    await box.way_in.begin()
    running = asyncio.create_task(box.way_in.run())
    await box.way_in.open("command", 0.001)
    async with asyncio.timeout(PATIENCE_S):
        while box.mark.exists():
            box.moved.clear()
            await box.moved.wait()
        while ("window-closed", "hub") not in box.lines():
            await box.store.write(lambda _: None)
    running.cancel()
    await asyncio.wait([running])
    await box.store.close()


async def test_nobody_signs_in_while_it_is_closed(box: Box, clock: RebootingClock) -> None:
    code = await box.way_in.signing_in.new_code("command")
    sign_in = box.way_in.handlers()["sign_in"]
    right = {"code": code, "address": PHONE}
    for _ in range(30):
        assert await _key(sign_in(right)) == "closed"
    await box.way_in.open("button")
    assert await sign_in(right) == SignedIn(window=Window(open=True, left_s=1800.0, opened_by="button"))
    clock.now += timedelta(minutes=30)
    assert await _key(sign_in(right)) == "closed"


async def test_closing_tells_of_wrong_codes_that_were_not_told(box: Box) -> None:
    await box.way_in.signing_in.new_code("command")
    await box.way_in.open("button")
    assert await _key(box.way_in.handlers()["sign_in"]({"code": "x", "address": PHONE})) == "wrong-code"
    await box.way_in.window.close("page")
    assert [what for what, _ in box.lines()][-2:] == ["window-closed", "sign-in-refused"]


async def test_what_only_the_page_sees_is_noted_and_fills_nothing(box: Box, clock: RebootingClock) -> None:
    note = box.way_in.handlers()["note_audit"]
    for _ in range(3 * NOTES_AN_HOUR):
        await note({"what": "stolen-cookie", "address": "192.168.1.66"})
    assert box.lines() == [("stolen-cookie", "page")] * NOTES_AN_HOUR
    clock.now += timedelta(hours=1, seconds=1)
    await note({"what": "taken-over", "address": PHONE})
    assert box.lines()[-1] == ("taken-over", "page")
    assert await _key(note({"what": "anything", "address": PHONE})) == "bad-request"


async def test_the_box_shows_itself(box: Box) -> None:
    blink = box.way_in.handlers()["blink"]
    await blink({})
    await box.way_in.pressed("short")
    assert (box.blinked, box.lines()) == (2, [])
    await box.way_in.pressed("held")
    assert (box.blinked, box.view().opened_by) == (3, "button")
    box.light = False
    assert await _key(blink({})) == "no-light"


async def test_over_the_control_socket(box: Box) -> None:
    """As a page and a command ask: types, words and all."""
    server = ControlServer(box.socket, box.way_in.handlers())
    await server.start()
    async with connect(box.socket) as hub:
        code = (await hub.ask("new_setup_code", SetupCode, by="command")).code
        assert not (await hub.ask("window", Window)).open
        assert (await hub.ask("open_window", Window, minutes=10, by="command")).left_s == 600.0
        wrong = hub.ask("sign_in", SignedIn, code="ZZZZ", address=PHONE)
        with pytest.raises(ControlError) as caught:
            await wrong
        assert (caught.value.key, caught.value.sentence) == ("wrong-code", "That code is not right. 4 tries left.")
        assert (await hub.ask("sign_in", SignedIn, code=code, address=PHONE)).window.open
        assert (await hub.ask("blink", Done)).sentence
        audit = await hub.ask("audit", Audit, limit=2)
        assert [entry.what for entry in audit.entries] == ["signed-in", "window-opened"]
        assert (audit.broken_at, audit.broken) == (None, ())
        for wrong_words in ({"minutes": 61}, {"minutes": 0}, {"by": "ward"}, {"more": 1}):
            with pytest.raises(ControlError) as caught:
                await hub.ask("open_window", Window, **wrong_words)
            assert caught.value.key == "bad-request"
    await server.stop()
