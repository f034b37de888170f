"""Tanita scales that write a line for each result: SC-240, WB-3000, and HD-351BT through its classic serial port.

HD-351BT is paired with PIN 0000 and bound to a port (rfcomm) by the technician; it gives up after 30 s without a host.

Source: Tanita, SC-240 serial interface manual and HD-351BT manual. Not tried on real devices.
"""

from __future__ import annotations

import re
from typing import Final

from wardgate_drivers.codec import tanita_serial
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.link.text_lines import TextLineSession
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Kind, Model, Serial


def _session(sink: SessionSink) -> TextLineSession:
    return TextLineSession(sink, re.compile(re.escape(tanita_serial.HEADER)), tanita_serial.measurement)


TANITA_SCALE: Final = Model(
    id="tanita-scale-serial",
    maker="Tanita",
    name="SC-240",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Serial(baud=9600, data_bits=8, parity="N", stop_bits=1, open_session=_session),
    wake="Step on it and stand still until the result shows.",
)
