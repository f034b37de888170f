"""What holds for a patient, in sentences: from the plan that is active, as the detectors decide it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.table import Table
from wardgate.config import Device, Watch, load
from wardgate.config.sections import Weight
from wardgate.contract.signing import PrivateKey
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Limits
from wardgate.overlay import Overlay
from wardgate.pathways.known import RULES
from wardgate.pathways.pathway import names
from wardgate.provision import limits
from wardgate.ward.commands import configuration
from wardgate.watch.plan import make_plan
from wardgate_sim.clock import LeapClock
from wardgate_sim.radio import Link

SCALE = Device(id="scale", model="and-uc-352ble", address="F0:00:00:00:00:01")
BANNED = re.compile(r"\b(error|invalid|oops|please|should|must)\b", re.IGNORECASE)


def test_every_rule_has_words() -> None:
    assert limits._WHEN.keys() == RULES.keys()


@pytest.mark.parametrize("pathway", [(), *((name,) for name in names()), ("heart-failure", "copd")])
def test_the_sentences_are_plain_and_short(pathway: tuple[str, ...]) -> None:
    plan = make_plan(Watch(pathways=pathway))
    told = limits.sentences(plan)
    assert told
    for sentence in (*told, *limits.cadences(plan, (SCALE,))):
        assert len(sentence.split()) <= 26
        assert not BANNED.search(sentence)
        assert "_" not in sentence
    assert all(sentence.endswith(".") for sentence in told)


def test_a_limit_of_the_ward_stands_in_the_sentence() -> None:
    watch = Watch(weight=Weight(gain_3_days_kg=1.5))
    assert "Tell the ward if weight goes up more than 1.5 kg in 3 days." in limits.sentences(make_plan(watch))


def test_a_rule_that_stands_in_says_until_when() -> None:
    told = limits.sentences(make_plan(Watch(pathways=("copd",))))
    assert "Until the hub knows the patient: tell the ward if oxygen is below 88 %." in told
    assert "Tell the ward if oxygen is 83 % or below." in told


def test_no_alarm_is_said_as_such() -> None:
    told = limits.sentences(make_plan(Watch(pathways=("comfort",))))
    assert told == ("No alarm was agreed for this patient. The ward is told of nothing.",)


@pytest.mark.parametrize(
    ("hours", "said"),
    [(8.0, "three times a day"), (12.0, "twice a day"), (24.0, "every day"), (48.0, "every 2 days"),
     (168.0, "every week"), (36.0, "every 36 hours"), (6.0, "4 times a day")],
)  # fmt: skip
def test_cadences(hours: float, said: str) -> None:
    scale = Device(id="scale", model="and-uc-352ble", address=SCALE.address, cadence_h=hours)
    assert limits.cadences(make_plan(Watch()), (scale,)) == (f"Weight {said}",)


def test_weight_is_measured_every_day_in_heart_failure() -> None:
    assert "Weight every day" in limits.cadences(make_plan(Watch(pathways=("heart-failure",))), ())


@pytest.fixture
def table(tmp_path: Path) -> Table:
    return Table(tmp_path, Link(), LeapClock(), more='[watch]\npathways = ["hypertension"]')


async def test_they_are_read_back_once_and_again_when_something_else_holds(table: Table) -> None:
    async with table.running():
        told = await table.ask("limits", Limits)
        assert told.author == "This hub's own file"
        assert told.cadences == ("Blood pressure twice a day",)
        assert "limits" in [m.key for m in (await table.installation()).missing]
        await table.do("read_back")
        revision = (await table.installation()).revision
        assert await table.do("read_back", revision=0) == "The limits were read back."
        assert (await table.installation()).revision == revision, "asked twice, done once"
        assert (await table.installation()).limits_read_back is not None
    async with table.running():
        assert (await table.installation()).limits_read_back is not None
    text = table.file.read_text(encoding="utf-8")
    table.file.write_text(f"{text}\n[watch.pressure]\nsystolic_high_mmhg = 150.0\n", encoding="utf-8")
    async with table.running():
        other = await table.ask("limits", Limits)
        assert "Tell the ward if the average pressure reaches 150 over 85 mmHg." in other.sentences
        assert other.fingerprint != told.fingerprint
        assert (await table.installation()).limits_read_back is None


async def test_the_wards_own_configuration_is_named_with_its_version_and_date(tmp_path: Path) -> None:
    key = PrivateKey.new("ward-1")
    device = f'[[device]]\nid = "scale"\nmodel = "{SCALE.model}"\naddress = "{SCALE.address}"'
    table = Table(tmp_path, Link(), LeapClock(), more=f'[ward]\ncommand_keys = ["{key.public()}"]\n{device}')
    (tmp_path / "data").mkdir()
    overlay = Overlay(load(table.file))
    word = configuration("hub-1", "a-1", 7, limits={"gain_3_days_kg": 1.5}, cadences={"scale": 12.0})
    overlay.keep(*overlay.tried(word, key.envelope(word), key.public()))
    async with table.running():
        told = await table.ask("limits", Limits)
        assert (told.author, told.version, told.since) == ("The ward's configuration", 7, word.issued)
        assert "Tell the ward if weight goes up more than 1.5 kg in 3 days." in told.sentences
        assert told.cadences == ("Weight twice a day",)
    assert overlay.names("scale")
    assert not overlay.names("cuff")


async def test_a_device_that_the_wards_configuration_names_is_not_removed(tmp_path: Path) -> None:
    """Without it that part of the configuration would not hold any more."""
    key = PrivateKey.new("ward-1")
    table = Table(tmp_path, Link(), LeapClock(), more=f'[ward]\ncommand_keys = ["{key.public()}"]')
    async with table.running():
        await table.ask("add_device", dict, address=SCALE.address, model=SCALE.model)
    overlay = Overlay(load(table.file))
    word = configuration("hub-1", "a-1", 1, cadences={"scale": 12.0})
    overlay.keep(*overlay.tried(word, key.envelope(word), key.public()))
    async with table.running():
        with pytest.raises(ControlError) as caught:
            await table.do("remove_device", device="scale")
        assert caught.value.key == "in-configuration"
        assert [d.id for d in table.record.device] == ["scale"]
