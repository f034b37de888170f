"""Lights below /sys/class/leds (Documentation/leds/leds-class.rst of the kernel): up to three colours, or one for all.

Each meaning has a rhythm of its own, so that nobody has to tell colours apart:

got it          steady
do it again     quick, even blinking
measure now     a short flash every three seconds
ring your team  two short flashes every two seconds
this is the box flickering for ten seconds
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path
from typing import Final

from wardgate import config
from wardgate.capture.journal import Journal
from wardgate.indicate.moment import Moment, What

log: Final = logging.getLogger(__name__)

LEDS: Final = Path("/sys/class/leds")
IDENTIFY_S: Final = 10.0
Rhythm = tuple[float, ...]
"""Seconds on, off, on, off, ...; a single one: always on."""
STEADY: Final[Rhythm] = (1.0,)
_FLICKER: Final[Rhythm] = (0.1, 0.1)
RHYTHMS: Final[dict[What, Rhythm]] = {
    "got": STEADY,
    "again": (0.5, 0.5),
    "who": (0.5, 0.5),
    "due": (0.15, 2.85),
    "asked": (0.15, 2.85),
    "call": (0.15, 0.25, 0.15, 1.45),
}


class Led:
    """Made on the running event loop. A light that is broken or not there is told of once, and tried again."""

    name: Final = "light"

    def __init__(self, settings: config.Indicator, journal: Journal, leds: Path = LEDS) -> None:
        self._journal = journal
        self._directory = leds
        got, again, due = settings.led_got, settings.led_again, settings.led_due
        self._of: Final[dict[What, str | None]] = {
            "got": got, "again": again, "who": again, "due": due, "asked": due, "call": due,
        }  # fmt: skip
        self._all: Final = tuple(dict.fromkeys(name for name in (got, again, due) if name is not None))
        self._shown: tuple[tuple[str, ...], Rhythm] = ((), STEADY)
        self._identify_until_s = float("-inf")
        self._new = asyncio.Event()
        self._on: set[str] = set()

    def tell(self, moment: Moment, *, quiet: bool) -> None:
        """See `Indicator`. At night there is no light that only reminds."""
        name = None if quiet and moment.what == "due" else self._of.get(moment.what)
        self._shown = ((), STEADY) if name is None else ((name,), RHYTHMS[moment.what])
        self._new.set()

    def identify(self, *, quiet: bool) -> None:
        """See `Indicator`."""
        self._identify_until_s = asyncio.get_running_loop().time() + IDENTIFY_S
        self._new.set()

    async def run(self) -> None:
        """See `Indicator`."""
        try:
            while True:
                self._new.clear()
                try:
                    await self._show()
                except OSError as error:
                    self._broken(error)
                    await self._new.wait()
        finally:
            with contextlib.suppress(OSError):
                for name in self._all:
                    self._write(name, "brightness", "0")

    async def _show(self) -> None:
        """Until something new is told."""
        loop = asyncio.get_running_loop()
        left_s = self._identify_until_s - loop.time()
        names, rhythm = (self._all, _FLICKER) if left_s > 0 else self._shown
        ends_s = loop.time() + left_s if left_s > 0 else None
        await asyncio.to_thread(self._light, names, on=True)
        self._journal.over("light-broken", sentence="The hub's light works again.")
        if not names or rhythm == STEADY:
            await self._new.wait()
            return
        on = True
        while ends_s is None or loop.time() < ends_s:
            for wait_s in rhythm:
                if await self._told_within(wait_s):
                    return
                on = not on
                await asyncio.to_thread(self._light, names, on=on)

    async def _told_within(self, wait_s: float) -> bool:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(wait_s):
                await self._new.wait()
        return self._new.is_set()

    def _light(self, names: tuple[str, ...], *, on: bool) -> None:
        for name in self._all:
            shines = on and name in names
            if shines != (name in self._on):
                self._write(name, "trigger", "none")
                self._write(name, "brightness", self._read(name, "max_brightness") if shines else "0")
                (self._on.add if shines else self._on.discard)(name)

    def _write(self, name: str, what: str, value: str) -> None:
        (self._directory / name / what).write_text(f"{value}\n", encoding="ascii")

    def _read(self, name: str, what: str) -> str:
        return (self._directory / name / what).read_text(encoding="ascii").strip()

    def _broken(self, error: OSError) -> None:
        self._on.clear()
        self._journal.begin(
            "light-broken",
            "attention",
            f"The hub's light cannot be switched ({error.strerror}: {error.filename}). Readings are not touched by it.",
            what_to_do="See docs/patient-screen.md for the names of lights and who may switch them.",
        )
