"""Nonin oximeters on a serial line that stream: 3150 WristOx2 (USB), 8500, 2500 PalmSAT and Avant, Xpod and 8500M.

The 3150 is told to send format 8. Xpods send format 1, 2 or 7 as they were ordered, and the one that fits is taken:
formats 2 and 7 carry a checksum every five bytes, format 1 is known by frames that follow each other without a gap. The
8500, 2500 and Avant print a line of text each second.
Memories are not fetched; `wardgate_drivers.evidence.oximeters` says what is missing for that.

Source: Nonin OEM specification; the format command as in Nonin's 9560 specification. Not tried on real devices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wardgate_drivers.codec import nonin_blocks, nonin_commands, nonin_df1, nonin_df8, nonin_text
from wardgate_drivers.codec.nonin_df19 import SMARTPOINT
from wardgate_drivers.link.any_format import any_format
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.link.finger_serial import finger_session
from wardgate_drivers.link.sink import SessionSink
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Kind, Model, Serial, SerialSession, Stream

_SILENCE_S: Final = 5.0
_BLOCKS_PER_S: Final = 3
_WAKE: Final = "Put the sensor on and keep still for half a minute."
_STREAM: Final = Stream(
    good=frozenset({SMARTPOINT}),
    doubtful=frozenset({nonin_df8.ARTIFACT, nonin_df8.OUT_OF_TRACK}),
    steady_frames=STEADY.steady_frames,
)


def _model(model_id: str, name: str, open_session: Callable[[SessionSink], SerialSession]) -> Model:
    return Model(
        id=model_id,
        maker="Nonin",
        name=name,
        kind=Kind.OXIMETER,
        channels=(Channel.SATURATION,),
        link=Serial(baud=9600, data_bits=8, parity="N", stop_bits=1, open_session=open_session, silence_s=_SILENCE_S),
        wake=_WAKE,
    )


NONIN_3150_SERIAL: Final = _model(
    "nonin-3150-serial",
    "3150 WristOx2 (USB)",
    finger_session(
        nonin_df8.Splitter,
        nonin_df8.measurement,
        _STREAM,
        packets_per_s=1,
        start=nonin_commands.SEND_FORMAT_8,
    ),
)

NONIN_XPOD: Final = _model(
    "nonin-xpod-serial",
    "Xpod 3012LP",
    any_format(
        finger_session(nonin_df1.Splitter, nonin_df1.measurement, _STREAM, packets_per_s=1),
        finger_session(nonin_blocks.Splitter, nonin_blocks.measurement, _STREAM, packets_per_s=_BLOCKS_PER_S),
    ),
)

NONIN_8500: Final = _model(
    "nonin-8500-serial",
    "8500, 2500 PalmSAT, Avant (printer output)",
    finger_session(nonin_text.Splitter, nonin_text.measurement, _STREAM, packets_per_s=1),
)
