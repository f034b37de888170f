"""The recovery ladder over a real message bus, with the real helper script and a stand-in for systemctl."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.capture.conftest import HandClock, Told
from tests.support.bluez_stand_in import CUFF, CUFF_PATH, Adapter, Bus, Device, Watched
from wardgate.capture import bluez, recovery
from wardgate.capture.recovery import Budget, Hearing, Helper, Recovery, Step, StepFailedError
from wardgate.store.store import Store

SCRIPT = Path("deploy/radio-helper.sh").resolve()


class Machine:
    """The files between hub and helper, a /sys, and what systemctl was told."""

    def __init__(self, folder: Path) -> None:
        self.ask, self.answer, self.sys = folder / "ask", folder / "answer", folder / "sys"
        self._taken = self.ask
        self.told = folder / "systemctl.log"
        programs = folder / "bin"
        programs.mkdir()
        systemctl = programs / "systemctl"
        systemctl.write_text(f'#!/bin/sh\necho "$*" >>{self.told}\n', encoding="ascii")
        systemctl.chmod(0o755)
        self._environment = {"PATH": f"{programs}:{os.environ['PATH']}"}
        self.helped = asyncio.Event()

    def help(self) -> subprocess.CompletedProcess[str]:
        """What the path unit starts."""
        return subprocess.run(
            [SCRIPT, self._taken, self.answer, self.sys],
            env=self._environment,
            capture_output=True,
            text=True,
            check=False,
        )

    async def watch(self) -> None:
        """The path unit."""
        while True:
            if await asyncio.to_thread(self.ask.exists):
                self._taken = self.ask.replace(self.ask.with_suffix(".taken"))
                await asyncio.to_thread(self.help)
                self.helped.set()
            await asyncio.sleep(0.01)

    @property
    def systemctl(self) -> list[str]:
        return self.told.read_text(encoding="ascii").splitlines() if self.told.exists() else []


@pytest.fixture
async def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


@pytest.fixture
async def helper(machine: Machine) -> AsyncIterator[Helper]:
    watching = asyncio.ensure_future(machine.watch())
    yield Helper(machine.ask, machine.answer)
    watching.cancel()
    with suppress(asyncio.CancelledError):
        await watching


@pytest.fixture
def ladder(
    watched: Watched, helper: Helper, store: Store, told: Told, clock: HandClock, monkeypatch: pytest.MonkeyPatch
) -> Recovery:
    monkeypatch.setattr(recovery, "LOOK_S", 0.01)
    monkeypatch.setattr(recovery, "SETTLE_S", 5.0)
    return Recovery(watched.host, helper, Budget(store, clock, 1), lambda: [CUFF], told.journal, clock)


async def test_a_bluetoothd_that_hangs_is_restarted_and_the_bond_is_there(
    bus: Bus, watched: Watched, machine: Machine, ladder: Recovery, told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bluez, "CALL_S", 0.2)
    hanging = await bus.one_that_hangs()
    climbing = asyncio.ensure_future(ladder.climb("no-bluetoothd"))
    await machine.helped.wait()
    monkeypatch.setattr(bluez, "CALL_S", 30.0)  # the new one answers, however long it takes
    hanging.disconnect()
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    daemon.bus.export(CUFF_PATH, Device())
    assert await climbing is Step.RESTART_BLUETOOTHD
    assert machine.systemctl[0] == "kill --signal=KILL bluetooth.service"
    assert machine.systemctl[-1] == "restart bluetooth.service"
    assert (await told.until("radio-recovery")).detail == {
        "step": "restart-bluetoothd",
        "cause": "no-bluetoothd",
        "done": True,
        "bonds": "kept",
    }
    ladder.well()
    assert (await told.until("radio-recovered")).detail["step"] == "restart-bluetoothd"


async def test_the_steps_of_a_search_that_fails_end_with_one_restart_a_week(
    bus: Bus, watched: Watched, machine: Machine, ladder: Recovery, told: Told, clock: HandClock
) -> None:
    daemon = await bus.bluetoothd()
    adapter = Adapter()
    daemon.bus.export("/org/bluez/hci0", adapter)
    daemon.bus.export(CUFF_PATH, Device())
    (machine.sys / "class/bluetooth/hci0").mkdir(parents=True)
    await watched.until("on")
    assert [await ladder.climb("scan-fails") for _ in range(5)] == [
        Step.POWER_CYCLE,
        Step.RESTART_BLUETOOTHD,
        Step.RESET_ADAPTER,
        Step.REBOOT,
        None,
    ]
    assert adapter.switched == [True, False, True]  # at first by the hub's start
    assert machine.systemctl[-1] == "reboot"
    assert [e.detail["bonds"] for e in told.events if "bonds" in e.detail] == ["kept"] * 3
    await told.until("radio-stuck")
    assert await ladder.climb("scan-fails") is None  # it rests
    clock.s += recovery.REST_S + 1
    again = [await ladder.climb("scan-fails") for _ in range(4)]
    assert again == [Step.POWER_CYCLE, Step.RESTART_BLUETOOTHD, Step.RESET_ADAPTER, None]
    assert machine.systemctl.count("reboot") == 1


async def test_a_bond_that_is_missing_after_a_step_is_told(
    bus: Bus, watched: Watched, ladder: Recovery, told: Told
) -> None:
    daemon = await bus.bluetoothd()
    daemon.bus.export("/org/bluez/hci0", Adapter())
    await watched.until("on")
    await ladder.climb("scan-fails")
    assert (await told.until("radio-recovery")).detail["bonds"] == "missing"
    missing = await told.until("bonds-missing")
    assert missing.severity == "problem"
    assert missing.detail["addresses"] == CUFF


async def test_the_question_that_silence_asks(bus: Bus, watched: Watched) -> None:
    daemon = await bus.bluetoothd()
    adapter = Adapter()
    daemon.bus.export("/org/bluez/hci0", adapter)
    await watched.until("on")
    assert not await watched.host.listening()
    adapter.searching = True
    assert await watched.host.listening()


async def test_a_helper_has_a_moment_for_its_last_word(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The radio is back before the helper has said that it is done."""
    monkeypatch.setattr(recovery, "LOOK_S", 0.01)
    ask, answer = tmp_path / "ask", tmp_path / "answer"
    looks = 0

    def over() -> bool:
        nonlocal looks
        looks += 1
        if looks == 3:
            answer.write_text(f"{ask.read_text(encoding='ascii').split()[1]} done\n", encoding="ascii")
        return True

    await Helper(ask, answer).do(Step.RESTART_BLUETOOTHD, over)
    assert looks == 3


async def test_a_radio_that_is_back_waits_for_no_helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recovery, "LAST_WORD_S", 0.05)
    with pytest.raises(StepFailedError, match="it was over before the helper answered"):
        await Helper(tmp_path / "ask", tmp_path / "answer").do(Step.RESET_ADAPTER, lambda: True)


async def test_no_restart_of_the_hub_unless_it_is_configured(store: Store, clock: HandClock) -> None:
    assert not await Budget(store, clock, 0).take()


async def test_restarts_are_remembered_and_forgotten_after_a_week(store: Store, clock: HandClock) -> None:
    assert await Budget(store, clock, 2).take()
    clock.s += 86400
    assert await Budget(store, clock, 2).take()
    assert not await Budget(store, clock, 2).take()
    clock.s += 6 * 86400 + 1
    assert await Budget(store, clock, 2).take()


def test_how_quiet_a_home_is_is_learnt_anew_after_two_days() -> None:
    hearing = Hearing()
    now_s = 0.0
    for gap_s in [5000.0, *[2.0] * 100]:
        now_s += gap_s
        hearing.heard(now_s)
    hearing.heard(now_s := now_s + 5000.0)
    assert not hearing.is_deaf(now_s + 300.0)
    for _ in range(3 * 43200):
        hearing.heard(now_s := now_s + 2.0)
    assert hearing.is_deaf(now_s + 300.0)


def test_a_home_whose_first_night_is_quiet_has_no_deaf_adapter() -> None:
    hearing = Hearing()
    now_s = 0.0
    for _ in range(7200):  # an evening full of voices
        hearing.heard(now_s := now_s + 2.0)
    assert not hearing.is_deaf(now_s + 8 * 3600.0)


def test_the_helper_resets_a_usb_adapter_and_unblocks_bluetooth_alone(machine: Machine) -> None:
    usb = machine.sys / "devices/usb1/1-2"
    interface = usb / "1-2:1.0"
    (interface / "bluetooth/hci0").mkdir(parents=True)
    for file, text in (("authorized", "1"), ("idVendor", "0a12")):
        (usb / file).write_text(text, encoding="ascii")
    (interface / "bluetooth/hci0/device").symlink_to(interface)
    (machine.sys / "class/bluetooth").mkdir(parents=True)
    (machine.sys / "class/bluetooth/hci0").symlink_to(interface / "bluetooth/hci0")
    for name, kind in (("rfkill0", "wlan"), ("rfkill1", "bluetooth")):
        switch = machine.sys / "class/rfkill" / name
        switch.mkdir(parents=True)
        (switch / "type").write_text(kind + "\n", encoding="ascii")
        (switch / "soft").write_text("1\n", encoding="ascii")
    machine.ask.write_text("reset-adapter 12ab\n", encoding="ascii")
    assert machine.help().returncode == 0
    assert machine.answer.read_text(encoding="ascii") == "12ab done\n"
    assert (usb / "authorized").read_text(encoding="ascii") == "1\n"  # it was written
    assert (machine.sys / "class/rfkill/rfkill1/soft").read_text(encoding="ascii") == "0\n"
    assert (machine.sys / "class/rfkill/rfkill0/soft").read_text(encoding="ascii") == "1\n"


@pytest.mark.parametrize("question", ["format-disk 12ab\n", "reboot\n", "reboot ../../x\n", "", "reboot; 12ab\n"])
def test_the_helper_does_nothing_else(machine: Machine, question: str) -> None:
    machine.ask.write_text(question, encoding="ascii")
    assert machine.help().returncode == 1
    assert "failed" in machine.answer.read_text(encoding="ascii")
    assert machine.systemctl == []


def test_the_helper_follows_no_link(machine: Machine, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("reboot 12ab\n", encoding="ascii")
    machine.ask.symlink_to(tmp_path / "elsewhere")
    assert machine.help().returncode == 1
    assert machine.systemctl == []
