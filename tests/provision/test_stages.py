"""The state machine: from every stage by every act, and what a record says that was laid over a file."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test
from hypothesis.strategies import booleans, integers, sampled_from

from wardgate.config import parse
from wardgate.contract.assigning import Assigned
from wardgate.installation import KeptDevice, Leaving, Record, over
from wardgate.provision.missing import Lacking, lacking
from wardgate.provision.refused import Refused
from wardgate.provision.stages import assigned, claimed, forgotten, locked, released, stage_of, unlocked

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
LACKS = (Lacking(key="limits", sentence="The limits were not read back.", step=5),)
WAYS = {
    ("factory", "claim"): "claimed",
    ("claimed", "assign"): "assigned",
    ("assigned", "lock"): "locked",
    ("locked", "lock"): "locked",
    ("locked", "unlock"): "assigned",
    ("assigned", "release"): "claimed",
    ("claimed", "forget"): "factory",
}
"""Every way that there is; all others are refused."""


class Stages(RuleBasedStateMachine):
    """A hub on which everybody presses everything in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.record = Record()
        self.patients = 0

    def act(self, name: str, new: object) -> None:
        """What came of an act: the one way there is, or a refusal that changed nothing."""
        expected = WAYS.get((self.record.stage, name))
        if isinstance(new, Refused):
            assert new.key
            assert new.sentence.endswith(".")
            assert new.what_to_do
        else:
            assert isinstance(new, Record)
            assert new.stage == expected
            self.record = new

    def tried(self, name: str, *arguments: object, **more: object) -> object:
        try:
            return globals()[name](self.record, self.record.stage, *arguments, **more)
        except Refused as refused:
            return refused

    @rule()
    def claim(self) -> None:
        self.act("claim", self.tried("claimed", "hub-1"))

    @rule()
    def assign(self) -> None:
        self.patients += 1
        one = Assigned(patient=f"p-{self.patients}", assignment=f"a-{self.patients}", limits={"gain_3_days_kg": 1.5})
        self.act("assign", self.tried("assigned", "hub-1", "Copper Heron", one, NOW))

    @rule(missing=sampled_from([(), LACKS]))
    def lock(self, missing: tuple[Lacking, ...]) -> None:
        came = self.tried("locked", missing)
        assert isinstance(came, Refused) or not missing
        self.act("lock", came)

    @rule()
    def unlock(self) -> None:
        self.act("unlock", self.tried("unlocked"))

    @rule(unsent=integers(0, 3), seal=booleans())
    def release(self, unsent: int, seal: bool) -> None:
        leaving = Leaving(assignment=self.record.assignment or "")
        came = self.tried("released", unsent, leaving, seal=seal)
        assert isinstance(came, Refused) or seal or not unsent
        self.act("release", came)

    @rule()
    def clear(self) -> None:
        self.record = Record(**{n: getattr(self.record, n) for n in Record.__struct_fields__ if n != "leaving"})

    @rule()
    def forget(self) -> None:
        self.act("forget", self.tried("forgotten"))

    @invariant()
    def nobody_is_named_who_is_not_served(self) -> None:
        served = self.record.stage in ("assigned", "locked")
        assert (self.record.patient is not None) == served
        assert (self.record.assignment is not None) == served
        assert served or not (self.record.limits or self.record.device or self.record.tested)
        assert (self.record.hub is None) == (self.record.stage == "factory")


def test_only_the_ways_that_there_are() -> None:
    run_state_machine_as_test(Stages, settings=settings(max_examples=60, stateful_step_count=15, deadline=None))


assert {claimed, assigned, locked, unlocked, released, forgotten}, "found by name above"


@pytest.mark.parametrize(
    ("stage", "by_file", "has_identity", "told"),
    [
        ("factory", False, False, "factory"),
        ("factory", False, True, "claimed"),
        ("factory", True, False, "assigned"),
        ("locked", True, True, "locked"),
        ("assigned", False, True, "assigned"),
    ],
)
def test_where_a_hub_stands(stage: str, by_file: bool, has_identity: bool, told: str) -> None:
    record = Record(stage=stage)  # type: ignore[arg-type]  # the table's word
    assert stage_of(record, by_file=by_file, has_identity=has_identity) == told


def test_what_is_missing_in_the_order_in_which_it_is_done() -> None:
    record = Record(stage="assigned", kinds=("scale", "cuff"), tested={"scale": NOW})
    devices = [("scale", "and-uc-352ble"), ("oximeter", "nonin-3230")]
    found = [(one.key, one.step) for one in lacking(record, "assigned", devices)]
    assert found == [("device-cuff", 3), ("test-oximeter", 4), ("limits", 5)]
    whole = Record(stage="assigned", kinds=("scale",), tested={"scale": NOW}, limits_read_back=NOW)
    assert lacking(whole, "assigned", devices[:1]) == ()
    assert [one.key for one in lacking(Record(), "assigned", [])] == ["devices", "limits"]


FILE = """
[hub]
id = "hub-1"
patient = "P-1"
assignment = "a-1"
[broker]
host = "localhost"
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "F0:00:00:00:00:01"
"""


def test_the_files_own_word_about_the_patient_holds(tmp_path: Path) -> None:
    other = Record(
        stage="assigned",
        hub="hub-2",
        patient="P-2",
        assignment="a-2",
        limits={"gain_3_days_kg": 9.0},
        device=(
            _device("scale", "F0:00:00:00:00:09"),
            _device("second", "F0:00:00:00:00:01"),
            _device("third", "F0:00:00:00:00:03"),
        ),
    )
    raw = tomllib.loads(FILE)
    laid = over(raw, other)
    assert raw == tomllib.loads(FILE), "the file's tables are left as they were"
    assert laid["hub"] == raw["hub"]
    assert [device["id"] for device in laid["device"]] == ["scale", "third"]
    assert parse(FILE, tmp_path / "x").watch.weight.gain_3_days_kg is None


def _device(id_: str, address: str) -> KeptDevice:
    return KeptDevice(id=id_, model="and-uc-352ble", address=address)
