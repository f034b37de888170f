"""The two eight-bit checksums that Viatom's families end their frames with."""

from __future__ import annotations

from typing import Final

_REFLECTED: Final = 0x8C
_PLAIN: Final = 0x07


def _reflected_step(crc: int) -> int:
    for _ in range(8):
        crc = crc >> 1 ^ (_REFLECTED if crc & 1 else 0)
    return crc


def _plain_step(crc: int) -> int:
    for _ in range(8):
        crc = (crc << 1 ^ (_PLAIN if crc & 0x80 else 0)) & 0xFF
    return crc


_REFLECTED_TABLE: Final = tuple(_reflected_step(byte) for byte in range(256))
_PLAIN_TABLE: Final = tuple(_plain_step(byte) for byte in range(256))


def reflected(data: bytes) -> int:
    """CRC-8 with the reflected polynomial 0x8C, from 0."""
    crc = 0
    for byte in data:
        crc = _REFLECTED_TABLE[crc ^ byte]
    return crc


def plain(data: bytes) -> int:
    """CRC-8 with the polynomial 0x07, from 0."""
    crc = 0
    for byte in data:
        crc = _PLAIN_TABLE[crc ^ byte]
    return crc
