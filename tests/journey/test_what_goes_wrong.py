"""Everything that goes wrong at a kitchen table: what is said, what is kept, and how it goes on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from threading import Thread

import msgspec
import pytest

from tests.support.journey import VALUES, refer
from tests.support.kitchen import HUB, Kitchen, kitchen_table
from tests.support.served_setup import Phone, hidden
from tests.support.table_top import TableTop
from tests.support.web import Answer
from wardgate.control.provisioning import Audit
from wardgate.provision.signing_in import ADDRESS_TRIES

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def boxed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableTop]:
    """A hub out of its box; every test leaves it so."""
    with kitchen_table(tmp_path_factory.mktemp("boxed")) as kitchen:
        yield TableTop(kitchen, refer(kitchen))


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TableTop]:
    """A hub with a patient; every test goes on where the one before it stopped."""
    with kitchen_table(tmp_path_factory.mktemp("begun")) as kitchen:
        table = TableTop(kitchen, refer(kitchen))
        table.claim()
        yield table


def refused(answer: Answer, sentence: str) -> None:
    """The page comes again and says why; what was typed is kept elsewhere."""
    assert answer.status == 422, answer.text
    assert re.search("<title[^>]*>Error: ", answer.text), answer.text
    assert sentence in answer.text


# Out of its box


def test_a_wrong_claim_code_is_said_and_costs_nothing(boxed: TableTop) -> None:
    answer = boxed.phone.press("/setup/check", "claim", code=f"{HUB} ABCD-EFGH-JKLM-NPQR")
    refused(answer, "The ward")
    assert boxed.kitchen.ask().stage == "factory"


def test_a_ward_that_is_away_is_said_and_seen_when_it_is_back(boxed: TableTop) -> None:
    boxed.kitchen.endpoint_down()
    answer = boxed.phone.press("/setup/check", "claim", code=f"{HUB} {boxed.claim_code}")
    refused(answer, "ward")
    boxed.press("/setup/check", "again")
    boxed.until(lambda: ticks(boxed.kitchen)["ward-reached"] == "problem", "nobody saw that the ward is away")
    assert "1 thing needs attention." in boxed.phone.ask("/setup/check").text
    boxed.kitchen.endpoint_up()
    boxed.press("/setup/check", "again")
    boxed.until(lambda: ticks(boxed.kitchen)["ward-reached"] == "good", "nobody saw that the ward is back")
    assert boxed.kitchen.ask().stage == "factory"


def ticks(kitchen: Kitchen) -> dict[str, str]:
    return {check.key: check.tick for check in kitchen.ask().checks}


def test_two_technicians_are_not_at_it_at_once(boxed: TableTop) -> None:
    first, other = boxed.sign_in(), Phone(boxed.kitchen.setup_port, "Second/1.0")
    assert other.sign_in(boxed.setup_code).status == 303
    asked = other.ask("/setup/check")
    assert (asked.status, "Someone else is setting up this hub" in asked.text) == (409, True)
    assert other.post("/take-over", hidden(asked.text, "take-over")).status == 303
    assert other.ask("/setup/check").status == 200
    assert "Someone else has taken over" in first.ask("/").text
    assert first.post("/setup/check", hidden(other.ask("/setup/check").text, "again")).status == 401
    other.post("/sign-out", hidden(other.ask("/").text, "sign-out"))
    boxed.sign_in()
    assert audited(boxed.kitchen)[:3] == ["signed-in", "signed-out", "taken-over"]


def audited(kitchen: Kitchen) -> list[str]:
    """What was done, newest first."""
    said = kitchen.provision("audit", "--json")
    return [entry.what for entry in msgspec.json.decode(said, type=Audit).entries]


def test_a_stolen_cookie_ends_the_visit_and_is_in_the_audit(boxed: TableTop) -> None:
    thief = Phone(boxed.kitchen.setup_port, "Thief/1.0")
    thief.cookie = boxed.phone.cookie
    form = hidden(boxed.phone.ask("/setup/check").text, "claim")
    assert thief.post("/setup/check", {**form, "code": f"{HUB} {boxed.claim_code}"}).status == 401
    assert boxed.phone.ask("/setup/check").status == 303
    assert boxed.kitchen.ask().stage == "factory"
    boxed.sign_in()
    assert audited(boxed.kitchen)[:2] == ["signed-in", "stolen-cookie"]


def test_the_pages_close_in_the_middle_and_open_again(boxed: TableTop) -> None:
    form = boxed.phone.form("/setup/check", "claim", code=f"{HUB} {boxed.claim_code}")
    boxed.kitchen.close_window()
    answer = boxed.phone.post("/setup/check", form)
    assert (answer.status, "closed" in answer.text) == (403, True)
    assert boxed.kitchen.ask().stage == "factory"
    boxed.kitchen.provision("open")
    boxed.until(boxed.is_open, "the pages did not open again")
    boxed.sign_in()


def test_wrong_codes_are_few_and_a_power_cut_forgives_none(boxed: TableTop) -> None:
    thief = Phone(boxed.kitchen.setup_port)
    answers = [thief.sign_in(f"AAAA-AAA{letter}") for letter in "ABCDEFGH"[: ADDRESS_TRIES + 1]]
    assert [answer.status for answer in answers] == [403] * (ADDRESS_TRIES - 1) + [429, 429]
    assert "4 tries left" in answers[0].text
    assert "Too many tries." in answers[-1].text
    boxed.kitchen.power_cut()
    boxed.kitchen.power_back()
    answer = Phone(boxed.kitchen.setup_port).sign_in(boxed.setup_code)
    assert (answer.status, "Wait" in answer.text) == (429, True)


# With a patient to be chosen, and devices to be added


def test_wrong_digits_are_said_and_the_right_ones_are_not(begun: TableTop) -> None:
    digits = begun.referral.digits
    wrong = f"{(int(digits) + 1) % 100:02}"
    begun.press("/setup/patient", "choose", words=begun.referral.words)
    answer = begun.phone.press("/setup/patient/digits", "digits", digits=wrong)
    refused(answer, "Those digits are not")
    # Above it stands when the page was made, and for how many minutes it stays open.
    (main,) = re.findall('(?s)id="closing".*?</section>(.*)</main>', answer.text)
    assert re.search(rf"\b{digits}\b", re.sub("<[^>]*>", " ", main)) is None
    begun.kitchen.endpoint_down()
    assert begun.phone.press("/setup/patient/digits", "digits", digits=digits).status == 422
    assert begun.kitchen.assignments() == []
    begun.kitchen.endpoint_up()
    begun.assign()
    assert len(begun.kitchen.assignments()) == 1


def test_a_page_from_before_does_nothing_and_two_presses_are_one(begun: TableTop) -> None:
    begun.kitchen.press_pairing_key("scale")
    begun.until(lambda: "near-f0-5c" in begun.phone.ask("/setup/devices").text, "nobody heard the scale")
    form = begun.phone.form("/setup/devices", "add")
    answers: list[Answer] = []
    presses = [Thread(target=lambda: answers.append(begun.phone.post("/setup/devices", form))) for _ in range(3)]
    for press in presses:
        press.start()
    for press in presses:
        press.join()
    assert [(a.status, a.headers["location"]) for a in answers] == [(303, "/setup/devices/scale")] * 3
    assert [one.id for one in begun.kitchen.ask().devices] == ["scale"]
    begun.pair("scale")
    old = begun.phone.form("/setup/devices/scale/remove", "remove")
    begun.add("cuff")
    answer = begun.phone.post("/setup/devices/scale/remove", old)
    assert (answer.status, "This page is older than the hub" in answer.text) == (409, True)
    assert {one.id for one in begun.kitchen.ask().devices} == {"scale", "cuff"}


def test_a_wrong_number_then_the_right_one(begun: TableTop) -> None:
    path = "/setup/devices/cuff"
    begun.kitchen.forget_passkeys("cuff")
    begun.kitchen.press_pairing_key("cuff")
    shown = begun.shown("cuff")
    wrong = f"{(shown + 1) % 1_000_000:06}"
    refused(begun.phone.press(path, "passkey", passkey=wrong), f"The cuff did not accept {wrong}.")
    assert begun.added("cuff").pairing != "paired"
    begun.pair("cuff")


def test_a_device_that_is_not_in_the_air_is_asked_for(begun: TableTop) -> None:
    assert "No oximeter heard yet." in begun.phone.ask("/setup/devices").text
    begun.add("oximeter")


def test_a_broker_that_is_away_is_waited_for(begun: TableTop) -> None:
    begun.kitchen.broker_down()
    begun.press("/setup/test", "begin", device="cuff")
    begun.kitchen.measure("cuff", VALUES["cuff"])
    begun.until(lambda: "Nothing is lost." in begun.phone.ask("/setup/test").text, "nobody said what it waits for")
    run = begun.kitchen.ask().test
    assert run is not None
    assert run.stored is not None
    assert (run.broker, run.ward) == (None, None)
    begun.phone.press("/setup/finish", "lock")
    assert begun.kitchen.ask().stage == "assigned", "a hub is not locked before the ward has a test reading"
    begun.kitchen.broker_up()
    begun.until(lambda: begun.added("cuff").tested is not None, "the test reading did not arrive")
    reading = begun.kitchen.has_come(lambda one: one.device.id == "cuff")
    assert reading.test
    assert "The ward has it." in begun.phone.ask("/setup/test").text
