"""Lights, on a directory that looks like /sys/class/leds."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.indicate.conftest import PATIENCE_S, living, london, weighing
from wardgate import config
from wardgate.capture.journal import Journal
from wardgate.clock import SystemClock
from wardgate.contract.messages import Event
from wardgate.indicate.led import RHYTHMS, Led
from wardgate.indicate.moment import Moment

GREEN, AMBER, BLUE = "board:green:status", "board:amber:status", "board:blue:status"
THREE = config.Indicator(led_got=GREEN, led_again=AMBER, led_due=BLUE)


def leds(directory: Path, *names: str) -> Path:
    """As the kernel shows them: a trigger of the kernel's own is on."""
    for name in names:
        led = directory / name
        led.mkdir(parents=True)
        for file, text in (("brightness", "0"), ("max_brightness", "255"), ("trigger", "none [mmc0] timer")):
            (led / file).write_text(f"{text}\n", encoding="ascii")
    return directory


class Watched(Led):
    """Tells each change of a light, as the kernel would see it."""

    def __init__(self, settings: config.Indicator, directory: Path) -> None:
        self.events: list[Event] = []
        super().__init__(settings, Journal("hub-1", SystemClock(), self._keep, lambda _: None), directory)
        self.changes: list[tuple[str, bool]] = []
        self._loop = asyncio.get_running_loop()
        self._happened = asyncio.Event()

    def _keep(self, event: Event) -> asyncio.Future[int]:
        self.events.append(event)
        self._happened.set()
        done: asyncio.Future[int] = self._loop.create_future()
        done.set_result(1)
        return done

    def _write(self, name: str, what: str, value: str) -> None:
        super()._write(name, what, value)
        if what == "brightness":
            self._loop.call_soon_threadsafe(self._noted, name, value != "0")

    def _noted(self, name: str, on: bool) -> None:
        self.changes.append((name, on))
        self._happened.set()

    async def until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                self._happened.clear()
                await self._happened.wait()


async def test_got_it_is_steady_and_green(tmp_path: Path) -> None:
    led = Watched(THREE, leds(tmp_path, GREEN, AMBER, BLUE))
    running = asyncio.create_task(led.run())
    led.tell(Moment(what="got", number=1, kind="scale"), quiet=False)
    await led.until(lambda: (GREEN, True) in led.changes)
    assert (tmp_path / GREEN / "brightness").read_text() == "255\n"
    assert (tmp_path / GREEN / "trigger").read_text() == "none\n"
    led.tell(Moment(what="done"), quiet=False)
    await led.until(lambda: led.changes == [(GREEN, True), (GREEN, False)])
    running.cancel()
    await asyncio.wait([running])


async def test_do_it_again_blinks_with_another_light(tmp_path: Path) -> None:
    led = Watched(THREE, leds(tmp_path, GREEN, AMBER, BLUE))
    running = asyncio.create_task(led.run())
    led.tell(Moment(what="again", number=1, kind="cuff", how="rest"), quiet=False)
    await led.until(lambda: led.changes[:3] == [(AMBER, True), (AMBER, False), (AMBER, True)])
    running.cancel()
    await asyncio.wait([running])
    assert (tmp_path / AMBER / "brightness").read_text() == "0\n"


def test_nobody_has_to_tell_colours_apart() -> None:
    """`got` is steady; `again`, `due` and `call` blink, each in its own rhythm."""
    assert len(RHYTHMS["got"]) == 1
    assert len({RHYTHMS["got"], RHYTHMS["again"], RHYTHMS["due"], RHYTHMS["call"]}) == 4


async def test_one_light_serves_for_all(tmp_path: Path) -> None:
    one = config.Indicator(led_got=GREEN, led_again=GREEN, led_due=GREEN)
    led = Watched(one, leds(tmp_path, GREEN))
    running = asyncio.create_task(led.run())
    led.tell(Moment(what="again", number=1, kind="cuff", how="rest"), quiet=False)
    await led.until(lambda: led.changes[:2] == [(GREEN, True), (GREEN, False)])
    running.cancel()
    await asyncio.wait([running])


async def test_this_is_the_box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("wardgate.indicate.led.IDENTIFY_S", 0.5)
    led = Watched(THREE, leds(tmp_path, GREEN, AMBER, BLUE))
    running = asyncio.create_task(led.run())
    led.identify(quiet=False)
    await led.until(lambda: {(GREEN, True), (AMBER, True), (BLUE, True)} <= set(led.changes))
    led_on = {name for name, on in led.changes if on}
    await led.until(lambda: {name for name, on in led.changes[-3:] if not on} == led_on)
    running.cancel()
    await asyncio.wait([running])


async def test_a_light_that_is_not_there_is_told_of_once_and_comes_back(tmp_path: Path) -> None:
    led = Watched(THREE, tmp_path)
    running = asyncio.create_task(led.run())
    led.tell(Moment(what="got", number=1, kind="scale"), quiet=False)
    await led.until(lambda: len(led.events) == 1)
    led.tell(Moment(what="got", number=2, kind="scale"), quiet=False)
    leds(tmp_path, GREEN, AMBER, BLUE)
    led.tell(Moment(what="got", number=3, kind="scale"), quiet=False)
    await led.until(lambda: (GREEN, True) in led.changes and len(led.events) == 2)
    assert [e.code for e in led.events] == ["light-broken", "light-broken-over"]
    assert not running.done()
    running.cancel()
    await asyncio.wait([running])


async def test_a_broken_light_does_not_touch_a_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fall(*_: object, **__: object) -> None:
        raise RuntimeError("a light with a bug")

    monkeypatch.setattr(Led, "tell", fall)
    monkeypatch.setattr(Led, "run", fall)
    async with living(tmp_path, london(9), indicator=THREE) as home:
        await home.measured("scale", weighing(78.4))
        await home.hub.intake.drained()
        assert len(home.hub.store.readings(None, london(0))) == 1
        assert home.hub.watcher.usual("weight") is None  # one reading is not yet a level: it was taken in
        assert home.hub.watcher.waiting == 0
