"""The button on the box, from the bytes that the kernel writes."""

from __future__ import annotations

import asyncio
import os
import struct
from pathlib import Path

import pytest

from wardgate.control.client import connect
from wardgate.control.provisioning import Audit, Window
from wardgate.indicate import button
from wardgate.indicate.button import Button, Press, Presses
from wardgate.unassigned import Unassigned

PATIENCE_S = 60.0
KEY_RESTART = 0x198
"""What Raspberry Pi OS's gpio-key overlay sends, as any other key may."""


def event(at_s: float, value: int, *, kind: int = 1, code: int = KEY_RESTART) -> bytes:
    """`struct input_event` of a 64-bit kernel: two longs, two unsigned shorts, an int; little end first."""
    return struct.pack("<qqHHi", int(at_s), round(at_s % 1 * 1e6), kind, code, value)


def press(from_s: float, until_s: float, code: int = KEY_RESTART) -> bytes:
    sync = event(0, 0, kind=0, code=0)
    return event(from_s, 1, code=code) + sync + event(until_s, 0, code=code) + sync


@pytest.mark.parametrize(
    ("held_s", "presses"),
    [
        (0.0, ["short"]),
        (0.2, ["short"]),
        (2.999, ["short"]),
        (3.0, ["held"]),
        (29.0, ["held"]),
        (30.0, []),
        (900.0, []),
    ],
)
def test_a_press_is_short_or_held_or_stuck(held_s: float, presses: list[Press]) -> None:
    assert Presses().feed(press(1000.0, 1000.0 + held_s)) == presses


def test_bytes_come_in_any_pieces() -> None:
    data, presses = press(10.0, 14.0) + press(20.0, 20.1), Presses()
    assert [p for at in range(len(data)) for p in presses.feed(data[at : at + 1])] == ["held", "short"]


def test_repeats_do_not_count_nor_does_a_release_alone() -> None:
    repeats = b"".join(event(10.0 + n / 10, 2) for n in range(1, 40))
    assert Presses().feed(event(10.0, 1) + repeats + event(14.0, 0)) == ["held"]
    assert Presses().feed(event(14.0, 0)) == []
    assert Presses().feed(press(10.0, 14.0) + event(15.0, 0)) == ["held"]
    assert Presses().feed(event(14.0, 1, kind=5) + event(18.0, 0, kind=5)) == []  # a switch is no key


def test_two_keys_are_two_buttons() -> None:
    presses = Presses()
    data = event(10.0, 1, code=1) + event(12.0, 1, code=2) + event(12.5, 0, code=2) + event(13.5, 0, code=1)
    assert presses.feed(data) == ["short", "held"]


def test_after_lost_events_nothing_is_made_up() -> None:
    dropped = event(11.0, 0, kind=0, code=3)
    assert Presses().feed(event(10.0, 1) + dropped + event(14.0, 0)) == []


def test_a_clock_that_went_back_opens_nothing() -> None:
    assert Presses().feed(event(1000.0, 1) + event(10.0, 0)) == []


async def written(path: Path, data: bytes) -> int:
    """What the kernel writes, and the pipe it went into. Opening waits for the one who reads; that may be the one who
    has just seen the end, and lets go."""
    while True:
        fd = await asyncio.to_thread(os.open, path, os.O_WRONLY)
        try:
            os.write(fd, data)
        except BrokenPipeError:
            os.close(fd)
        else:
            return fd


async def test_a_real_device_file_is_read_and_looked_for_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe stands in for the kernel: it is not there, then it is, goes away, and comes back."""
    monkeypatch.setattr(button, "AGAIN_S", 0.0)
    path, heard = tmp_path / "event0", asyncio.Queue[Press]()
    running = asyncio.create_task(Button(path, heard.put).run())
    await asyncio.sleep(0)
    os.mkfifo(path)
    async with asyncio.timeout(PATIENCE_S):
        for held_s, expected in ((0.3, "short"), (4.0, "held")):
            fd = await written(path, press(100.0, 100.0 + held_s))
            assert await heard.get() == expected
            os.close(fd)
    running.cancel()
    await asyncio.wait([running])
    assert heard.empty()


async def test_held_it_opens_the_page_of_a_hub_fresh_from_its_box(tmp_path: Path) -> None:
    """The whole program, without a patient: nobody can type anything yet."""
    config, device, mark = tmp_path / "wardgate.toml", tmp_path / "event0", tmp_path / "page-open"
    config.write_text(
        f'[hub]\ndata_dir = "{tmp_path}/data"\ncontrol_socket = "{tmp_path}/control.sock"\n'
        f'[page]\nbutton = "{device}"\n',
        encoding="utf-8",
    )
    os.mkfifo(device)
    hub = Unassigned(config)
    running = asyncio.create_task(hub.run())
    async with asyncio.timeout(PATIENCE_S):
        fd = await asyncio.to_thread(os.open, device, os.O_WRONLY)
        assert not mark.exists()
        os.write(fd, press(100.0, 103.5))
        async with connect(tmp_path / "control.sock") as client:
            await client.ask("watch", bool)  # from here on nothing is missed
            moved = aiter(client.watch())
            while not (await client.ask("window", Window)).open:
                await anext(moved)
            assert (await client.ask("window", Window)).opened_by == "button"
            (entry,) = [e for e in (await client.ask("audit", Audit, limit=9)).entries if e.what == "window-opened"]
            assert entry.by == "button"
        assert mark.exists()
        os.close(fd)
    running.cancel()
    await asyncio.wait([running])
