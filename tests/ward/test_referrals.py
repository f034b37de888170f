"""The ward's list in the authority's register: what each act makes of it, and that nothing is guessed."""

from __future__ import annotations

import random
import sqlite3
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from wardgate.contract import pseudonym
from wardgate.contract.assigning import Ask, Assigned, Kind, Offered
from wardgate.contract.pseudonym import Pseudonym
from wardgate.ward.referrals import NotDone, Referral, Referrals
from wardgate.ward.register import Register

HERON = Pseudonym("copper", "heron")
KINDS: tuple[Kind, ...] = ("scale", "cuff")


@pytest.fixture
def register(tmp_path: Path) -> Iterator[Register]:
    opened = Register(tmp_path / "register.db")
    yield opened
    opened.close()


@pytest.fixture
def ward(register: Register) -> Referrals:
    return Referrals(register, random.Random(6))


def add(ward: Referrals, one: Pseudonym | None = HERON, hub: str | None = None) -> Referral:
    return ward.add(
        one, pathways=["heart-failure"], kinds=KINDS, phone="0116 000 0000", limits={"gain_3_days_kg": 1.5}, hub=hub
    )


def ask(one: Pseudonym = HERON, pathways: tuple[str, ...] | None = None) -> Ask:
    return Ask(words=one.words.upper(), digits=one.digits, pathways=pathways)


def refused(ward: Referrals, hub: str, asked: Ask) -> str:
    with pytest.raises(NotDone) as caught:
        ward.assign(hub, asked)
    assert caught.value.sentence.endswith(".")
    assert caught.value.what_to_do
    return caught.value.key


def told(register: Register) -> list[str]:
    assert register.broken_at() is None
    return [row.what for row in register.audit()]


def test_from_the_list_to_a_hub_and_off_it(ward: Referrals, register: Register) -> None:
    assert ward.offered("hub-17") == ()
    waiting = add(ward)
    assert (waiting.state, waiting.hub, waiting.digits) == ("waiting", None, "93")
    offer = Offered(words="Copper Heron", pathways=("heart-failure",), kinds=KINDS, phone="0116 000 0000")
    assert ward.offered("hub-17") == ward.offered("hub-18") == (offer,)

    given = ward.assign("hub-17", ask())
    assert given == Assigned(
        patient="copper-heron-93",
        assignment=given.assignment,
        pathways=("heart-failure",),
        kinds=KINDS,
        phone="0116 000 0000",
        limits={"gain_3_days_kg": 1.5},
    )
    assert ward.assign("hub-17", ask(pathways=("copd",))) == given, "asked again, the same"
    assert ward.offered("hub-17") == (offer,), "so that it can be asked for again"
    assert ward.offered("hub-18") == ()
    assert refused(ward, "hub-18", ask()) == "taken"

    ward.end("hub-17", given.assignment)
    ward.end("hub-17", given.assignment)
    assert (ward.of("copper-heron-93").state, ward.offered("hub-17")) == ("ended", ())
    assert refused(ward, "hub-17", ask()) == "not-listed"
    assert told(register) == ["referred", "assigned", "ended"]


def test_a_hub_has_one_patient(ward: Referrals) -> None:
    other = pseudonym.parse(add(ward, None).patient)
    add(ward)
    given = ward.assign("hub-17", ask())
    assert refused(ward, "hub-17", ask(other)) == "still-assigned"
    ward.end("hub-17", given.assignment)
    assert ward.assign("hub-17", ask(other)).patient == other.slug


def test_a_patient_who_is_referred_again_gets_another_assignment(ward: Referrals) -> None:
    add(ward)
    first = ward.assign("hub-17", ask())
    with pytest.raises(NotDone, match="on the list already"):
        add(ward)
    assert ward.stop("copper-heron-93").state == "ended"
    assert add(ward).assignment is None
    second = ward.assign("hub-18", ask())
    assert second.assignment != first.assignment
    ward.end("hub-17", first.assignment)
    assert (ward.of("copper-heron-93").hub, ward.of("copper-heron-93").state) == ("hub-18", "assigned")
    assert ward.stop("copper-heron-93") == ward.stop("copper-heron-93")


def test_a_named_hub_alone_may_have_a_patient(ward: Referrals) -> None:
    add(ward, hub="hub-17")
    assert ward.offered("hub-18") == ()
    assert refused(ward, "hub-18", ask()) == "not-listed"
    assert ward.assign("hub-17", ask()).patient == "copper-heron-93"


def test_another_hubs_assignment_cannot_be_ended(ward: Referrals, register: Register) -> None:
    add(ward)
    given = ward.assign("hub-17", ask())
    for hub, assignment in (("hub-18", given.assignment), ("hub-17", "a-unknown"), ("hub-17", "")):
        with pytest.raises(NotDone) as caught:
            ward.end(hub, assignment)
        assert caught.value.key == "not-yours"
    assert ward.of("copper-heron-93").state == "assigned"
    assert told(register) == ["referred", "assigned"]


def test_what_a_hub_may_ask_for(ward: Referrals, register: Register) -> None:
    add(ward)
    assert refused(ward, "hub-17", Ask(words="Copper Heron", digits="39")) == "wrong-digits"
    assert refused(ward, "hub-17", Ask(words="Coper Heron", digits="93")) == "not-listed"
    assert refused(ward, "hub-17", ask(Pseudonym("silver", "heron"))) == "not-listed"
    assert refused(ward, "hub-17", ask(pathways=("heart-faliure",))) == "unknown-pathway"
    assert told(register) == ["referred"], "nothing was changed"
    assert ward.assign("hub-17", ask(pathways=("copd", "hypertension"))).pathways == ("copd", "hypertension")
    assert ward.of("copper-heron-93").pathways == ("copd", "hypertension")


@pytest.mark.parametrize("limits", [{"gain_3_days_kg": 99.0}, {"gain_3_days_kg": float("nan")}, {"weight": 2.0}])
def test_limits_that_no_hub_would_take(ward: Referrals, limits: dict[str, float]) -> None:
    with pytest.raises(NotDone, match="gain_3_days_kg"):
        ward.add(HERON, pathways=[], kinds=KINDS, phone="", limits=limits)
    assert ward.all() == []


def test_new_pseudonyms_are_nobodys_and_no_two_on_the_list_have_the_same_digits(ward: Referrals) -> None:
    made = [add(ward, None) for _ in range(40)]
    assert len({one.patient for one in made}) == 40
    assert len({one.digits for one in made}) == 40
    assert [one.words for one in ward.all()] == sorted(one.words for one in made)


def test_two_hubs_at_once(tmp_path: Path, ward: Referrals) -> None:
    """Each on a connection of its own, as the endpoint and the command line are: one gets the patient."""
    add(ward)
    start, got = threading.Barrier(4), list[str]()

    def hub(name: str) -> None:
        register = Register(tmp_path / "register.db")
        mine = Referrals(register)
        start.wait()
        try:
            got.append(mine.assign(name, ask()).patient)
        except NotDone as problem:
            got.append(problem.key)
        finally:
            register.close()

    threads = [threading.Thread(target=hub, args=(f"hub-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(got) == ["copper-heron-93", "taken", "taken", "taken"]


def test_what_was_kept_is_there_again_and_an_audit_that_was_changed_is_seen(
    tmp_path: Path, ward: Referrals, register: Register
) -> None:
    add(ward)
    given = ward.assign("hub-17", ask())
    again = Register(tmp_path / "register.db")
    try:
        assert Referrals(again).assign("hub-17", ask()) == given
    finally:
        again.close()
    with sqlite3.connect(tmp_path / "register.db") as db:
        db.execute("UPDATE audit SET detail = replace(detail, 'copper', 'silver') WHERE what = 'assigned'")
    db.close()
    assert register.broken_at() == 2
