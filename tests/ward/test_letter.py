"""The weekly letter: what it says follows from the record alone, and it fits its paper."""

from __future__ import annotations

import asyncio
import base64
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import msgspec
import pytest
from fhir.resources.R4B.documentreference import DocumentReference
from selenium import webdriver

from tests.support import home
from tests.support.axe import judge
from tests.support.browser import chromium, complaints, requests, resize
from tests.support.ward_page import said, weight_gain
from wardgate.cli import ward as ward_command
from wardgate.contract.messages import Alert, Event, Reading
from wardgate.ward import audit
from wardgate.ward.letter.record import Record, Settings, record
from wardgate.ward.letter.render import page
from wardgate.ward.letter.say import Letter, Told, letter
from wardgate.ward.letter.texts import CODES, texts
from wardgate.ward.store import WardStore

PATIENT = "Amber Heron 42"
LONDON = ZoneInfo("Europe/London")
LAST = date(2026, 11, 20)
"""The week is 14 to 20 November; `home.NOW` is the 21st."""
SETTINGS = Settings(ward="Your virtual ward", phone="0116 000 0000", hours="8am to 8pm")


def at(day: int, hour: int = 8) -> datetime:
    return datetime(2026, 11, day, hour, tzinfo=UTC)


def weights(*days: int, kg: float = 78.4, **more: Any) -> list[Reading]:
    return [home.reading("weight", at(day), weight=kg + day / 100, **more) for day in days]


def gain(**changes: Any) -> Alert:
    return weight_gain(**{"raised": at(18), "changed": at(18), **changes})


async def told(store: WardStore, *messages: Reading | Alert | Event, last: date = LAST) -> Letter:
    await store.commit([said(m, n) for n, m in enumerate(messages, 1)], [])
    return letter(await store.database.run(lambda tx: record(tx, PATIENT, last, LONDON)))


def only(found: Letter) -> Told:
    (one,) = found.channels
    return one


@pytest.mark.parametrize(
    ("days", "pill"), [((14, 15, 16), "few"), ((14, 15, 16, 17), "target"), (range(14, 21), "target")]
)
async def test_four_days_are_enough_to_say(store: WardStore, days: tuple[int, ...], pill: str) -> None:
    one = only(await told(store, *weights(*days)))
    assert (one.pill, one.days, one.next) == (pill, len(days), None)


async def test_only_good_readings_of_this_patient_count_and_a_day_counts_once(store: WardStore) -> None:
    odd = [
        *weights(14, good=False),
        *weights(15, theirs=False),
        *weights(16, test=True),
        home.reading("weight", at(17), weight=78.0),
        home.reading("weight", at(17, 20), weight=78.1),
        msgspec.structs.replace(weights(18)[0], patient="Copper Finch 12"),
    ]
    assert only(await told(store, *odd)).days == 1


async def test_a_day_is_the_homes_day_and_the_week_ends_where_it_was_asked(store: WardStore) -> None:
    summer = [home.reading("weight", datetime(2026, 6, 7, 23, 30, tzinfo=UTC), weight=78.0)]  # 8 June, 0:30 at home
    assert letter_days(await told(store, *summer, last=date(2026, 6, 7))) == []
    assert letter_days(await told(store, *summer, last=date(2026, 6, 8))) == [1]


def letter_days(found: Letter) -> list[int]:
    return [c.days for c in found.channels]


@pytest.mark.parametrize(
    ("kind", "channel", "pill"),
    [
        ("weight-gain", "weight", "up"),
        ("low-saturation", "saturation", "low"),
        ("low-pressure", "blood_pressure", "low"),
        ("high-pressure", "blood_pressure", "up"),
        ("irregular-pulse", "blood_pressure", "different"),
    ],
)
async def test_an_alert_makes_its_own_channel_amber_and_no_other(
    store: WardStore, kind: str, channel: str, pill: str
) -> None:
    everything = [r for channel in home.history(20).values() for r in channel]
    found = await told(store, *everything, gain(kind=kind))
    pills = {c.channel: c.pill for c in found.channels}
    assert pills.pop(channel) == pill
    assert set(pills.values()) == {"target"}
    assert found.together is None


async def test_an_alert_of_all_channels_together_is_not_left_out(store: WardStore) -> None:
    found = await told(store, *weights(*range(14, 21)), gain(kind="worsening"))
    assert only(found).pill == "target"
    assert found.together is not None


@pytest.mark.parametrize(
    ("changes", "pill"),
    [
        ({"raised": at(10), "changed": at(10)}, "up"),
        ({"raised": at(10), "changed": at(15), "state": "resolved"}, "up"),
        ({"raised": at(8), "changed": at(13), "state": "resolved"}, "target"),
        ({"raised": at(21), "changed": at(21)}, "target"),
    ],
)
async def test_an_alert_counts_while_it_was_open(store: WardStore, changes: dict[str, Any], pill: str) -> None:
    assert only(await told(store, *weights(*range(14, 21)), gain(**changes))).pill == pill


async def test_a_channel_without_rules_claims_no_target(store: WardStore) -> None:
    warm = [home.reading("temperature", at(day), temperature=36.6) for day in range(14, 21)]
    assert only(await told(store, *warm)).pill == "none"


async def test_that_somebody_rang_is_said_only_when_it_was_noted(store: WardStore) -> None:
    one = only(await told(store, *weights(*range(14, 21)), gain()))
    assert one.next is not None
    assert (one.next.key, one.next.day) == ("told", None)
    await store.see("wg-7f3k", "alert-1", by="nurse", at=at(18, 9))
    one = only(await told(store))
    assert one.next is not None
    assert one.next.key == "seen"
    await store.database.run(
        lambda tx: tx.change(
            "INSERT INTO calls VALUES ($1, 'wg-7f3k', 'alert-1', 'nurse', $2)", PATIENT, at(19).timestamp()
        )
    )
    one = only(await told(store))
    assert one.next is not None
    assert (one.next.key, one.next.day) == ("rang-nurse", date(2026, 11, 19))


async def test_three_weeks_stand_side_by_side(store: WardStore) -> None:
    readings = [*weights(1, 2, 3, kg=70), *weights(9, kg=75), *weights(14, 15, 16, 17, kg=80)]
    one = only(await told(store, *readings))
    assert [(w.span.last.day, w.value) for w in one.weeks] == [(6, "70.0 kg"), (13, "75.1 kg"), (20, "80.2 kg")]
    pressure = [
        home.reading("blood_pressure", at(d), systolic=110 + d, diastolic=60 + d, pulse=70) for d in (14, 15, 16)
    ]
    found = await told(store, *pressure)
    assert found.channels[1].weeks[-1].value == "125/75"


async def test_low_batteries_are_said_where_days_are_missing(store: WardStore) -> None:
    low = home.event(1, "battery-low", "Low.", device="scale", at=at(16))
    assert only(await told(store, *weights(14, 15, 16, 17), low)).battery
    assert not only(await told(store, *weights(18, 19, 20))).battery, "all seven days are there"


def test_every_language_says_everything_in_short_sentences() -> None:
    english = texts("en").said
    fields = {key: sorted(re.findall(r"{(\w+)}", said)) for key, said in english.items()}
    for code in CODES:
        language = texts(code)
        assert {key: sorted(re.findall(r"{(\w+)}", said)) for key, said in language.said.items()} == fields, code
        assert language.reviewed == (code == "en")
        for key, sentence in language.said.items():
            for part in re.split(r"[.?!۔؟]\s", sentence):
                assert len(part.split()) <= (14 if code == "ur" else 12), (code, key)
    banned = re.compile(r"\b(should|please wait|error|invalid|oops|must)\b", re.IGNORECASE)
    assert not [said for said in english.values() if banned.search(said)]


async def test_the_command_writes_only_what_the_ward_enabled(
    where: Path | str, store: WardStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    async def command(*words: str) -> int:
        return await asyncio.to_thread(ward_command.main, ["letter", PATIENT, *words, "--database", str(where)])

    await told(store, *weights(*range(14, 21)))
    written = tmp_path / "letter.html"
    assert await command("--week", "2026-11-20", "-o", str(written)) == 1
    assert "not enabled" in capsys.readouterr().err
    assert await command("--enable") == 1
    assert await command("--enable", "--phone", "0116 000 0000", "--hours", "8am to 8pm") == 0
    assert await command("--week", "2026-11-20", "--language", "pl", "-o", str(written)) == 1
    assert "Nobody who speaks it" in capsys.readouterr().err
    assert not written.exists()
    assert await command("--week", "2026-11-20", "--name", "Jane <Smith>", "-o", str(written)) == 0
    html = written.read_text(encoding="utf-8")
    assert "Jane &lt;Smith&gt;" in html
    assert "from <bdi>14 November</bdi> to <bdi>20 November</bdi>" in html
    acts = await store.database.run(audit.newest)
    assert [a.what for a in acts] == ["letter-written", "letter-enabled"]
    assert not any("Smith" in str(a.detail) for a in acts)
    resource = tmp_path / "letter.json"
    named = ("--name", "Jane Smith", "-o", str(written), "--fhir", str(resource))
    assert await command("--week", "2026-11-20", *named) == 0
    DocumentReference.model_validate_json(resource.read_bytes())
    document = json.loads(resource.read_bytes())
    letter_in_it = base64.b64decode(document["content"][0]["attachment"]["data"]).decode()
    assert "Smith" not in letter_in_it
    assert PATIENT in letter_in_it
    assert await command("--week", "2026-01-20", "-o", str(written)) == 1
    assert await command("--disable") == 0
    assert await command("--week", "2026-11-20", "-o", str(written)) == 1


# On paper


@pytest.fixture(scope="module")
def window(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    with chromium(tmp_path_factory.mktemp("profile")) as window:
        yield window


@pytest.fixture
async def full(tmp_path: Path) -> Record:
    """As much as a letter holds: four channels, two in amber, one with low batteries, and all of them together."""
    store = WardStore(tmp_path / "ward.db")
    everything: list[Reading | Alert | Event] = [r for channel in home.history(25).values() for r in channel]
    everything += home.fever_and_pulse(25)["temperature"]
    alerts = [gain(), gain(n=2, kind="high-pressure"), gain(n=3, kind="worsening")]
    low = home.event(1, "battery-low", "Low.", device="cuff", at=at(16))
    await store.commit([said(m, n) for n, m in enumerate([*everything, *alerts, low], 1)], [])
    await store.database.run(
        lambda tx: tx.change(
            "INSERT INTO calls VALUES ($1, 'wg-7f3k', 'alert-1', 'nurse', $2)", PATIENT, at(19).timestamp()
        )
    )
    found = await store.database.run(lambda tx: record(tx, PATIENT, LAST, LONDON))
    await store.close()
    return found


def pages(window: webdriver.Chrome) -> int:
    """How many sheets a printer would take, by the PDF that Chromium makes."""
    pdf = window.execute_cdp_cmd("Page.printToPDF", {"preferCSSPageSize": True, "printBackground": False})
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", base64.b64decode(pdf["data"])))


@pytest.mark.browser
@pytest.mark.parametrize("code", CODES)
@pytest.mark.parametrize(("large", "sheets"), [(False, 1), (True, 2)])
def test_it_fits_its_paper(
    window: webdriver.Chrome, full: Record, tmp_path: Path, code: str, large: bool, sheets: int
) -> None:
    html = page(full, SETTINGS, texts(code), large=large)
    file = tmp_path / "letter.html"
    file.write_text(html, encoding="utf-8")
    window.get(file.as_uri())
    assert pages(window) == sheets
    size = window.execute_script("return parseFloat(getComputedStyle(document.querySelector('main p')).fontSize)")
    assert size == pytest.approx((18 if large else 14) * 96 / 72, abs=0.1)
    for width in (320,) if large else (320, 1280):
        resize(window, width)
        assert judge(window) == ([], [])
        assert window.execute_script(
            "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
        )
    assert {url.split(":")[0] for url in requests(window)} <= {"file", "chrome-extension"}
    assert complaints(window) == []


def test_the_page_says_what_the_record_says(full: Record) -> None:
    html = page(full, SETTINGS, texts("en"))
    pills = dict(re.findall(r'id="(\w+)" data-pill="([\w-]+)"', html))
    assert pills == {"weight": "up", "blood_pressure": "up", "saturation": "target", "temperature": "none"}
    assert "A nurse rang you on <bdi>19 November</bdi>." in html
    assert html.count('class="ruled"') == 2
    assert "999" in html
    assert "111" in html
    assert "78.4 kg" not in html.split("<style>")[0]
    days = dict(re.findall(r'<section class="channel" id="(\w+)".*?<strong>(\d)</strong>', html, re.DOTALL))
    by_hand = {
        channel: len(
            {
                r.time.taken.date()
                for r in full.readings
                if r.channel == channel
                and r.quality.good
                and not r.test
                and date(2026, 11, 14) <= r.time.taken.date() <= LAST
            }
        )
        for channel in days
    }
    assert {c: int(n) for c, n in days.items()} == by_hand
