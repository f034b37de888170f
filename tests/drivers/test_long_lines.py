"""Text lines that are long and almost right: they are refused at once. Tried every way, they would take hours."""

from __future__ import annotations

import pytest

from wardgate_drivers import vectors
from wardgate_drivers.errors import FrameError, Reason

SPACES = b" " * 20_000


@pytest.mark.parametrize(
    ("decoder", "line"),
    [
        ("indicator.ascii", b"ST,GS," + SPACES + b"!\r\n"),
        ("indicator.ascii", b"ST,GS,+" + SPACES + b"7" + SPACES + b"!\r\n"),
        ("nonin.ascii", b"SPO2=097 HR=072" + SPACES + b"!\r\n"),
        ("nonin.ascii", b"08:30:05" + SPACES + b"SPO2=097" + SPACES + b"!\r\n"),
    ],
)
def test_many_spaces(decoder: str, line: bytes) -> None:
    with pytest.raises(FrameError) as refused:
        vectors.decode(decoder, line, {})
    assert refused.value.reason is Reason.BAD_HEADER


def test_a_run_without_an_end_is_given_up() -> None:
    sound = bytes.fromhex("e9000f0b060d14250f0b060d143a0000166060606f6e6e4b")
    told = vectors.decode("beurer.po60-stream", sound[:1] + b"\x01" * 200_000 + sound, {})
    assert told.fields == {"records": [["2015-11-06T13:20:37", 96, 110, False]], "dropped": 1}
