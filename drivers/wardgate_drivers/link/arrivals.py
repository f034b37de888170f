"""Waiting for what a device sends, so that a hub which was itself held up does not take that for silence."""

from __future__ import annotations

import asyncio
from typing import Final, TypeVar

T = TypeVar("T")

_PARTS: Final = 4
"""A silence is waited for in so many parts: one long hold-up of the hub is one of them at most."""


async def next_within(arrived: asyncio.Queue[T], within_s: float | None) -> T | None:
    """The next of them; None when nothing came in time. With None for a time it is waited for without end.

    What came while the program could not look is there, however late it is.
    """
    try:
        async with asyncio.timeout(within_s):
            return await arrived.get()
    except TimeoutError:
        return None if arrived.empty() else arrived.get_nowait()


async def next_before_silence(arrived: asyncio.Queue[T], silence_s: float | None) -> T | None:
    """The next of them; None when the device has been silent for so long. With None for a time it never is."""
    for _ in range(_PARTS):
        came = await next_within(arrived, None if silence_s is None else silence_s / _PARTS)
        if came is not None:
            return came
    return None
