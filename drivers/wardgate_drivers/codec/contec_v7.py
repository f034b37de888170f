"""Contec CMS50D+, CMS50E and CMS50F on USB, firmware 4.6 and later.

    0  type, bit 7 clear: 01 real time, 0D disconnect, 0F stored, 7D command of the host
    1  bits 0-6 are bit 7 of the data bytes that follow, in order
    2  data; on the wire all these bytes have bit 7 set

Real time (9 bytes): data 0 bits 0-3 signal, 4 search timeout, 5 SpO2 falling, 6 beep, 7 probe error; data 1 waveform
and bit 7 searching; data 2 bits 0-3 bar, bit 4 says that data 5-6 hold the perfusion index (FFFF none); data 3 pulse
(255 none); data 4 SpO2 (127 none). Stored (8 bytes): three pairs of SpO2 and pulse, zeros are padding. Disconnect
(3 bytes): a reason. Command (9 bytes): A1 start, A2 stop, AF keep-alive.

Source: public notes on the CMS50D+ protocol 7. The size of a disconnect is taken from its one byte of reason.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bci import NO_PULSE, NO_SPO2
from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.oximeter_frame import named, outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

REALTIME: Final = 0x01
DISCONNECT: Final = 0x0D
STORED: Final = 0x0F
COMMAND: Final = 0x7D
SIZES: Final = {REALTIME: 9, DISCONNECT: 3, STORED: 8, COMMAND: 9}
START: Final = 0xA1
STOP: Final = 0xA2
KEEP_ALIVE: Final = 0xAF
_SYNC: Final = 0x80
_NO_PERFUSION: Final = 0xFFFF


@dataclass(frozen=True, slots=True)
class Realtime:
    """One sixtieth of a second. None: the device has no value."""

    spo2: int | None
    pulse: int | None
    signal: int
    search_timeout: bool
    spo2_falling: bool
    beep: bool
    probe_error: bool
    waveform: int
    searching: bool
    bar: int
    has_perfusion: bool
    perfusion_raw: int | None
    """In the device's own steps; their size is not published."""

    @property
    def outcome(self) -> Outcome:
        """No reading while it searches or has no finger or values."""
        return outcome_of(self.spo2, self.pulse, empty=self.searching or self.search_timeout or self.probe_error)

    @property
    def status(self) -> tuple[str, ...]:
        """Names of the flags that are set."""
        return named(
            ("searching", self.searching),
            ("search-timeout", self.search_timeout),
            ("spo2-falling", self.spo2_falling),
            ("probe-error", self.probe_error),
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """Up to three seconds out of the memory, as pairs of SpO2 and pulse."""

    points: tuple[tuple[int | None, int | None], ...]


@dataclass(frozen=True, slots=True)
class Disconnect:
    """The device ends the stream."""

    reason: int


@dataclass(frozen=True, slots=True)
class Command:
    """What a host says."""

    command: int


Packet = Realtime | Stored | Disconnect | Command


def decode(data: bytes) -> Packet:
    """One whole packet.

    Raises:
        FrameError: `bad-sync`, `bad-header` for a type that is not known, `bad-length`.
    """
    if data and data[0] & _SYNC:
        raise FrameError(Reason.BAD_SYNC, f"type {data[0]:02x}")
    if data and data[0] not in SIZES:
        raise FrameError(Reason.BAD_HEADER, f"type {data[0]:02x}")
    size = SIZES[data[0]] if data else SIZES[REALTIME]
    for at, byte in enumerate(data[1:size], 1):
        if not byte & _SYNC:
            raise FrameError(Reason.BAD_SYNC, f"byte {at} is {byte:02x}")
    need_size(data, size)
    values = [byte & 0x7F | (data[1] >> at & 1) << 7 for at, byte in enumerate(data[2:])]
    match data[0]:
        case 0x01:
            return _realtime(values)
        case 0x0F:
            return _stored(values)
        case 0x0D:
            return Disconnect(values[0])
        case _:
            return Command(values[0])


def _value(raw: int, none: int) -> int | None:
    return None if raw == none else raw


def _realtime(values: list[int]) -> Realtime:
    head, waveform, bar, pulse, spo2, low, high = values
    has_perfusion = bool(bar & 0x10)
    return Realtime(
        spo2=_value(spo2, NO_SPO2),
        pulse=_value(pulse, NO_PULSE),
        signal=head & 0x0F,
        search_timeout=bool(head & 0x10),
        spo2_falling=bool(head & 0x20),
        beep=bool(head & 0x40),
        probe_error=bool(head & 0x80),
        waveform=waveform & 0x7F,
        searching=bool(waveform & 0x80),
        bar=bar & 0x0F,
        has_perfusion=has_perfusion,
        perfusion_raw=_value(low | high << 8, _NO_PERFUSION) if has_perfusion else None,
    )


def _stored(values: list[int]) -> Stored:
    pairs = zip(values[::2], values[1::2], strict=True)
    return Stored(tuple((_value(spo2, NO_SPO2), _value(pulse, NO_PULSE)) for spo2, pulse in pairs if spo2 or pulse))


def command(code: int) -> bytes:
    """What a host writes: `START`, `STOP`, `KEEP_ALIVE`."""
    return bytes((COMMAND, _SYNC | code >> 7, _SYNC | code)) + bytes((_SYNC,)) * 6


def measurement(data: bytes) -> Measurement | None:
    """What one real-time packet says of the patient; None for the others.

    Raises:
        FrameError: as `decode`.
    """
    packet = decode(data)
    if not isinstance(packet, Realtime):
        return None
    return oximetry(data, packet.outcome, packet.spo2, packet.pulse, status=packet.status)


class Splitter:
    """Bytes as they come, packets out: begins anywhere, and finds its way back after a byte was lost."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The whole packets that are now there."""
        packets = []
        for byte in data:
            if not byte & _SYNC:
                self._rest = bytes((byte,)) if byte in SIZES else b""
            elif self._rest:
                self._rest += bytes((byte,))
                if len(self._rest) == SIZES[self._rest[0]]:
                    packets.append(self._rest)
                    self._rest = b""
        return packets
