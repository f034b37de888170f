"""A hub that was held up itself does not take that for a device's silence."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator
from functools import partial

import pytest

from wardgate_drivers.link.arrivals import next_before_silence, next_within

PERIOD_S = 0.1
"""Of a device that sends."""
HELD_UP_S = 1.0
"""Nothing in this process gets on for so long."""


class Line:
    """What is written at one end is in the queue after the kernel had it."""

    def __init__(self) -> None:
        self.arrived: asyncio.Queue[bytes] = asyncio.Queue()
        self._reading, self._writing = os.pipe()
        asyncio.get_running_loop().add_reader(self._reading, self._take)

    def write(self, data: bytes) -> None:
        """One byte."""
        os.write(self._writing, data)

    def close(self) -> None:
        """Both ends."""
        asyncio.get_running_loop().remove_reader(self._reading)
        os.close(self._reading)
        os.close(self._writing)

    def _take(self) -> None:
        self.arrived.put_nowait(os.read(self._reading, 1))


@pytest.fixture
async def line() -> AsyncIterator[Line]:
    line = Line()
    yield line
    line.close()


async def test_what_came_while_nobody_could_look_is_there(line: Line) -> None:
    def hold_up() -> None:
        line.write(b"x")
        time.sleep(HELD_UP_S)

    asyncio.get_running_loop().call_soon(hold_up)
    assert await next_within(line.arrived, PERIOD_S) == b"x"


async def test_nothing_is_none_in_time(line: Line) -> None:
    assert await next_within(line.arrived, PERIOD_S) is None


async def test_a_device_that_sends_is_not_silent_because_the_hub_was_held_up(line: Line) -> None:
    async def send() -> None:
        for number in range(5):
            await asyncio.sleep(PERIOD_S)
            line.write(b"%d" % number)

    sending = asyncio.create_task(send())
    coming = partial(next_before_silence, line.arrived, 4 * PERIOD_S)
    first = await coming()
    asyncio.get_running_loop().call_soon(time.sleep, HELD_UP_S)
    heard = [await coming() for _ in range(5)]
    assert first == b"0"
    assert heard == [b"1", b"2", b"3", b"4", None]
    await sending
