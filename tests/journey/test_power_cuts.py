"""The power goes in every act of setting a hub up: the old state or the new one, never half of it."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.support.journey import refer
from tests.support.kitchen import DEVICES, kitchen_table
from tests.support.table_top import TableTop
from wardgate.control.provisioning import Installation

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@dataclass(frozen=True, slots=True)
class Act:
    """One act, how it is seen that it was done, and how long it takes at the most until the power goes."""

    name: str
    do: Callable[[TableTop], None]
    is_done: Callable[[Installation], bool]
    most_s: float


def _device(seen: Installation, device: str) -> bool:
    return any(one.id == device for one in seen.devices)


def _paired(seen: Installation, device: str) -> bool:
    return any(one.id == device and one.pairing == "paired" for one in seen.devices)


def _tested(seen: Installation, device: str) -> bool:
    return any(one.id == device and one.tested is not None for one in seen.devices)


ACTS = (
    Act("claim", lambda t: t.claim(), lambda s: s.stage != "factory", 0.4),
    Act("assign", lambda t: t.assign(), lambda s: s.stage in ("assigned", "locked"), 0.4),
    Act("add cuff", lambda t: t.add("cuff"), lambda s: _device(s, "cuff"), 0.6),
    Act("pair cuff", lambda t: t.pair("cuff"), lambda s: _paired(s, "cuff"), 1.5),
    Act("add scale", lambda t: t.add("scale"), lambda s: _device(s, "scale"), 0.6),
    Act("pair scale", lambda t: t.pair("scale"), lambda s: _paired(s, "scale"), 1.0),
    Act("add oximeter", lambda t: t.add("oximeter"), lambda s: _device(s, "oximeter"), 0.6),
    Act("test cuff", lambda t: t.test("cuff"), lambda s: _tested(s, "cuff"), 1.0),
    Act("test scale", lambda t: t.test("scale"), lambda s: _tested(s, "scale"), 1.0),
    Act("test oximeter", lambda t: t.test("oximeter"), lambda s: _tested(s, "oximeter"), 1.0),
    Act("read back", lambda t: t.read_back(), lambda s: s.limits_read_back is not None, 0.2),
    Act("lock", lambda t: t.lock(), lambda s: s.stage == "locked", 0.2),
)


def test_the_power_goes_in_every_act(tmp_path: Path) -> None:
    chance = random.Random(2026)
    with kitchen_table(tmp_path) as kitchen:
        table = TableTop(kitchen, refer(kitchen))
        for number, act in enumerate(ACTS):
            table.power_cut_in(act.do, chance, act.most_s)
            seen = kitchen.ask()
            for before in ACTS[:number]:
                assert before.is_done(seen), f"{before.name} was lost in {act.name}"
            if not act.is_done(seen):
                act.do(table)
                assert act.is_done(kitchen.ask()), act.name
        kitchen.power_cut()
        kitchen.power_back()
        is_whole(table)


def is_whole(table: TableTop) -> None:
    """As if the power had never gone."""
    kitchen = table.kitchen
    seen = kitchen.ask()
    assert [act.name for act in ACTS if not act.is_done(seen)] == []
    assert {(one.id, one.model.id, one.address) for one in seen.devices} == {
        (spec.id, spec.model, spec.address) for spec in DEVICES
    }
    assert (seen.patient, seen.tests_confirmed, seen.missing) == (table.referral.words, 3, ())
    assert len(kitchen.assignments()) == 1
    status, said = kitchen.command("provision", "audit", "--verify")
    assert status == 0, said
    everything_is_there_once(table)


def everything_is_there_once(table: TableTop) -> None:
    """Whatever a device considers delivered is at the ward, once; and nothing that no device has taken."""
    kitchen = table.kitchen
    at_ward = Counter((one.device.id, one.time.device_time) for one in kitchen.at_the_ward())
    assert at_ward
    for device in ("cuff", "scale", "oximeter"):
        book = kitchen.home.devices[device].book
        came = sum(n for (id_, _), n in at_ward.items() if id_ == device)
        assert len(book.acknowledged) <= came <= len(book.taken), (device, came, book)
    assert [(device, time) for (device, time), n in at_ward.items() if n > 1 and time is not None] == []
