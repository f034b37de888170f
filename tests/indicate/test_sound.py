"""Sounds, by a stand-in for `aplay` that notes what it is given."""

from __future__ import annotations

import io
import sys
import wave
from pathlib import Path

import pytest

from tests.indicate.conftest import QUIET, Told, living, london, pressure, weighing
from wardgate import config
from wardgate.indicate.notes import ONE_NOTE, RATE_HZ, TWO_NOTES, wav
from wardgate.indicate.sound import Sound
from wardgate_sim.clock import LeapClock

PLAYER = """
import os, pathlib, sys
file = pathlib.Path(sys.argv[2])
assert file.read_bytes()[:4] == b"RIFF"
with open(sys.argv[1], "a") as log:
    log.write(file.stem + "\\n")
sys.exit(int(os.environ.get("PLAYER_ENDS_WITH", "0")))
"""


@pytest.fixture
def player(tmp_path: Path) -> config.Indicator:
    program = tmp_path / "player.py"
    program.write_text(PLAYER, encoding="utf-8")
    return config.Indicator(player=(sys.executable, str(program), str(tmp_path / "played")))


def played(directory: Path) -> list[str]:
    log = directory / "played"
    return log.read_text(encoding="utf-8").split() if log.exists() else []


async def silent(home: Told) -> None:
    """Until every sound that was wanted has been played."""
    (sound,) = home.hub.home.indicators
    assert isinstance(sound, Sound)
    await sound.played()


async def test_one_note_and_two(tmp_path: Path, player: config.Indicator) -> None:
    async with living(tmp_path, london(9), indicator=player) as home:
        await home.measured("scale", weighing(78.4))
        await home.shown(lambda v: v.moment.what == "got")
        await silent(home)
        await home.measured("cuff", pressure(status=("cuff-too-loose",)))
        await home.shown(lambda v: v.moment.what == "again")
        await silent(home)
    assert played(tmp_path) == ["got", "again"]


async def test_in_quiet_hours_there_is_no_sound(tmp_path: Path, player: config.Indicator) -> None:
    async with living(tmp_path, london(23), indicator=player, alerts=QUIET) as home:
        await home.measured("scale", weighing(78.4))
        await home.shown(lambda v: v.moment.what == "got")
        home.hub.home.identify()
        await silent(home)
    assert played(tmp_path) == []


async def test_where_quiet_was_asked_for_a_hub_without_the_time_keeps_silent(
    tmp_path: Path, player: config.Indicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(LeapClock, "synchronised", lambda _: False)
    async with living(tmp_path, london(12), indicator=player, alerts=QUIET) as home:
        await home.measured("scale", weighing(78.4))
        await home.shown(lambda v: v.moment.what == "got")
        await silent(home)
    assert played(tmp_path) == []


async def test_a_player_that_does_not_play_is_told_of_and_touches_nothing(
    tmp_path: Path, player: config.Indicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLAYER_ENDS_WITH", "1")
    async with living(tmp_path, london(9), indicator=player) as home:
        await home.measured("scale", weighing(78.4))
        await home.until(lambda: any(e.code == "sound-broken" for e in home.hub.store.events(50)))
        await home.measured("cuff", pressure())
        assert len(home.hub.store.readings(None, london(0))) == 2


async def test_a_player_that_is_not_there(tmp_path: Path) -> None:
    nobody = config.Indicator(player=("/no/such/player",))
    async with living(tmp_path, london(9), indicator=nobody) as home:
        await home.measured("scale", weighing(78.4))
        await home.until(lambda: any(e.code == "sound-broken" for e in home.hub.store.events(50)))


@pytest.mark.parametrize("notes", [ONE_NOTE, TWO_NOTES])
def test_the_notes_are_soft_and_end_in_silence(notes: tuple[tuple[float, float], ...]) -> None:
    with wave.open(io.BytesIO(wav(notes))) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, RATE_HZ)
        length_s = sum(length for _, length in notes)
        assert file.getnframes() == pytest.approx(length_s * RATE_HZ, abs=2)
        raw = file.readframes(file.getnframes())
    samples = [int.from_bytes(raw[i : i + 2], "little", signed=True) for i in range(0, len(raw), 2)]
    assert 4000 < max(map(abs, samples)) < 16384
    assert abs(samples[0]) < 100 > abs(samples[-1])
