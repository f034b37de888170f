"""What is noted at the hub is kept, reaches the ward, and is refused when nobody would understand it."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.cli.test_commands import configuration, running, wardgate
from wardgate.cli.main import main
from wardgate.cli.status import lines
from wardgate.control.client import connect
from wardgate.control.protocol import ControlError

TRIAL = '[[watch.shadow]]\nname = "tight"\nrule = "weight.guideline_esc"\nlimits = { gain_3_days_kg = 1.0 }\n'


async def test_a_note_and_a_trial_at_a_running_hub(tmp_path: Path) -> None:
    config = configuration(tmp_path, 1, TRIAL)
    async with running(tmp_path, config):
        noted = await asyncio.to_thread(wardgate, "note", "diuretic_up", "--config", str(config))
        assert (noted.returncode, noted.stdout) == (0, "Noted: diuretic_up.\n")
        async with connect(tmp_path / "control.sock") as hub:
            async with asyncio.timeout(60):  # it is on its way to the disk
                while not (found := [e for e in await hub.call("events", limit=50) if e.code == "therapy-note"]):
                    pass
            (event,) = found
            assert event.detail == {"note": "diuretic_up"}
            with pytest.raises(ControlError, match="Did you mean `diuretic_up`"):
                await hub.call("note", note="diuretic_upp")
            standing = (await hub.call("note", note="standing")).sentence
            assert standing == "Noted: standing. It is about the next reading of the cuff, within 10 minutes from now."
            status = await hub.status()
            (trial,) = status.trials
            assert (trial.name, trial.limits, trial.raised) == ("tight", {"gain_3_days_kg": 1.0}, 0)
        (line,) = [line for line in lines(status) if line.startswith("On trial, ")]
        assert "tight (weight.guideline_esc): would have raised 0 alerts since" in line
        assert "broke" not in line
        fallen = replace(status, trials=(replace(trial, problem="ZeroDivisionError"),))
        assert any(line.endswith(" It broke: ZeroDivisionError.") for line in lines(fallen))
        told = json.loads((await asyncio.to_thread(wardgate, "status", "--json", "--config", str(config))).stdout)
        assert told["trials"][0]["rule"] == "weight.guideline_esc"


def test_a_note_that_means_nothing_and_a_hub_that_is_away(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    config = configuration(tmp_path, 1)
    assert main(["note", "beta_blocker", "--config", str(config)]) == 2
    assert "Did you mean `beta_blocker_up`?" in capsys.readouterr().err
    assert main(["note", "dry_weight:78.5", "--config", str(config)]) == 69
    assert "does not answer" in capsys.readouterr().err
