"""The same by command line alone: the script that stands in docs/technician.md."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.support.journey import VALUES, refer
from tests.support.kitchen import DEVICES, HUB, Kitchen, kitchen_table
from tests.support.table_top import PATIENCE_S, until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
GUIDE = Path(__file__).parents[2] / "docs" / "technician.md"
PASSKEY = "482913"
"""The one in the guide."""


def guides_script() -> list[str]:
    """Its lines, without comments."""
    (block,) = re.findall(
        r"```sh\n(sudo wardgate provision claim .*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL
    )
    return [line for line in (line.partition(" #")[0].strip() for line in block.splitlines()) if line]


class Shell:
    """Runs the lines, while somebody in the room does with the devices what they ask for."""

    def __init__(self, kitchen: Kitchen) -> None:
        self.kitchen = kitchen
        self.behind: list[Thread] = []
        self.done: list[tuple[str, int, str]] = []
        self.waits = Event()
        """A command has said that it waits for a device."""

    def run(self, line: str) -> None:
        if line == "wait":
            for thread in self.behind:
                thread.join()
            return
        words = shlex.split(line.removesuffix("&"))
        assert words[:2] == ["sudo", "wardgate"], line
        if PASSKEY in words:
            words[words.index(PASSKEY)] = f"{self.kitchen.passkey_shown('cuff'):06}"
            until(lambda: self._stage_of("cuff") == "passkey-wanted", "nobody asks for the cuff's number")
        running = Thread(target=self._command, args=(line, words[2:]))
        running.start()
        self._hands(words[2:])
        if line.endswith("&"):
            self.behind.append(running)
        else:
            running.join()
            assert self.done[-1][1] == 0, self.done[-1]

    def _command(self, line: str, words: list[str]) -> None:
        self.done.append((line, *self.kitchen.command(*words, heard=self._heard)))

    def _heard(self, line: str) -> None:
        if line.startswith("Waiting for it"):
            self.waits.set()

    def _hands(self, words: list[str]) -> None:
        match words:
            case ["pair", device]:
                assert self.waits.wait(PATIENCE_S), f"nobody waits for the {device}"
                self.waits.clear()
                self.kitchen.press_pairing_key(device)
            case ["provision", "test", device]:
                until(lambda: self._is_tried(device), f"nobody tries the {device} out")
                self.kitchen.measure(device, VALUES[device])

    def _stage_of(self, device: str) -> str:
        return next(one.pairing for one in self.kitchen.ask().devices if one.id == device)

    def _is_tried(self, device: str) -> bool:
        run = self.kitchen.ask().test
        return run is not None and run.device == device and run.left_s is not None


def test_a_script_sets_a_hub_up(tmp_path: Path) -> None:
    with kitchen_table(tmp_path) as kitchen:
        kitchen.start_hub()
        referral = refer(kitchen)
        ours = {
            "kitchen-7 ABCD-EFGH-JKLM-NPQR": f"{HUB} {kitchen.code()}",
            "Copper Heron 93": f"{referral.words} {referral.digits}",
        }
        shell = Shell(kitchen)
        for line in guides_script():
            for theirs, mine in ours.items():
                line = line.replace(theirs, mine)
            shell.run(line)
        assert [done for done in shell.done if done[1] != 0] == []
        seen = kitchen.ask()
        assert (seen.stage, seen.patient, seen.tests_confirmed) == ("locked", referral.words, len(DEVICES))
        assert {(one.id, one.address) for one in seen.devices} == {(spec.id, spec.address) for spec in DEVICES}
        assert {one.device.id for one in kitchen.at_the_ward() if one.test} == set(VALUES)
        assert len(kitchen.assignments()) == 1
