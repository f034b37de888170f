"""Frames of the oximeter makers, written from their layouts. None: the device has no value."""

from __future__ import annotations

from wardgate_sim.encode.civil import Civil

NO_SPO2 = 127
NO_PULSE = 255


def bci_packet(
    spo2: int | None,
    pulse: int | None,
    *,
    signal: int = 8,
    beep: bool = False,
    waveform: int = 0,
    bar: int = 0,
    searching: bool = False,
    no_finger: bool = False,
) -> bytes:
    """Five bytes, of which only the first has bit 7 set; bit 7 of the pulse travels in byte 2 bit 6."""
    rate = NO_PULSE if pulse is None else pulse
    return bytes(
        [
            0x80 | beep << 6 | signal,
            waveform & 0x7F,
            bar & 0x0F | no_finger << 4 | searching << 5 | (rate >> 7) << 6,
            rate & 0x7F,
            NO_SPO2 if spo2 is None else spo2,
        ]
    )


def contec_v7_realtime(
    spo2: int | None,
    pulse: int | None,
    *,
    waveform: int = 0,
    bar: int = 0,
    searching: bool = False,
    probe_error: bool = False,
    perfusion: int | None = None,
) -> bytes:
    """Nine bytes: the bits 7 of the data travel in the second byte, and every byte but the first has bit 7 set."""
    index = 0 if perfusion is None else perfusion
    return contec_v7(
        0x01,
        bytes(
            [
                8 | probe_error << 7,
                waveform & 0x7F | searching << 7,
                bar | (perfusion is not None) << 4,
                NO_PULSE if pulse is None else pulse,
                NO_SPO2 if spo2 is None else spo2,
                index & 0xFF,
                index >> 8,
            ]
        ),
    )


def contec_v7(kind: int, data: bytes) -> bytes:
    """Any packet of that protocol."""
    high = 0
    for at, byte in enumerate(data):
        high |= (byte >> 7) << at
    return bytes([kind, 0x80 | high]) + bytes(0x80 | byte for byte in data)


def contec_ble_values(spo2: int, pulse: int) -> bytes:
    """EB 01: eight bytes; what byte 2 is for is not known."""
    return seven_bit_summed(bytes([0xEB, 0x01, 0x04, pulse, spo2, 0x7F, 0x00]))


def contec_ble_waveform(sample: int) -> bytes:
    """EB 00: six bytes."""
    return seven_bit_summed(bytes([0xEB, 0x00, 0x03, sample & 0x7F, 0x09]))


def seven_bit_summed(front: bytes) -> bytes:
    """With the low seven bits of its sum behind it."""
    return front + bytes([sum(front) % 128])


def po60_time(kind: int, at: Civil, milliseconds: int = 0) -> bytes:
    """F9 (told) or 83 (set): year from 2000 to second, then milliseconds as two digits of seven bits, low first."""
    return seven_bit_summed(bytes([kind, *_short(at), milliseconds % 128, milliseconds // 128]))


def po60_storage(data_type: int, total: int) -> bytes:
    """E0: every record is unread, always."""
    number = bytes([total % 128, total // 128])
    return seven_bit_summed(bytes([0xE0, data_type]) + number + number)


def po60_record(number: int, last: bool, start: Civil, end: Civil, spo2: int, pulse: int) -> bytes:
    """E9, 24 bytes: a measurement over which the values stood still."""
    period_s = end.civil_s - start.civil_s + 1
    high = (period_s >> 14) & 0x07 | (0x38 if pulse > 127 else 0)
    digits = bytes([period_s >> 7 & 0x7F, period_s & 0x7F])
    values = bytes([spo2] * 3 + [pulse & 0x7F] * 3)
    front = bytes([0xE9, number | last << 6, *_short(start), *_short(end), high])
    return seven_bit_summed(front + digits + values)


def _short(at: Civil) -> tuple[int, ...]:
    return (at.year - 2000, *at[1:])


def pc60_values(spo2: int, pulse: int, perfusion_pct: float) -> bytes:
    """Token 0F, function 1; all zero without a finger."""
    body = bytes([spo2]) + pulse.to_bytes(2, "little") + bytes([round(perfusion_pct * 10), 0, 0xC0])
    return pc60(0x0F, b"\x01" + body)


def pc60(token: int, body: bytes) -> bytes:
    """Any frame of that protocol, from its function on."""
    front = bytes([0xAA, 0x55, token, len(body) + 1]) + body
    return front + bytes([_crc_from_the_right(front)])


def _crc_from_the_right(data: bytes) -> int:
    crc = 0
    for byte in data:
        for bit in range(8):
            mixed = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ (0x8C if mixed else 0)
    return crc


def viatom_reply(data: bytes, *, status: int = 0) -> bytes:
    """55, status, its complement, block, length, data, CRC-8."""
    front = bytes([0x55, status, 0xFF - status, 0, 0]) + len(data).to_bytes(2, "little") + data
    return front + bytes([_crc_from_the_left(front)])


def viatom_live(spo2: int, pulse: int, *, battery: int, perfusion_pct: float, worn: bool) -> bytes:
    """The data of the answer to 17."""
    return bytes([spo2, pulse, 0, 0, 0, 0, 0, battery, 0, 0, round(perfusion_pct * 10), worn, 0])


def is_viatom_request(frame: bytes) -> bool:
    """Whether a host's request is whole and sound."""
    return (
        len(frame) >= 8
        and frame[0] == 0xAA
        and frame[1] + frame[2] == 0xFF
        and _crc_from_the_left(frame[:-1]) == frame[-1]
    )


def _crc_from_the_left(data: bytes) -> int:
    crc = 0
    for byte in data:
        for bit in range(7, -1, -1):
            mixed = (crc >> 7 ^ byte >> bit) & 1
            crc = crc << 1 & 0xFF ^ (0x07 if mixed else 0)
    return crc


def jumper_values(spo2: int | None, pulse: int | None, perfusion_pct: float) -> bytes:
    """81, pulse, SpO2, perfusion index."""
    values = (NO_PULSE if pulse is None else pulse, NO_SPO2 if spo2 is None else spo2)
    return bytes([0x81, *values, round(perfusion_pct * 10)])


def choicemmed_values(spo2: int, pulse: int, breathing: int, perfusion_pct: float) -> bytes:
    """3E and twelve more."""
    return bytes([0x3E, spo2, 0, pulse, 0, breathing, 0x20, 0, 0, 0, 0, round(perfusion_pct * 10), 0xF0])
