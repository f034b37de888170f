"""Talks with Microlife's, Yonker's and Viatom's cuffs on the simulated radio."""

from __future__ import annotations

import asyncio

import pytest
from bumble.device import Connection

from tests.drivers.cuffs.conftest import ADDRESS, NOON, PRESSURE, Radio, Start, told
from tests.support.ear import Ear
from wardgate_drivers.link.errors import NotKeptError, TimedOutError
from wardgate_drivers.link.gatt import Ending, SessionEnd
from wardgate_drivers.measurement import DeviceTime, Outcome
from wardgate_drivers.protocol import microlife as microlife_talk
from wardgate_drivers.protocol import viatom_bp2 as bp2_talk
from wardgate_drivers.protocol import yonker as yonker_talk
from wardgate_sim.encode import lepu, microlife
from wardgate_sim.encode.civil import Civil
from wardgate_sim.firmware.device import DeviceClock
from wardgate_sim.firmware.microlife_cuff import MicrolifeCuff
from wardgate_sim.firmware.viatom_bp2 import ViatomBp2
from wardgate_sim.firmware.yonker_cuff import YonkerCuff
from wardgate_sim.radio import Link

YESTERDAY = Civil(2026, 11, 20, 21, 5, 0)
MEAN = {**PRESSURE, "mean": 100.0}


# Microlife


async def test_microlife_tells_its_memory_takes_the_time_and_hangs_up(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = MicrolifeCuff(link, ADDRESS, clock)
    await start(cuff)
    cuff.store({**PRESSURE, "systolic": 128.0}, YESTERDAY)
    await cuff.take(PRESSURE)
    end = await radio.talk(cuff, ear)
    assert end == SessionEnd(Ending.QUIET, measurements=2, rejected=0)
    assert told(ear) == [PRESSURE, {**PRESSURE, "systolic": 128.0}]
    assert [m.device_time for m in ear.measurements] == [
        DeviceTime.of(2026, 11, 21, 11, 58, 0),
        DeviceTime.of(2026, 11, 20, 21, 5, 0),
    ]
    assert [m.stored for m in ear.measurements] == [False, True]
    assert ear.calls.index("clock_set") > max(i for i, call in enumerate(ear.calls) if call == "measurement")
    assert clock.now() == NOON
    assert len(cuff.memory) == 2
    assert cuff.book.errors == []


async def test_microlife_full_memory(link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear) -> None:
    cuff = MicrolifeCuff(link, ADDRESS, clock)
    await start(cuff)
    for number in range(100):
        cuff.store({**PRESSURE, "systolic": 100.0 + number}, Civil.from_s(NOON.civil_s - 3600 * (100 - number)))
    await cuff.take({**PRESSURE, "systolic": 99.0})
    await radio.talk(cuff, ear)
    assert [values["systolic"] for values in told(ear)] == [99, *(float(n) for n in range(199, 100, -1))]


async def test_microlife_empty_memory(link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear) -> None:
    cuff = MicrolifeCuff(link, ADDRESS, clock)
    await start(cuff)
    cuff.wake(60)
    assert await radio.talk(cuff, ear) == SessionEnd(Ending.QUIET, measurements=0, rejected=0)
    assert clock.now() == NOON


async def test_microlife_is_sent_away_only_when_all_is_safe(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    ear.hold = True
    cuff = MicrolifeCuff(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(PRESSURE)
    talking = asyncio.create_task(radio.talk(cuff, ear))
    await ear.heard.wait()
    ear.commits[0].set_exception(OSError("disk full"))
    with pytest.raises(NotKeptError, match="disk full"):
        await talking
    assert clock.offset_s == -90.0


async def test_microlife_garbled_reply_is_asked_for_again(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microlife_talk, "REPLY_S", 2.0)

    class Noisy(MicrolifeCuff):
        asked = 0

        async def answer(self, connection: Connection, command: bytes) -> bool:
            self.asked += command[4] == microlife.GET
            if self.asked == 1:
                await self.say(connection, self._replies, bytes.fromhex("4d3a0002810b"))
                return True
            return await super().answer(connection, command)

    cuff = Noisy(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(PRESSURE)
    end = await radio.talk(cuff, ear)
    assert (end.measurements, end.rejected) == (1, 1)


async def test_microlife_silent(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(microlife_talk, "REPLY_S", 0.1)

    class Mute(MicrolifeCuff):
        async def answer(self, connection: Connection, command: bytes) -> bool:
            return True

    cuff = Mute(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(PRESSURE)
    with pytest.raises(TimedOutError, match="Press its Bluetooth key again"):
        await radio.talk(cuff, ear)


# Yonker


@pytest.mark.parametrize("older_first", [False, True])
async def test_yonker_tells_its_result_sometimes_after_an_older_one(
    older_first: bool, link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = YonkerCuff(link, ADDRESS, clock, older_first=older_first, linger_s=1.5)
    await start(cuff)
    cuff.store({**PRESSURE, "systolic": 128.0}, YESTERDAY)
    await cuff.take(PRESSURE)
    end = await radio.talk(cuff, ear)
    assert end.ending is Ending.HUNG_UP
    assert [m.stored for m in ear.measurements] == [False, True][: 1 + older_first]
    older = [{**PRESSURE, "systolic": 128.0}] if older_first else []
    assert told(ear) == [PRESSURE, *older]
    assert ear.measurements[0].device_time == DeviceTime.of(2026, 11, 21, 11, 58, 0)
    assert ear.clocks_set == []


async def test_yonker_hub_that_stays_hears_all_and_goes(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yonker_talk, "NEXT_S", 1.0)
    cuff = YonkerCuff(link, ADDRESS, clock, linger_s=30)
    await start(cuff)
    await cuff.take(PRESSURE)
    assert await radio.talk(cuff, ear) == SessionEnd(Ending.QUIET, measurements=1, rejected=0)


# BP2


async def test_bp2_tells_its_file(link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear) -> None:
    cuff = ViatomBp2(link, ADDRESS, clock)
    await start(cuff)
    cuff.store({**MEAN, "systolic": 128.0, "irregular": 1.0}, YESTERDAY)
    cuff.user = 278170
    await cuff.take(MEAN)
    end = await radio.talk(cuff, ear)
    assert end == SessionEnd(Ending.QUIET, measurements=2, rejected=0)
    assert told(ear) == [{**MEAN, "systolic": 128.0}, MEAN]
    assert [(m.user_index, m.status) for m in ear.measurements] == [(218071, ("irregular-pulse",)), (278170, ())]
    assert ear.measurements[1].device_time == DeviceTime.of(2026, 11, 21, 11, 58, 30)
    assert ear.clocks == [DeviceTime.of(2026, 11, 21, 11, 58, 30)]
    assert clock.now() == NOON
    assert ear.identities["serial"] == "0000000001"
    assert cuff.book.errors == []
    assert cuff.commands == [0x00, 0xE1, 0xF2, 0xF3, 0xF4, 0xEC]


async def test_bp2_large_file_comes_in_many_pieces(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = ViatomBp2(link, ADDRESS, clock)
    await start(cuff)
    for number in range(50):
        cuff.store({**MEAN, "pulse": 50.0 + number}, Civil.from_s(NOON.civil_s - 3600 * (50 - number)))
    await cuff.take(MEAN)
    await radio.talk(cuff, ear)
    assert [values["pulse"] for values in told(ear)] == [*(float(n) for n in range(50, 100)), 72]
    assert cuff.commands.count(0xF3) == 10


async def test_bp2_is_not_disturbed_while_it_measures(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bp2_talk, "LOOK_S", 0.1)
    cuff = ViatomBp2(link, ADDRESS, clock, measures_s=3.0)
    await start(cuff)
    measuring = asyncio.create_task(cuff.take(MEAN))
    end = await radio.talk(cuff, ear)
    assert measuring.done()
    assert (end.measurements, told(ear)) == (1, [MEAN])
    assert set(cuff.commands[: cuff.commands.index(0xE1)]) == {0x00}
    assert cuff.commands.count(0x00) > 2


async def test_bp2_cut_file_gives_nothing_and_is_counted(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lepu, "results_file", lambda records: bytes(10) + b"".join(records)[:-1])
    cuff = ViatomBp2(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(MEAN)
    end = await radio.talk(cuff, ear)
    assert (end.measurements, end.rejected) == (0, 1)


async def test_bp2_silent(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bp2_talk, "REPLY_S", 0.1)

    class Mute(ViatomBp2):
        async def answer(self, connection: Connection, command: bytes) -> bool:
            return True

    cuff = Mute(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take(MEAN)
    with pytest.raises(TimedOutError, match="did not answer to command 00"):
        await radio.talk(cuff, ear)


async def test_impossible_pressures_are_told_as_such(
    link: Link, clock: DeviceClock, radio: Radio, start: Start, ear: Ear
) -> None:
    cuff = MicrolifeCuff(link, ADDRESS, clock)
    await start(cuff)
    await cuff.take({"systolic": 80.0, "diastolic": 120.0, "pulse": 72.0})
    await radio.talk(cuff, ear)
    assert [m.outcome for m in ear.measurements] == [Outcome.IMPLAUSIBLE]
