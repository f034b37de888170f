"""The figures in Prometheus' text format."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import msgspec

from wardgate.control.messages import ConfigurationView, DeliveryView, DeviceView, HubView, RadioView, Status
from wardgate.control.metrics import exposition

NOW = datetime(2026, 11, 22, 9, 0, tzinfo=UTC)
SAMPLE = re.compile(r'[a-z_]+(\{[a-z]+="[^"]*"(,[a-z]+="[^"]*")*\})? -?[0-9.e+-]+')


def a_status(*devices: DeviceView) -> Status:
    return Status(
        hub=HubView(
            hub='wg-"1"\\',
            patient="Copper Heron 93",
            timezone="Europe/London",
            version="0.1.0",
            now=NOW,
            uptime_s=12.5,
            clock_synchronised=True,
            disk_free_bytes=1000,
            database_bytes=2000,
            config_hash="abc",
            radio=RadioView(state="off", sentence="Off."),
            confirm="ward",
        ),
        devices=devices,
        delivery=DeliveryView(
            connected=False,
            confirm="ward",
            broker="127.0.0.1:1883",
            stored=9,
            at_broker=7,
            at_ward=6,
            waiting=3,
            waiting_alerts=1,
            oldest_waiting=NOW,
            oldest_waiting_age_s=42.0,
        ),
        way=None,
        open_alerts=(),
        events=(),
    )


def test_every_line_is_one_that_prometheus_reads() -> None:
    scale = DeviceView(
        id="scale", model="and-uc-352ble", kind="scale", maker="A&D", name="UC", state="working", counts={"readings": 3}
    )
    text = exposition(a_status(scale))
    assert text.endswith("\n")
    for line in text.splitlines():
        plain = line.replace("\\\\", "").replace('\\"', "")
        assert line.startswith(("# HELP ", "# TYPE ")) or SAMPLE.fullmatch(plain), line
    assert "wardgate_waiting_messages 3.0\n" in text
    assert "wardgate_oldest_waiting_age_seconds 42.0\n" in text
    assert 'wardgate_device_frames_total{device="scale",model="and-uc-352ble",what="readings"} 3.0\n' in text
    assert 'wardgate_info{hub="wg-\\"1\\"\\\\",version="0.1.0"} 1.0\n' in text


def test_a_configuration_on_probation_is_seen() -> None:
    status = a_status()
    hub = msgspec.structs.replace(status.hub, configuration=ConfigurationView(version=7, proving=True))
    text = exposition(msgspec.structs.replace(status, hub=hub))
    assert "wardgate_configuration_version 7.0\n" in text
    assert "wardgate_configuration_on_probation 1.0\n" in text


def test_what_is_not_known_is_left_out() -> None:
    text = exposition(a_status())
    assert "wardgate_configuration" not in text
    assert "wardgate_ward_answer_age_seconds" not in text
    assert "wardgate_certificate_days_left" not in text
    assert "wardgate_device_" not in text


def test_nobody_is_named() -> None:
    assert "Heron" not in exposition(a_status())
