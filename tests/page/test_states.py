"""What the page says of homes in every state, in the words that are the same everywhere."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape
from typing import Any

import msgspec
import pytest

from tests.support.home import (
    EVENTS,
    LOST_CUFF,
    NOW,
    alert,
    device,
    event,
    fever_and_pulse,
    history,
    morning,
    reading,
    series,
    status,
)
from wardgate.control.messages import DeviceView, Status, WayPoint
from wardgate.faces.assets import Assets
from wardgate.page.render import CHANNELS, Renderer, Snapshot
from wardgate.page.verdict import verdict

RENDERER = Renderer(Assets())


def snapshot(of: Status, days: int = 14) -> Snapshot:
    stored = history(95)
    return Snapshot(of, {c: series(c, days, stored.get(c, ())) for c in CHANNELS}, days)


def said(html: str) -> str:
    """The words alone, with single spaces."""
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", html))).strip()


def part(name: str, of: Status) -> str:
    return said(RENDERER.parts(snapshot(of))[name])


def test_all_well() -> None:
    told = verdict(status())
    assert (told.tone, told.headline, told.said) == ("good", "Working", "Nothing to do.")
    assert told.fine == ("The scale, the cuff and the oximeter are working. Everything they sent has reached the ward.")


def test_one_thing() -> None:
    told = verdict(status(devices=(device("scale"), LOST_CUFF, device("oximeter"))))
    assert (told.tone, told.headline) == ("attention", "1 thing needs attention")
    assert told.said == "The cuff has not been heard for 2 days."
    assert told.fine == "The scale and the oximeter are working. Everything they sent has reached the ward."


def test_alerts_come_first_and_the_worst_of_them_is_said() -> None:
    low = alert(2, priority="high", sentence="Oxygen is 84 %. Target 88 to 92 %.", raised=morning(0, 8))
    told = verdict(status(devices=(LOST_CUFF,), open_alerts=(alert(), low)))
    assert (told.tone, told.headline, told.said) == ("problem", "3 things need attention", "Oxygen is 84 %.")
    assert told.also == (
        "Weight went up 2.3 kg in 3 days (78.2 to 80.5 kg).",
        "The cuff has not been heard for 2 days.",
    )


TROUBLES: list[tuple[dict[str, Any], str]] = [
    ({"delivery_connected": False, "delivery_problem": "The ward's address is not found. Check the network cable."},
     "The ward's address is not found. Check the network cable."),
    ({"delivery_connected": False}, "The ward's broker does not answer. Readings wait here, safe."),
    ({"delivery_parked": 2}, "2 messages were refused by the ward. They are kept here."),
    ({"radio_state": "no-adapter", "radio_sentence": "No Bluetooth adapter is found. Plug one in."},
     "No Bluetooth adapter is found. Plug one in."),
    ({"hub_clock_synchronised": False}, "The hub does not know the time yet. Readings are kept and dated later."),
    ({"hub_disk_free_bytes": 120_000_000}, "The hub's disk is nearly full: 120.0 MB free."),
]  # fmt: skip


@pytest.mark.parametrize(("trouble", "sentence"), TROUBLES)
def test_the_hubs_own_troubles(trouble: dict[str, Any], sentence: str) -> None:
    told = verdict(status(**trouble))
    assert (told.tone, told.said) == ("attention", sentence)


@pytest.mark.parametrize(
    ("changes", "word", "sentence"),
    [
        (
            {"state": "not-heard", "last_heard_age_s": 176000.0},
            "Not heard for 2 days",
            "has not been heard for 2 days.",
        ),
        ({"state": "not-heard", "last_heard_age_s": None}, "Not heard yet", "has not been heard yet."),
        ({"state": "battery-low"}, "Battery low", "has a low battery."),
        ({"state": "pairing-lost"}, "Pairing lost", "has lost its pairing."),
        ({"state": "not-set-up"}, "Not set up", "is not set up."),
    ],
)
def test_a_devices_trouble_in_the_same_words_everywhere(changes: dict[str, Any], word: str, sentence: str) -> None:
    troubled = device("scale", what_to_do="Step on it.", **changes)
    of = status(devices=(device("cuff"), troubled))
    assert verdict(of).said == f"The scale {sentence}"
    words = part("device-scale", of)
    assert word in words
    assert "Step on it." in words


def test_devices_with_trouble_stand_first() -> None:
    parts = RENDERER.parts(snapshot(status(devices=(device("scale"), device("oximeter"), LOST_CUFF))))
    assert [p for p in parts if p.startswith("device-")] == ["device-cuff", "device-scale", "device-oximeter"]


def test_two_scales_are_told_apart() -> None:
    second = device("scale", id="bathroom", state="not-heard")
    assert verdict(status(devices=(device("scale"), second))).said.startswith("The scale bathroom has not")


def test_a_thermometer_and_a_belt_have_their_cards_and_charts() -> None:
    of = status(devices=(device("thermometer", state="not-heard"), device("heart-belt")))
    assert verdict(of).said == "The thermometer has not been heard for 1 hour."
    assert verdict(of).fine.startswith("The heart rate belt is working.")
    stored = fever_and_pulse(14)
    parts = RENDERER.parts(Snapshot(of, {c: series(c, 14, stored.get(c, ())) for c in CHANNELS}, 14))
    assert said(parts["device-thermometer"]).startswith("Thermometer A&D UT-201BLE Not heard for 1 hour")
    assert "More about the heart rate belt" in said(parts["device-heart-belt"])
    assert [p for p in parts if p.startswith("chart-")] == ["chart-pulse", "chart-temperature"]
    assert "Temperature, last 14 days 36.6 °C today" in said(parts["chart-temperature"])
    assert "Usual for this patient, 36.6 °C" in said(parts["chart-temperature"])
    oximeter = RENDERER.parts(snapshot(status()))["device-oximeter"]
    here = [parts["device-thermometer"], parts["device-heart-belt"], oximeter]
    assert len({re.sub(r"(?s).*(<svg class=.picture.*?</svg>).*", r"\1", html) for html in here}) == 3


DEVICES: list[tuple[DeviceView, list[str]]] = [
    (device("scale"), ["Last good reading 7:43am today", "Expected Every day next by 7:43am tomorrow",
                       "Battery Good, 84 %",
                       "Signal Good, −61 dBm", "Pairing Paired", "Its clock 34 seconds slow readings are corrected",
                       "Readings 41", "Ended without a value 2", "Sent again, kept once 1,331"]),
    (LOST_CUFF, ["Last good reading 8:11am 19 November", "Expected Twice a day 1 day overdue",
                 "Battery Low, 18 % 19 November", "Signal Fair, −78 dBm"]),
    (device("oximeter", rssi_dbm=None, battery_percent=None, bonded=None, clock_offset_s=0.4, last_reading=None,
            last_heard_age_s=None, cadence_s=None),
     ["Last good reading None yet", "Expected When used", "Battery Not known", "Signal Not known",
      "Last heard Not yet", "Pairing Needs none", "Its clock Right"]),
    (device("scale", last_reading=morning(1, 8, 30)), ["due since 8:30am today"]),
    (device("scale", rssi_dbm=-91), ["Signal Weak, −91 dBm"]),
]  # fmt: skip


@pytest.mark.parametrize(("shown", "words"), DEVICES)
def test_cards(shown: DeviceView, words: list[str]) -> None:
    text = part(f"device-{shown.id}", status(devices=(shown,)))
    for expected in words:
        assert expected in text


def test_the_way_of_a_reading_that_arrived() -> None:
    words = part("way", status())
    assert "Weight, taken today at 7:43am" in words
    for node in (
        "Seen 7:43:02am by Bluetooth",
        "Stored 7:43:02am 0.02 seconds later 331 kept",
        "Broker 7:43:02am 0.3 seconds later 331 sent",
        "Ward 7:43:02am 0.8 seconds later 331 confirmed",
    ):
        assert node in words
    assert "Weight received. Stored, sent, and the ward has it." in words
    assert "Nothing is waiting to be sent. The ward last answered today at 9:14am, 41 seconds ago." in words


def waiting_at(door: str, **delivery: Any) -> Status:
    seen = NOW - timedelta(seconds=12)
    point = WayPoint(
        reading=reading("saturation", seen, spo2=90.0, address=None),
        seen=seen,
        stored=seen + timedelta(seconds=0.02),
        broker=seen + timedelta(seconds=0.3) if door == "ward" else None,
        ward=None,
        waiting_s=12.0,
    )
    return status(way=point, **{f"delivery_{k}": v for k, v in delivery.items()})


def test_the_way_of_a_reading_that_waits_for_the_ward() -> None:
    of = waiting_at(
        "ward", waiting=14, waiting_alerts=1, oldest_waiting=morning(0), oldest_waiting_age_s=5530.0, at_ward=317
    )
    words = part("way", of)
    assert "Seen 9:15:00am by cable" in words
    assert "Ward Waiting 12 seconds so far 317 confirmed" in words
    assert "Still waiting. This can take 1 minute. Nothing is lost." in words
    assert (
        "14 messages are waiting for the ward. The oldest is from today, 7:43am, 1 hour ago. 1 alert is waiting."
        in words
    )


def test_the_way_when_the_broker_cannot_be_reached() -> None:
    words = part("way", waiting_at("broker", connected=False, waiting=3))
    assert "Broker Waiting 12 seconds so far" in words
    assert "Ward Not yet" in words
    assert "It waits here, safe, until the ward can be reached." in words
    assert "3 messages are waiting for the ward. No alert is waiting." in words


def test_a_ward_that_does_not_confirm_is_never_shown_as_having_it() -> None:
    of = waiting_at("ward", confirm="broker")
    html = RENDERER.parts(snapshot(of))["way"]
    assert "Ward Does not answer" in said(html)
    assert "This ward does not answer: sent is the last thing we know." in said(html)
    assert 'class="none"' in html
    assert "the ward has it" not in said(html)
    assert "reached the ward" not in verdict(of).fine
    assert "has reached the broker" in verdict(of).fine


def test_the_way_before_any_reading() -> None:
    words = part("way", status(way=None, delivery_stored=0, delivery_last_ward_answer=None))
    assert "No reading yet." in words
    assert "The ward has not answered yet." in words


def test_a_test_reading_is_marked() -> None:
    point = status().way
    assert point is not None
    test = msgspec.structs.replace(point, reading=reading("weight", morning(0), test=True, weight=70.0))
    assert "Weight, taken today at 7:43am. Test." in part("way", status(way=test))


def test_open_alerts_carry_their_reason() -> None:
    words = part("alerts", status(open_alerts=(alert(),)))
    assert "Medium" in words
    assert "Weight went up 2.3 kg in 3 days (78.2 to 80.5 kg). Limit 2 kg. Usual 78.4 kg." in words
    assert "Raised today, 7:44am, 1 hour ago. Rule: weight gain 3 days, version 1." in words
    seen = alert(state="acknowledged", changed=morning(0, 8, 10))
    assert "Seen by the ward today, 8:10am." in part("alerts", status(open_alerts=(seen,)))
    assert "No alert is open." in part("alerts", status())


def test_alerts_stand_after_the_verdict_and_before_all_else() -> None:
    assert list(RENDERER.parts(snapshot(status())))[:3] == ["verdict", "alerts", "way"]


def test_the_hub() -> None:
    words = part("hub", status())
    for expected in (
        "Way to the ward Connected broker.example.nhs.uk:8883",
        "Clock Right",
        "Bluetooth radio Listening heard something 2 seconds ago",
        "Waiting to be sent 0",
        "Disk 11.8 GB free readings take 3.1 MB",
        "Version 0.1.0 running for 6 days",
    ):
        assert expected in words


def test_a_clock_that_is_not_set_is_said() -> None:
    words = part("hub", status(hub_clock_synchronised=False))
    assert "Clock Not known yet readings are kept and dated later" in words


def test_idle_and_deaf_are_told_apart() -> None:
    assert "Listening heard something 40 minutes ago" in part("hub", status(radio_last_heard_age_s=2400.0))
    assert "Listening has heard nothing yet" in part("hub", status(radio_last_heard_age_s=None))


def test_no_way_to_the_ward_says_why_and_when_again() -> None:
    words = part(
        "hub", status(delivery_connected=False, delivery_problem="The password is wrong.", delivery_retry_in_s=40)
    )
    assert "Not connected The password is wrong. Trying again in 40 seconds." in words


def test_what_happened_newest_first_with_what_to_do() -> None:
    words = part("events", status(events=EVENTS))
    assert words.index("An alert was raised") < words.index("The scale's clock") < words.index("The cuff's evening")
    assert "Press its blue button." in words
    assert "Today, 8:15am" in words


def test_every_part_is_one_element_with_its_name() -> None:
    for name, html in RENDERER.parts(snapshot(status())).items():
        assert re.match(rf'<(section|article|figure) id="{re.escape(name)}"', html)


def test_hostile_text_stays_text() -> None:
    evil = "<script>alert(1)</script><b id='verdict'>"
    of = status(
        hub_patient=evil,
        devices=(device("scale", name=evil, what_to_do=evil, state="pairing-lost"),),
        open_alerts=(alert(sentence=evil, rule=evil),),
        events=(event(1, "x", evil, what_to_do=evil),),
        delivery_broker=evil,
    )
    html = RENDERER.page(snapshot(of))
    assert "<script>" not in html
    assert "<b id" not in html
    assert html.count("&lt;script&gt;") >= 7


def test_the_homes_own_time_zone_is_used_and_named_once() -> None:
    html = said(RENDERER.page(snapshot(status(hub_timezone="Europe/Lisbon", hub_now=NOW.replace(month=7)))))
    assert html.count("Times are Europe/Lisbon time (WEST).") == 1
    assert "Updated 10:15:12am" in html


def test_a_home_without_devices_and_readings() -> None:
    bare = Snapshot(status(devices=(), way=None), {c: series(c, 14, ()) for c in CHANNELS}, 14)
    html = said(RENDERER.page(bare))
    assert "1 thing needs attention No device is set up for this patient." in html
    assert "No device is set up for this patient." in html
    assert "No readings to draw yet." in html


def test_one_status_element_a_page() -> None:
    html = RENDERER.page(snapshot(status(open_alerts=(alert(),))))
    assert html.count('role="status"') == 1
    assert "14 days</a>" in html
    assert html.count('aria-current="page"') == 1
