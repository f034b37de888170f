"""Afterwards, behind the technician's door: what each page says, what it does, and what it does not while locked."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest

from tests.support.half_set_up import BODY_SCALE
from tests.support.home import LOST_CUFF, TROUBLED, device, event, status
from tests.support.served_setup import Phone, ServedSetup
from tests.support.setup_hub import CUFF, NOW, OXIMETER, SCALE, added, installation, nearby
from wardgate.contract.messages import Event
from wardgate.control.messages import DeviceView, Status
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Audit, AuditEntry
from wardgate.page.after.diagnosis import diagnosis
from wardgate.page.after.hub_page import choices

USED_IN_VAIN = device("cuff", state="not-heard", last_heard=NOW, last_reading=NOW - timedelta(days=2))
DEVICES = (added(SCALE), added(CUFF), added(OXIMETER))


@pytest.fixture(scope="module")
def _served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServedSetup]:
    home = ServedSetup(tmp_path_factory.mktemp("after"))
    home.start()
    yield home
    home.stop()


@pytest.fixture
def served(_served: ServedSetup) -> ServedSetup:
    """A locked hub in whose home the cuff has gone quiet; every test finds it so."""
    _served.begin_anew(installation("locked", devices=DEVICES))
    _served.hub.status, _served.hub.audit, _served.hub.nearby = TROUBLED, Audit(entries=()), ()
    return _served


@pytest.fixture
def phone(served: ServedSetup) -> Phone:
    return served.signed_in()


def unlocked(served: ServedSetup, **changes: object) -> None:
    served.set(installation("assigned", devices=DEVICES, missing=(), **changes))


def text(html: str) -> str:
    """What can be read."""
    return " ".join(re.sub(r"<[^>]+>", " ", html.partition("<main")[2]).split())


def overdue(cause: str) -> tuple[Event, ...]:
    return (event(1, "reading-overdue", "No reading.", device="cuff", detail={"cause": cause}),)


# Who may look


PAGES = ("status", "device/cuff", "device/cuff/test", "device/cuff/replace", "hub", "hub/unlock", "audit")


@pytest.mark.parametrize("page", PAGES)
def test_nobody_looks_without_signing_in(served: ServedSetup, page: str) -> None:
    stranger = served.phone()
    assert stranger.ask(f"/setup/{page}").headers["location"] == "/"
    assert stranger.post(f"/setup/{page}", {"act": "unlock"}).status == 401
    assert stranger.post("/report", {}).status == 401
    assert served.hub.asked == []


@pytest.mark.parametrize("page", PAGES[:4])
def test_a_hub_without_a_patient_has_nothing_to_look_after(served: ServedSetup, phone: Phone, page: str) -> None:
    served.set(installation("claimed"))
    answer = phone.ask(f"/setup/{page}")
    assert answer.status == 303
    assert phone.ask(answer.headers["location"]).status in (200, 303)


# Status


def test_the_status_says_the_truth_first(phone: Phone) -> None:
    page = phone.ask("/setup/status").text
    assert page.count('role="status"') == 1
    assert page.count("<h1") == 1
    said = text(page)
    assert said.index("2 things need attention") < said.index("Open alerts") < said.index("Seen") < said.index("Trends")
    assert "The cuff has not been heard for 2 days." in said
    assert 'href="/setup/device/cuff/pair"' in page
    assert 'data-live="/live/status?days=14"' in page
    week = phone.ask("/setup/status?days=7").text
    assert 'href="/setup/status?days=7#trends-title" aria-current="page"' in week
    assert phone.ask("/setup/status?days=x").status == 200


def test_charts_are_drawn_anew_only_when_something_came(served: ServedSetup, phone: Phone) -> None:
    phone.ask("/setup/status?days=30")
    asked = len(served.hub.acts("series"))
    phone.ask("/setup/status?days=30")
    assert len(served.hub.acts("series")) == asked
    served.hub.status = status(delivery_stored=TROUBLED.delivery.stored + 1)
    phone.ask("/setup/status?days=30")
    assert len(served.hub.acts("series")) > asked


# A device


def test_a_device_says_all_that_is_known_of_it(served: ServedSetup, phone: Phone) -> None:
    served.hub.status = status(devices=(device("scale", unsent=3, clock_offset_s=-34.0), LOST_CUFF))
    said = text(phone.ask("/setup/device/scale").text)
    for words in ("The scale is working.", "Available Yes", "Last heard", "Last good reading", "Expected", "Signal",
                  "Battery", "Pairing", "Its clock 34 seconds slow", "Not at the ward yet 3 readings"):  # fmt: skip
        assert words in said
    said = text(phone.ask("/setup/device/cuff").text)
    assert "The cuff has not been heard for 2 days." in said
    assert "Nobody has used it, its batteries are empty, or it is too far from the hub." in said
    assert "change its 4 batteries" in said
    assert "Battery Low, 18 % 19 November" in said


@pytest.mark.parametrize(
    ("one", "of", "likely"),
    [
        (device("cuff"), {}, ""),
        (device("cuff", rssi_dbm=-93), {}, "Its signal is weak"),
        (device("cuff", state="pairing-lost"), {}, "paired with something else"),
        (device("cuff", state="battery-low"), {}, "batteries are nearly empty"),
        (device("cuff", state="not-set-up", bonded=False), {}, "never paired"),
        (device("cuff", state="not-set-up", bonded=None), {}, "never used near the hub"),
        (LOST_CUFF, {"radio_state": "no-adapter"}, "the hub's radio does not listen"),
        (
            device("cuff", state="not-heard", last_heard=NOW, last_reading=NOW - timedelta(days=2)),
            {},
            "without a value",
        ),
        *(
            (
                LOST_CUFF,
                {"events": (event(1, "reading-overdue", "No.", device="cuff", detail={"cause": cause}),)},
                words,
            )
            for cause, words in (
                ("hub", "The hub was off"),
                ("clock", "a clock is wrong"),
                ("radio", "could not hear it"),
                ("not-woken", "Nobody has used it"),
                ("a new one", "Nobody has used it"),
            )
        ),
    ],
)
def test_what_it_is_likely_to_be(one: DeviceView, of: dict[str, object], likely: str) -> None:
    home: Status = status(devices=(one,), **of)
    found = diagnosis(one, home)
    assert likely in found.likely
    assert bool(found.likely) == bool(likely)
    assert found.said.endswith(".")
    assert not likely or found.what_to_do or not one.what_to_do


@pytest.mark.parametrize("act", ["test", "remove"])
def test_a_locked_hub_says_so_and_offers_to_be_unlocked(phone: Phone, act: str) -> None:
    page = phone.ask(f"/setup/device/scale/{act}").text
    assert "The hub is locked. Unlock it first." in page
    assert 'href="/setup/hub/unlock"' in page
    assert f'value="{act}"' not in page


def test_unlock_then_test(served: ServedSetup, phone: Phone) -> None:
    assert phone.press("/setup/hub/unlock", "unlock").headers["location"] == "/setup/hub"
    assert served.hub.seen.stage == "assigned"
    assert phone.press("/setup/device/scale/test", "test").headers["location"] == "/setup/test"
    assert served.hub.acts("test_begin") == [{"device": "scale"}]


def test_pair_again_is_asked_first_and_led_on_to_where_it_is_done(served: ServedSetup, phone: Phone) -> None:
    served.hub.status = status(devices=(device("cuff", bonded=True), device("oximeter", bonded=None)))
    assert "Have the cuff in your hand." in text(phone.ask("/setup/device/cuff/pair").text)
    assert served.hub.acts("pair_start") == []
    assert phone.press("/setup/device/cuff/pair", "pair").headers["location"] == "/setup/devices/cuff"
    assert served.hub.acts("pair_start") == [{"device": "cuff"}]
    assert phone.ask("/setup/device/oximeter/pair").headers["location"] == "/setup/device"  # it needs none


def test_remove_is_asked_first(served: ServedSetup, phone: Phone) -> None:
    unlocked(served)
    assert "What it has measured stays kept." in text(phone.ask("/setup/device/scale/remove").text)
    assert phone.press("/setup/device/scale/remove", "remove").headers["location"] == "/setup/status"
    (asked,) = served.hub.acts("remove_device")
    assert asked == {"device": "scale", "revision": 3}


def test_replace_takes_one_of_the_same_kind_and_asks_what_it_needs(served: ServedSetup, phone: Phone) -> None:
    unlocked(served)
    new = nearby(BODY_SCALE, address="C0:FF:EE:00:00:0A", wanted=False)
    served.hub.nearby = (new, nearby(CUFF, address="C0:FF:EE:00:00:0B", wanted=False))
    page = phone.ask("/setup/device/scale/replace").text
    assert "C0:FF:EE:00:00:0A" in page
    assert "C0:FF:EE:00:00:0B" not in page
    at = "/setup/device/scale/replace/near-c0-ff-ee-00-00-0a"
    assert f'href="{at}"' in page
    wrong = phone.press(at, "replace", user="many", consent="1234")
    assert wrong.status == 422
    assert 'value="1234"' in wrong.text, "what was typed is kept"
    done = phone.press(at, "replace", user="2", consent="1234")
    assert done.headers["location"] == "/setup/devices/scale"
    (asked,) = served.hub.acts("replace_device")
    assert asked == {
        "device": "scale", "model": BODY_SCALE.id, "address": "C0:FF:EE:00:00:0A", "user_index": 2,
        "consent_code": 1234, "revision": 3,
    }  # fmt: skip


def test_nothing_is_in_the_air_yet(served: ServedSetup, phone: Phone) -> None:
    unlocked(served)
    assert "No other scale is heard yet." in text(phone.ask("/setup/device/scale/replace").text)


# The hub


def test_what_can_be_done_at_each_stage() -> None:
    def words(stage: str, **changes: object) -> dict[str, bool]:
        return {choice.words: bool(choice.address) for choice in choices(installation(stage, **changes))}

    assert words("factory") == {"New setup code": True}
    assert words("claimed") == {"Forget the claim": True, "New setup code": True}
    assert words("assigned") == {"Lock the hub": False, "Give the hub back": True, "New setup code": True}
    assert words("assigned", missing=())["Lock the hub"]
    assert not words("assigned", by_file=True)["Give the hub back"]
    assert words("locked") == {"Unlock the hub": True, "Give the hub back": False, "New setup code": True}
    unsent = next(c for c in choices(installation("assigned", unsent=12)) if c.words == "Give the hub back")
    assert unsent.note == "12 messages of Copper Heron are not at the ward yet. Send them first, or seal and wipe."


def test_lock_and_forget_are_asked_first(served: ServedSetup, phone: Phone) -> None:
    unlocked(served)
    assert phone.press("/setup/hub/lock", "lock").headers["location"] == "/setup/hub"
    assert served.hub.seen.stage == "locked"
    served.set(installation("claimed"))
    assert phone.press("/setup/hub/forget", "forget").headers["location"] == "/"
    assert len(served.hub.acts("forget")) == 1


def test_an_act_on_an_old_page_does_nothing(served: ServedSetup, phone: Phone) -> None:
    form = phone.form("/setup/hub/unlock", "unlock")
    served.change(revision=9)
    answer = phone.post("/setup/hub/unlock", form)
    assert answer.status == 409
    assert "This page is older than the hub" in answer.text
    assert served.hub.seen.stage == "locked"


def test_a_new_setup_code_is_shown_once(served: ServedSetup, phone: Phone) -> None:
    assert phone.press("/setup/hub/new-code", "new-code").headers["location"] == "/setup/hub/code"
    assert "K7QM-3XV1" in phone.ask("/setup/hub/code").text
    assert phone.ask("/setup/hub/code").headers["location"] == "/setup/hub"
    assert len(served.hub.acts("new_setup_code")) == 1


def test_the_report_is_a_file(served: ServedSetup, phone: Phone) -> None:
    answer = phone.post("/report", phone.form("/setup/hub", "report"))
    assert answer.headers["content-type"] == "application/zip"
    assert answer.headers["content-disposition"].startswith('attachment; filename="wardgate-support-')
    served.hub.refuse["report"] = ControlError("no-report", "This hub has no program that makes a report.")
    assert "wardgate support-bundle" in phone.post("/report", phone.form("/setup/hub", "report")).text


# What was done


def log(lines: int, **changes: object) -> Audit:
    entries = [
        AuditEntry(number=n, at=NOW, what="locked", by="page", sentence=f"Act number {n}.", synchronised=n != lines)
        for n in range(lines, 0, -1)
    ]
    return Audit(entries=tuple(entries[:50]), **changes)  # type: ignore[arg-type]


def test_what_was_done_newest_first_fifty_a_page(served: ServedSetup, phone: Phone) -> None:
    served.hub.audit = log(120)
    page = phone.ask("/setup/audit").text
    said = text(page)
    assert "The log is whole" in said
    assert said.index("Act number 120.") < said.index("Act number 119.")
    assert "by a clock that was not set" in said
    assert 'href="/setup/audit?before=71"' in page
    phone.ask("/setup/audit?before=71")
    phone.ask("/setup/audit?before=nonsense")
    assert [asked["before"] for asked in served.hub.acts("audit")] == [None, 71, None]


def test_a_log_that_is_not_whole_says_where(served: ServedSetup, phone: Phone) -> None:
    served.hub.audit = log(3, broken_at=2, broken=("Line 2 is missing.",))
    said = text(phone.ask("/setup/audit").text)
    assert "The log is not whole from line 2 on. Tell the ward." in said
    assert "Line 2 is missing." in said
