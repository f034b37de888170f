"""What names somebody is gone from a report, and the report can still be followed."""

from __future__ import annotations

import pytest

from wardgate.scrub import Scrubber

KNOWN = {"Copper Heron 93": "patient", "lab": "hub", "A1:B2:C3:D4:E5:F6": "device", "SN-0042": "serial"}


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("Alert for Copper Heron 93.", "Alert for <patient-1>."),
        ("alert for COPPER HERON 93", "alert for <patient-1>"),
        ("hub lab is available in the laboratory", "hub <hub-1> is available in the laboratory"),
        ("a1:b2:c3:d4:e5:f6 was heard", "<device-1> was heard"),
        ("/org/bluez/hci0/dev_11_22_33_44_55_66", "/org/bluez/hci0/dev_<address-1>"),
        ("serial SN-0042, called 943 476 5919", "serial <serial-1>, called <number-1>"),
        ("mail jane.doe@example.org from 192.168.1.20", "mail <mail-1> from <ip-1>"),
        ("listening on 127.0.0.1:8077", "listening on 127.0.0.1:8077"),
        ('File "/home/jane/x.py"', 'File "/home/<home-1>/x.py"'),
        ("weight 78.25 kg at 07:10", "weight 78.25 kg at 07:10"),
    ],
)
def test_what_names_somebody_is_taken_out(text: str, clean: str) -> None:
    assert Scrubber(KNOWN).scrub(text) == clean


def test_the_same_stands_for_the_same_and_another_for_another() -> None:
    scrubber = Scrubber({})
    first = scrubber.scrub("AA:BB:CC:DD:EE:01 then AA:BB:CC:DD:EE:02")
    assert first == "<address-1> then <address-2>"
    assert scrubber.scrub("aa-bb-cc-dd-ee-02") == "<address-2>"
