"""Reading aloud, after a press: recorded voices where an optional package has put them, else espeak-ng, else nothing.

espeak-ng is a program of its own: text in, WAV out. It says only what stands in our catalogue.
"""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from wardgate.screen.catalogue import Language
from wardgate.screen.said import Seen, said, sentences

VOICES: Final = Path("/usr/share/wardgate/voices")
SPEAKER: Final = "espeak-ng"
LONGEST_S: Final = 10.0
WORDS_A_MINUTE: Final = 130


@dataclass(frozen=True, slots=True)
class Sound:
    """What a browser plays."""

    media_type: str
    body: bytes


class Voice:
    """Made on the running event loop, or before it runs."""

    def __init__(self, voices: Path = VOICES, speaker: str = SPEAKER) -> None:
        self._voices = voices
        self._speaker = shutil.which(speaker)
        self._one_at_a_time = asyncio.Semaphore(1)

    def speaks(self, language: Language) -> bool:
        """Whether it can read this language aloud."""
        return self._speaker is not None or (self._voices / language.code).is_dir()

    async def say(self, seen: Seen, language: Language) -> Sound | None:
        """What stands on the screen now; None when nothing here can say it."""
        return await asyncio.to_thread(self._recorded, seen, language) or await self._spoken(seen, language)

    def _recorded(self, seen: Seen, language: Language) -> Sound | None:
        """One file for each sentence; MP3 frames stand by themselves, so that two files played on are one."""
        what, directory = said(seen), self._voices / language.code
        names = [f"headline-{what.headline}.mp3", *(f"line-{line}.mp3" for line in what.lines)]
        try:
            return Sound("audio/mpeg", b"".join((directory / name).read_bytes() for name in names))
        except OSError:
            return None

    async def _spoken(self, seen: Seen, language: Language) -> Sound | None:
        if self._speaker is None:
            return None
        headline, lines = sentences(seen, language)
        text = "\n".join((headline, *lines))
        async with self._one_at_a_time:
            process = await asyncio.create_subprocess_exec(
                self._speaker,
                *("-v", language.voice, "-s", str(WORDS_A_MINUTE), "-b", "1", "--stdin", "--stdout"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.DEVNULL,
            )
            try:
                async with asyncio.timeout(LONGEST_S):
                    body, _ = await process.communicate(text.encode())
            except TimeoutError:
                return None
            finally:
                if process.returncode is None:
                    process.kill()
                    await process.wait()
        return Sound("audio/wav", body) if process.returncode == 0 and body else None
