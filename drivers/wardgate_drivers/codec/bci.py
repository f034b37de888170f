"""The five-byte packet of Contec and Berry oximeters, 60 or 100 times a second, one or many to a frame.

    0  bit 7 set, bits 0-3 signal, bit 6 beep
       Contec: bit 4 search timeout, bit 5 SpO2 falling; Berry: bit 4 no signal, bit 5 probe unplugged
    1  waveform
    2  bits 0-3 bar, bit 4 probe error (Berry: no finger), bit 5 searching, bit 6 is bit 7 of the pulse
    3  pulse      low seven bits; 255 none
    4  SpO2       percent, 127 none

Only byte 0 has bit 7 set; there is no checksum.
Source: Berry Medical, BCI protocol; public notes on the Contec CMS50D+.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from wardgate_drivers.codec.cursor import need_size
from wardgate_drivers.codec.oximeter_frame import named, outcome_of, oximetry
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Measurement, Outcome

SIZE: Final = 5
NO_SPO2: Final = 127
NO_PULSE: Final = 255
_SYNC: Final = 0x80


class Variant(StrEnum):
    """Whose meaning the flags have."""

    CONTEC = "contec"
    BERRY = "berry"


@dataclass(frozen=True, slots=True)
class Packet:
    """The fields of one packet. None: the device has no value."""

    variant: Variant
    spo2: int | None
    pulse: int | None
    signal: int
    beep: bool
    waveform: int
    bar: int
    searching: bool
    flag_4: bool
    """Contec: search timeout; Berry: no signal."""
    flag_5: bool
    """Contec: SpO2 falling; Berry: probe unplugged."""
    no_probe: bool
    """Contec: probe error; Berry: no finger."""

    @property
    def outcome(self) -> Outcome:
        """No reading while it searches or has no finger, probe or values."""
        unplugged = self.flag_5 and self.variant is Variant.BERRY
        empty = self.searching or self.flag_4 or unplugged or self.no_probe
        return outcome_of(self.spo2, self.pulse, empty=empty)

    @property
    def flags(self) -> dict[str, bool]:
        """The flags by the names that the variant gives them."""
        if self.variant is Variant.BERRY:
            own = {"no_signal": self.flag_4, "probe_unplugged": self.flag_5, "no_finger": self.no_probe}
        else:
            own = {"search_timeout": self.flag_4, "spo2_falling": self.flag_5, "probe_error": self.no_probe}
        return {"searching": self.searching, **own}

    @property
    def status(self) -> tuple[str, ...]:
        """Names of the flags that are set."""
        return named(*((name.replace("_", "-"), is_set) for name, is_set in self.flags.items()))


def decode(data: bytes, variant: Variant = Variant.CONTEC) -> Packet:
    """One whole packet.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    for at, byte in enumerate(data[:SIZE]):
        if bool(byte & _SYNC) != (at == 0):
            raise FrameError(Reason.BAD_SYNC, f"byte {at} is {byte:02x}")
    need_size(data, SIZE)
    head, waveform, bar, pulse_low, spo2 = data
    pulse = pulse_low | (bar & 0x40) << 1
    return Packet(
        variant=variant,
        spo2=None if spo2 == NO_SPO2 else spo2,
        pulse=None if pulse == NO_PULSE else pulse,
        signal=head & 0x0F,
        beep=bool(head & 0x40),
        waveform=waveform,
        bar=bar & 0x0F,
        searching=bool(bar & 0x20),
        flag_4=bool(head & 0x10),
        flag_5=bool(head & 0x20),
        no_probe=bool(bar & 0x10),
    )


def measurement(data: bytes, variant: Variant) -> Measurement:
    """What one packet says of the patient.

    Raises:
        FrameError: `bad-sync`, `bad-length`.
    """
    packet = decode(data, variant)
    return oximetry(data, packet.outcome, packet.spo2, packet.pulse, status=packet.status)


class Splitter:
    """Bytes as they come, packets out: begins anywhere, and finds its way back after a byte was lost."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> list[bytes]:
        """The whole packets that are now there."""
        packets = []
        for byte in data:
            if byte & _SYNC:
                self._rest = bytes((byte,))
            elif self._rest:
                self._rest += bytes((byte,))
                if len(self._rest) == SIZE:
                    packets.append(self._rest)
                    self._rest = b""
        return packets


def decode_stream(data: bytes, variant: Variant = Variant.CONTEC) -> list[Packet]:
    """The whole packets in a piece of the stream, cut anywhere.

    Raises:
        FrameError: `no-frame` when there is none.
    """
    packets = [decode(packet, variant) for packet in Splitter().feed(data)]
    if not packets:
        raise FrameError(Reason.NO_FRAME, f"no packet in {len(data)} bytes")
    return packets
