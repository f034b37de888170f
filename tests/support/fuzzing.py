"""What must hold for any bytes in any codec, and the inputs with which that is tried.

It goes by the registry of decoders, so that a codec that is added is covered at once.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from tests.support.vectors import Vector, frame_of, load
from wardgate_drivers import vectors
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.vector_fields import Context, Decoded, UnsupportedDecoderError

CORPUS: Final = Path(__file__).parent.parent / "fuzz" / "corpus"
"""One file a decoder, one input a line in hexadecimal: those that a fuzzing run found to reach something new, and
every one that ever broke something."""
SUMMED: Final = frozenset(
    {
        "beurer.po60",
        "contec.ble",
        "creative.pc60",
        "microlife.frame",
        "nonin.df13",
        "nonin.df2",
        "nonin.df7",
        "nonin.serial-number",
        "omron.clock16",
        "omron.frame",
        "qn.frame",
        "tanita.serial",
        "viatom.lepu-v2",
        "viatom.oxy",
    }
)
"""Whose frames carry a checksum. `tests/vectors/README.md` says which."""
_OUTCOMES: Final = frozenset({Outcome.DECODE, Outcome.NO_READING, Outcome.IMPLAUSIBLE})


def _by_decoder() -> dict[str, list[Vector]]:
    found: dict[str, list[Vector]] = {}
    for vector in load():
        found.setdefault(vector["decoder"], []).append(vector)
    return found


VECTORS: Final = _by_decoder()


def contexts(decoder: str) -> list[dict[str, Any]]:
    """Nothing, and everything that vectors tell this decoder beforehand. An input's first byte chooses one."""
    found: list[dict[str, Any]] = [{}]
    for vector in VECTORS.get(decoder, []):
        if (context := vector.get("context") or {}) not in found:
            found.append(context)
    return found


def input_of(vector: Vector) -> bytes:
    """A vector as the input of a fuzzing run: which context, then the frame."""
    which = contexts(vector["decoder"]).index(vector.get("context") or {})
    return bytes([which]) + frame_of(vector)


def kept(decoder: str) -> list[bytes]:
    """The inputs kept for this decoder."""
    file = CORPUS / f"{decoder}.txt"
    return [bytes.fromhex(line) for line in file.read_text(encoding="ascii").split()] if file.exists() else []


def examine(decoder: str, given: bytes) -> Decoded | None:
    """Run a codec on an input. None when it refused the frame.

    Raises:
        AssertionError: what it said is not what a codec may say.
        Exception: anything at all but the drivers' own error; that is the fault that is looked for.
    """
    choices = contexts(decoder)
    context = choices[given[0] % len(choices)] if given else {}
    return examine_frame(decoder, given[1:], context)


def examine_frame(decoder: str, frame: bytes, context: Context) -> Decoded | None:
    """`examine`, for a frame and a context."""
    try:
        decoded = vectors.decode(decoder, frame, context)
    except FrameError as error:
        assert error.detail  # noqa: PT017 - what is asserted is the error's own content
        assert error.reason in list(Reason)  # noqa: PT017
        return None
    except UnsupportedDecoderError:
        assert decoder in vectors.supported()  # it needs to be told more than this context tells
        return None
    assert decoded.outcome in _OUTCOMES, f"outcome {decoded.outcome!r}"
    _tellable(decoded.fields)
    return decoded


def _tellable(fields: Mapping[str, object]) -> None:
    """What is decoded can be written as JSON, and no number in it is without end."""
    json.dumps(fields, allow_nan=False)
    for number in _numbers(fields):
        assert math.isfinite(number)


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, int | float):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from _numbers(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _numbers(inner)


def flipped(frame: bytes, bit: int) -> bytes:
    """The frame with one bit turned."""
    changed = bytearray(frame)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def repaired(decoder: str, frame: bytes, context: Context, near: int) -> bytes:
    """A changed frame with its checksum put right, where the one byte that does it is found.

    Without this nothing but the checksum would ever be tried in most frames. It stands at the end, one before the end,
    or, in blocks, a few bytes after the change.
    """
    if decoder not in SUMMED or _reason(decoder, frame, context) is not Reason.BAD_CHECKSUM:
        return frame
    places = {len(frame) - 1, len(frame) - 2, *range(near + 1, near + 5)}
    for place in sorted(p for p in places if 0 <= p < len(frame)):
        for value in range(256):
            candidate = frame[:place] + bytes([value]) + frame[place + 1 :]
            if _reason(decoder, candidate, context) is not Reason.BAD_CHECKSUM:
                return candidate
    return frame


def _reason(decoder: str, frame: bytes, context: Context) -> Reason | None:
    try:
        vectors.decode(decoder, frame, context)
    except FrameError as error:
        return error.reason
    except UnsupportedDecoderError:
        return None
    return None
