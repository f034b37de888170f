"""The home's two sounds, made here: soft bells without a sharp beginning, as WAV files."""

from __future__ import annotations

import array
import io
import math
import sys
import wave
from typing import Final

RATE_HZ: Final = 22_050
_LOUDNESS: Final = 0.35
"""Of full scale: the loudspeaker's own setting does the rest."""
_RISE_S: Final = 0.02
_FALL_S: Final = 0.18
ONE_NOTE: Final = ((659.25, 0.9),)
"""E5. Frequency in hertz and seconds."""
TWO_NOTES: Final = ((523.25, 0.45), (440.0, 0.9))
"""C5 and A4: it goes down, and asks."""


def wav(notes: tuple[tuple[float, float], ...]) -> bytes:
    """One after the other, 16 bit, mono."""
    samples = array.array("h")
    for frequency_hz, length_s in notes:
        samples.extend(_note(frequency_hz, length_s))
    if sys.byteorder == "big":
        samples.byteswap()
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE_HZ)
        file.writeframes(samples.tobytes())
    return out.getvalue()


def _note(frequency_hz: float, length_s: float) -> list[int]:
    return [_sample(frequency_hz, n / RATE_HZ, length_s) for n in range(round(length_s * RATE_HZ))]


def _sample(frequency_hz: float, at_s: float, length_s: float) -> int:
    rise, end = min(1.0, at_s / _RISE_S), min(1.0, (length_s - at_s) / _RISE_S)
    turn = 2 * math.pi * frequency_hz * at_s
    tone = 0.8 * math.sin(turn) + 0.2 * math.sin(2 * turn)
    return round(32767 * _LOUDNESS * rise * end * math.exp(-at_s / _FALL_S) * tone)
