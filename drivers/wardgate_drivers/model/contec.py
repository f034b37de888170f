"""Contec: CMS50D-BT over Bluetooth; CMS50D+, CMS50E and CMS50F on USB.

Old firmware (before 4.6) streams at 19200 baud unasked; newer firmware streams at 115200 baud after a start command and
stops unless it is kept alive every 5 s. Their memories are not fetched: when a recording began is not told, or by a
clock that nobody can read.
Source: OxiVis issue 2, nringelstein/CMS50D-BT; atbrask/CMS50Dplus, timegrid/CMS50Dplus7.
CMS50D-BT tried on captured frames; none on a real device.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import bci, contec_v7
from wardgate_drivers.link.finger import STEADY
from wardgate_drivers.link.finger_serial import finger_session
from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, Kind, Match, Model, Serial
from wardgate_drivers.protocol import contec

_PACKETS_PER_S: Final = 60
_KEEP_ALIVE_PACKETS: Final = 2 * _PACKETS_PER_S
_SILENCE_S: Final = 3.0
_WAKE: Final = "Switch it on, put a finger in and keep still for half a minute."

CMS50D_BT: Final = Model(
    id="contec-cms50d-bt",
    maker="Contec",
    name="CMS50D-BT",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Gatt(subscriptions=(), deadline_s=600.0, converse=contec.converse),
    match=Match(name_prefixes=("SpO2",)),
    wake=_WAKE,
)

CMS50_SERIAL: Final = Model(
    id="contec-cms50-serial",
    maker="Contec",
    name="CMS50D+ (firmware before 4.6)",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Serial(
        baud=19200,
        data_bits=8,
        parity="O",
        stop_bits=1,
        open_session=finger_session(
            bci.Splitter,
            lambda packet: bci.measurement(packet, bci.Variant.CONTEC),
            STEADY,
            packets_per_s=_PACKETS_PER_S,
        ),
        silence_s=_SILENCE_S,
    ),
    wake=_WAKE,
)

CMS50_V7_SERIAL: Final = Model(
    id="contec-cms50-v7-serial",
    maker="Contec",
    name="CMS50D+ (firmware 4.6 and later)",
    kind=Kind.OXIMETER,
    channels=(Channel.SATURATION,),
    link=Serial(
        baud=115200,
        data_bits=8,
        parity="N",
        stop_bits=1,
        open_session=finger_session(
            contec_v7.Splitter,
            contec_v7.measurement,
            STEADY,
            packets_per_s=_PACKETS_PER_S,
            start=contec_v7.command(contec_v7.START),
            keep_alive=contec_v7.command(contec_v7.KEEP_ALIVE),
            keep_alive_packets=_KEEP_ALIVE_PACKETS,
        ),
        silence_s=_SILENCE_S,
    ),
    wake=_WAKE,
)
