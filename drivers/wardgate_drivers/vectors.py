"""Checks a codec against a byte vector: a frame with the outcome and the fields it must decode to.

The format of vectors is described beside them, in `tests/vectors/README.md`. `check` says what differs.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

from wardgate_drivers.errors import FrameError
from wardgate_drivers.vector_fields import DECODERS, Context, Decoded, Fields, UnsupportedDecoderError

_RELATIVE: Final = 1e-9
"""Numbers agree within one part in 10^9."""


def check(vector: Mapping[str, Any]) -> list[str]:
    """What differs between a vector and what the codec says; empty when they agree.

    Raises:
        UnsupportedDecoderError: there is no codec of that name.
    """
    expect = vector["expect"]
    frame = bytes.fromhex(vector.get("hex") or "") or (vector.get("ascii") or "").encode("ascii")
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
    run = DECODERS.get(decoder)
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
    return got == wanted
