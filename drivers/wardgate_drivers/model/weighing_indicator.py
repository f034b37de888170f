"""Generic weighing indicators with continuous text output (Tiger, Selleton and alike), 9600 8N1.

What stands still and is above zero is kept, once a load; unstable, overload and tare lines never are.

Source: manuals of Tiger and Selleton weighing indicators. Not tried on real devices.
"""

from __future__ import annotations

import re
from typing import Final

from wardgate_drivers.codec import indicator_ascii
from wardgate_drivers.link.load import Load
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.link.text_lines import TextLineSession
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Kind, Model, Serial

_BEGINS: Final = re.compile(rb"(?:ST|US|OL) *,")


def _session(sink: SessionSink) -> TextLineSession:
    return TextLineSession(sink, _BEGINS, indicator_ascii.measurement, Load().choose)


WEIGHING_INDICATOR: Final = Model(
    id="weighing-indicator-serial",
    maker="Tiger, Selleton and others",
    name="weighing indicator",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Serial(baud=9600, data_bits=8, parity="N", stop_bits=1, open_session=_session),
    wake="Step on it and stand still until the number stops moving.",
)
