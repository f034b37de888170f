"""Nonin data format 1: three bytes a second over a serial line.

    0  bit 7 set, bits 0-1 pulse bits 7-8, 2 artifact, 3 marginal perfusion, 4 low perfusion, 5 out of track,
       6 sensor disconnected
    1  pulse      low seven bits; 511 none
    2  SpO2       percent, 127 none

Bytes 1 and 2 have bit 7 clear; there is no checksum. Source: Nonin OEM specification as owners of an iPod 3211 quote it
(pastebin 7WvErGqY, cpaptalk topic 171822); a public host of a Nonin 4100 (edu.illinois.mdpnp) reads it the same way.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec.cursor import named_bits
from wardgate_drivers.codec.nonin_df8 import ARTIFACT, OUT_OF_TRACK, SENSOR_DISCONNECTED, SYNC, Frame, pulse_and_spo2
from wardgate_drivers.codec.oximeter_frame import oximetry
from wardgate_drivers.measurement import Measurement

SIZE: Final = 3
SURE_FRAMES: Final = 4
"""So many frames without a byte between them are format 1. Of formats 2 and 7, which have bit 7 set in every fifth byte
at least, no more than two can look like it, unless bytes were lost."""
_STATUS: Final = {2: ARTIFACT, 3: "marginal-perfusion", 4: "low-perfusion", 5: OUT_OF_TRACK, 6: SENSOR_DISCONNECTED}


def decode(data: bytes) -> Frame:
    """One frame.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    pulse, spo2 = pulse_and_spo2(data, SIZE)
    return Frame(pulse, spo2, named_bits(data[0], _STATUS))


def measurement(data: bytes) -> Measurement:
    """What one second says of the patient.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    frame = decode(data)
    return oximetry(data, frame.outcome, frame.spo2, frame.pulse, status=frame.status)


class Splitter:
    """Bytes as they come, frames out, once `SURE_FRAMES` came one right after the other; again so after a lost byte.

    Three bytes without a checksum are found in anything: what a line in another format happens to hold is kept back.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._kept: list[bytes] = []
        self._is_sure = False

    def feed(self, data: bytes) -> list[bytes]:
        """The whole frames that are now there."""
        frames = []
        for byte in data:
            if bool(byte & SYNC) != (not self._rest):
                self._rest, self._kept, self._is_sure = b"", [], False
            if self._rest or byte & SYNC:
                self._rest += bytes((byte,))
            if len(self._rest) == SIZE:
                self._kept.append(self._rest)
                self._rest = b""
                self._is_sure = self._is_sure or len(self._kept) == SURE_FRAMES
                if self._is_sure:
                    frames += self._kept
                    self._kept = []
        return frames
