"""Sounds, played by a small program: one soft note for `got it`, two for `do it again`, and none in quiet hours."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Final

from wardgate import config
from wardgate.capture.journal import Journal
from wardgate.indicate.moment import Moment, What
from wardgate.indicate.notes import ONE_NOTE, TWO_NOTES, wav

LONGEST_S: Final = 10.0
"""A player that takes longer for a second of sound hangs."""
_SOUNDS: Final[dict[What, str]] = {"got": "got", "again": "again"}
_NOTES: Final = {"got": ONE_NOTE, "again": TWO_NOTES}


class Sound:
    """Made on the running event loop. A player that does not play is told of once, and called again the next time."""

    name: Final = "sound"

    def __init__(self, settings: config.Indicator, journal: Journal, directory: Path) -> None:
        """The WAV files are made in `directory` when they are first needed."""
        self._player = settings.player
        self._journal = journal
        self._directory = directory
        self._last: tuple[What, int] | None = None
        self._wanted: asyncio.Queue[str] = asyncio.Queue(maxsize=1)

    def tell(self, moment: Moment, *, quiet: bool) -> None:
        """See `Indicator`. A moment that is told once more, in other words, sounds once."""
        sound, this = _SOUNDS.get(moment.what), (moment.what, moment.number)
        if sound is not None and this != self._last and not quiet:
            self._want(sound)
        self._last = this

    def identify(self, *, quiet: bool) -> None:
        """See `Indicator`."""
        if not quiet:
            self._want("again")

    def _want(self, sound: str) -> None:
        with contextlib.suppress(asyncio.QueueEmpty):
            self._wanted.get_nowait()  # the newest counts
            self._wanted.task_done()
        self._wanted.put_nowait(sound)

    async def played(self) -> None:
        """Wait until what was wanted has been played, or was not to be."""
        await self._wanted.join()

    async def run(self) -> None:
        """See `Indicator`."""
        while True:
            sound = await self._wanted.get()
            try:
                self._tell(sound, await self._play(await asyncio.to_thread(self._file, sound)))
            except OSError as error:
                self._tell(sound, f"{error.strerror}")
            finally:
                self._wanted.task_done()

    def _tell(self, sound: str, problem: str) -> None:
        if problem:
            self._journal.begin(
                "sound-broken",
                "attention",
                f"The hub's sound cannot be played ({problem}). Readings are not touched by it.",
                what_to_do=f"Try it: {' '.join(self._player)} {self._directory / sound}.wav",
            )
        else:
            self._journal.over("sound-broken", sentence="The hub's sound works again.")

    def _file(self, sound: str) -> Path:
        file = self._directory / f"{sound}.wav"
        if not file.exists():
            self._directory.mkdir(mode=0o700, exist_ok=True)
            unfinished = file.with_suffix(".new")
            unfinished.write_bytes(wav(_NOTES[sound]))
            unfinished.replace(file)
        return file

    async def _play(self, file: Path) -> str:
        """What went wrong; empty when it was played."""
        process = await asyncio.create_subprocess_exec(
            *self._player,
            str(file),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(LONGEST_S):
                status = await process.wait()
        except TimeoutError:
            return f"{self._player[0]} hangs"
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return f"{self._player[0]} ended with {status}" if status else ""
