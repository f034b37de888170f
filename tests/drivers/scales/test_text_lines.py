"""Scales that write lines: bytes as they come, one measurement for what stands still."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ear import Ear
from wardgate_drivers.errors import Reason
from wardgate_drivers.link.text_lines import LONGEST_LINE
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.model.declaration import Serial, SerialSession
from wardgate_drivers.model.tanita import TANITA_SCALE
from wardgate_drivers.model.weighing_indicator import WEIGHING_INDICATOR

TANITA = b'{0,16,~0,1,~1,1,~2,1,MO,"SC-240",SN,"00000002",Wk,64.3,CS,47\r\n'
STONES = b'{0,16,~0,1,MO,"HD-351BT",Ws,10.05.4,CS,39\r\n'
EMPTY = b"ST,GS,+  0.00kg\r\n"
MOVING = b"US,GS,+ 41.30kg\r\n"
STILL = b"ST,GS,+ 79.40kg\r\n"


def session(ear: Ear, model: str = "indicator") -> SerialSession:
    link = (TANITA_SCALE if model == "tanita" else WEIGHING_INDICATOR).link
    assert isinstance(link, Serial)
    return link.open_session(ear)


def weights(ear: Ear) -> list[tuple[float, str]]:
    return [(q.value, q.unit) for m in ear.measurements if (q := m.value("weight"))]


async def test_tanita_results_one_after_the_other(ear: Ear) -> None:
    line = session(ear, "tanita")
    assert line.start() == b""
    assert await line.feed(TANITA + STONES) == b""
    assert weights(ear) == [(64.3, "kg"), (145.4, "lb")]
    assert [m.frame for m in ear.measurements] == [TANITA, STONES]


async def test_tanita_true_line_behind_a_cut_one_is_found(ear: Ear) -> None:
    await session(ear, "tanita").feed(TANITA[:30] + STONES + TANITA)
    assert weights(ear) == [(145.4, "lb"), (64.3, "kg")]


async def test_tanita_changed_digit_is_refused(ear: Ear) -> None:
    await session(ear, "tanita").feed(TANITA.replace(b"64.3", b"74.3") + TANITA)
    assert [error.reason for error, _ in ear.rejections] == [Reason.BAD_CHECKSUM]
    assert weights(ear) == [(64.3, "kg")]


async def test_line_is_not_done_before_it_is_safe(ear: Ear) -> None:
    ear.hold = True
    feeding = asyncio.create_task(session(ear, "tanita").feed(TANITA))
    await ear.heard.wait()
    assert not feeding.done()
    ear.commits[0].set_result(None)
    assert await feeding == b""


async def test_indicator_gives_one_weight_a_load(ear: Ear) -> None:
    line = session(ear)
    for _ in range(2):
        await line.feed(EMPTY + MOVING + STILL * 20 + MOVING + EMPTY)
    assert weights(ear) == [(79.4, "kg")] * 2
    assert ear.rejections == []


async def test_indicator_that_prints_once_is_heard(ear: Ear) -> None:
    await session(ear).feed(MOVING + STILL)
    assert weights(ear) == [(79.4, "kg")]


async def test_person_who_shifts_from_foot_to_foot_is_weighed_once(ear: Ear) -> None:
    await session(ear).feed(STILL + MOVING + b"ST,GS,+ 79.50kg\r\n" * 5 + MOVING + STILL * 5)
    assert weights(ear) == [(79.4, "kg")]


async def test_person_who_held_on_first_is_weighed_again(ear: Ear) -> None:
    await session(ear).feed(b"ST,GS,+ 61.20kg\r\n" * 3 + MOVING + STILL * 3)
    assert weights(ear) == [(61.2, "kg"), (79.4, "kg")]


async def test_one_other_line_amid_a_load_is_not_believed(ear: Ear) -> None:
    await session(ear).feed(STILL * 4 + b"ST,GS,+ 19.40kg\r\n" + STILL * 4)
    assert weights(ear) == [(79.4, "kg")]


@pytest.mark.parametrize(
    "line",
    [EMPTY, MOVING, b"OL,GS,+      kg\r\n", b"ST,GS,-  4.20kg\r\n", b"ST,TR,+ 12.00kg\r\n"],
)
async def test_unstable_empty_overload_and_tare_are_no_weights(ear: Ear, line: bytes) -> None:
    await session(ear).feed(line * 3)
    assert ear.measurements == []
    assert ear.rejections == []


async def test_too_heavy_for_a_person_is_no_reading(ear: Ear) -> None:
    await session(ear).feed(b"ST,GS,+ 979.4kg\r\n")
    assert ear.measurements == []


@pytest.mark.parametrize("end", [b"\r", b"\n", b"\r\n", b"\r\r\n"])
async def test_any_line_end_will_do(ear: Ear, end: bytes) -> None:
    await session(ear).feed(STILL.rstrip() + end)
    assert weights(ear) == [(79.4, "kg")]
    assert ear.measurements[0].frame == STILL


async def test_session_that_begins_amid_a_line(ear: Ear) -> None:
    await session(ear).feed(STILL[5:] + STILL)
    assert [error.reason for error, _ in ear.rejections] == [Reason.BAD_HEADER]
    assert weights(ear) == [(79.4, "kg")]


async def test_noise_before_a_line_is_left_out(ear: Ear) -> None:
    await session(ear).feed(b"\x00\xff\x80US,G" + STILL)
    assert [m.frame for m in ear.measurements] == [STILL]


async def test_endless_noise_is_dropped(ear: Ear) -> None:
    line = session(ear)
    await line.feed(b"x" * (LONGEST_LINE + 1))
    await line.feed(STILL)
    assert [error.reason for error, _ in ear.rejections] == [Reason.NO_FRAME]
    assert weights(ear) == [(79.4, "kg")]


@given(
    st.lists(st.sampled_from([TANITA, STONES]), min_size=1, max_size=4),
    st.lists(st.integers(min_value=1, max_value=40), min_size=1),
)
def test_any_cutting_gives_the_same_lines(lines: list[bytes], cuts: list[int]) -> None:
    async def feed() -> list[bytes]:
        ear, data = Ear(), b"".join(lines)
        line = session(ear, "tanita")
        while data:
            size = cuts[len(data) % len(cuts)]
            await line.feed(data[:size])
            data = data[size:]
        return [m.frame for m in ear.measurements]

    assert asyncio.run(feed()) == lines


@given(st.lists(st.binary(max_size=60) | st.sampled_from([STILL, MOVING, EMPTY, TANITA, b"\r\n"]), max_size=20))
def test_noise_never_breaks_a_session(pieces: list[bytes]) -> None:
    async def feed() -> list[Ear]:
        ears = [Ear(), Ear()]
        for ear, model in zip(ears, ("indicator", "tanita"), strict=True):
            line = session(ear, model)
            for piece in pieces:
                await line.feed(piece)
        return ears

    indicator, tanita = asyncio.run(feed())
    assert all(m.outcome is Outcome.DECODE for m in indicator.measurements)
    assert all(m.frame == TANITA for m in tanita.measurements)
