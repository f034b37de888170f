"""Checks a codec against a byte vector: a frame with the outcome and the fields it must decode to.

The format of vectors is described beside them, in `tests/vectors/README.md`. `check` says what differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from wardgate_drivers.errors import FrameError
from wardgate_drivers.model.lookup import from_elsewhere
from wardgate_drivers.vector_fields import DECODERS, Context, Decoded, Fields, UnsupportedDecoderError

_RELATIVE: Final = 1e-9
"""Numbers agree within one part in 10^9."""


def expected_and_got(vector: Mapping[str, Any]) -> tuple[Fields, Fields]:
    """What differs between a vector and what the codec says, from either side; both empty when they agree.

    Beside the vector's fields there are `outcome` and, of what was refused, `reason`.

    Raises:
        UnsupportedDecoderError: there is no codec of that name.
        KeyError, ValueError: the vector is not of the format.
    """
    expect = vector["expect"]
    frame = frame_of(vector)
    wanted: Fields = {"outcome": expect["outcome"]}
    wanted |= {"reason": expect["reason"]} if expect["outcome"] == "reject" else dict(expect.get("fields", {}))
    got: Fields
    try:
        decoded = decode(vector["decoder"], frame, vector.get("context") or {})
    except FrameError as error:
        got = {"outcome": "reject", "reason": error.reason.value}
    else:
        got = {"outcome": str(decoded.outcome), **decoded.fields}
    differ = [n for n in {**wanted, **got} if n not in got or n not in wanted or not _same(got[n], wanted[n])]
    return {n: wanted[n] for n in differ if n in wanted}, {n: got[n] for n in differ if n in got}


def frame_of(vector: Mapping[str, Any]) -> bytes:
    """The bytes of a vector."""
    return bytes.fromhex(vector.get("hex") or "") or (vector.get("ascii") or "").encode("ascii")


def check(vector: Mapping[str, Any]) -> list[str]:
    """What differs between a vector and what the codec says; empty when they agree.

    Raises:
        UnsupportedDecoderError: there is no codec of that name.
    """
    expect = vector["expect"]
    frame = frame_of(vector)
    try:
        decoded = decode(vector["decoder"], frame, vector.get("context") or {})
    except FrameError as error:
        return _refusal(expect, error)
    wrong = [] if decoded.outcome == expect["outcome"] else [f"outcome: {decoded.outcome}, not {expect['outcome']}"]
    if expect["outcome"] == "reject":
        return wrong
    return wrong + _differences(decoded.fields, expect.get("fields", {}))


def decode(decoder: str, frame: bytes, context: Context) -> Decoded:
    """Run the codec that the vectors call `decoder`.

    Raises:
        FrameError: it refused the frame.
        UnsupportedDecoderError: there is no codec of that name.
    """
    run = DECODERS.get(decoder) or from_elsewhere().decoders.get(decoder)
    if run is None:
        raise UnsupportedDecoderError(decoder)
    return run(frame, context)


def supported() -> frozenset[str]:
    """Names of all decoders that can be checked."""
    return frozenset(DECODERS)


def _refusal(expect: Mapping[str, Any], error: FrameError) -> list[str]:
    if expect["outcome"] != "reject":
        return [f"refused as {error}, not {expect['outcome']}"]
    return [] if error.reason == expect["reason"] else [f"refused as {error.reason}, not {expect['reason']}"]


def _differences(got: Fields, wanted: Fields) -> list[str]:
    wrong = [f"{name}: {got[name]!r}, not expected" for name in got.keys() - wanted.keys()]
    wrong += [f"{name}: missing, expected {wanted[name]!r}" for name in wanted.keys() - got.keys()]
    both = got.keys() & wanted.keys()
    wrong += [f"{n}: {got[n]!r}, not {wanted[n]!r}" for n in both if not _same(got[n], wanted[n])]
    return sorted(wrong)


def _same(got: object, wanted: object) -> bool:
    if isinstance(got, bool) or isinstance(wanted, bool):
        return got is wanted
    if isinstance(got, int | float) and isinstance(wanted, int | float):
        return math.isclose(got, wanted, rel_tol=_RELATIVE)
    if isinstance(got, Mapping) and isinstance(wanted, Mapping):
        return got.keys() == wanted.keys() and all(_same(got[name], wanted[name]) for name in got)
    if isinstance(got, list | tuple) and isinstance(wanted, list | tuple):
        return len(got) == len(wanted) and all(map(_same, got, wanted))
    return got == wanted
