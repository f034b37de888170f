"""Any bytes in any codec: it decodes them or refuses them with its own error. What fuzzing runs kept is tried again.

`make fuzz` looks for more; this is its short form.
"""

from __future__ import annotations

from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.fuzzing import CORPUS, SUMMED, VECTORS, contexts, examine, examine_frame, flipped, kept, repaired
from tests.support.vectors import Vector, frame_of
from wardgate_drivers import vectors

DECODERS: Final = sorted(vectors.supported())
VECTORS_BUILT: Final = [vector for decoder in DECODERS for vector in VECTORS.get(decoder, [])]
SOUND_AND_SUMMED: Final = [v for v in VECTORS_BUILT if v["decoder"] in SUMMED and v["expect"]["outcome"] != "reject"]
SEVEN_BITS: Final = frozenset({"contec.ble"})
"""Their checksum is of seven bits: it cannot see the eighth bit of a byte."""


@pytest.mark.parametrize("decoder", DECODERS)
def test_what_fuzzing_kept(decoder: str) -> None:
    for frame in kept(decoder):
        examine(decoder, frame)


def test_only_decoders_that_exist_have_kept_inputs() -> None:
    assert {file.stem for file in CORPUS.glob("*.txt")} <= vectors.supported()


@pytest.mark.parametrize("decoder", DECODERS)
@given(frame=st.binary(max_size=260))
@settings(max_examples=60)
def test_random_bytes(decoder: str, frame: bytes) -> None:
    for context in contexts(decoder):
        examine_frame(decoder, frame, context)


@st.composite
def changes(draw: st.DrawFn, decoder: str) -> tuple[bytes, dict[str, Any], int]:
    """A sound frame with a stretch of it overwritten, cut out, doubled or followed by another; and where."""
    vector = draw(st.sampled_from(VECTORS[decoder]))
    frame = frame_of(vector)
    at = draw(st.integers(0, len(frame)))
    end = draw(st.integers(at, min(len(frame), at + 8)))
    put = draw(
        st.binary(max_size=8) | st.just(frame[at:end] * 2) | st.sampled_from([frame_of(v) for v in VECTORS[decoder]])
    )
    return frame[:at] + put + frame[end:], vector.get("context") or {}, at


@pytest.mark.parametrize("decoder", [d for d in DECODERS if d in VECTORS])
@given(data=st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_changed_frames_with_their_checksum_put_right(decoder: str, data: st.DataObject) -> None:
    frame, context, near = data.draw(changes(decoder))
    examine_frame(decoder, repaired(decoder, frame, context, near), context)


@pytest.mark.parametrize("vector", VECTORS_BUILT, ids=lambda v: v["id"])
def test_every_truncation_and_every_flipped_bit(vector: Vector) -> None:
    frame, context = frame_of(vector), vector.get("context") or {}
    for end in range(len(frame)):
        examine_frame(vector["decoder"], frame[:end], context)
    for bit in range(8 * len(frame)):
        examine_frame(vector["decoder"], flipped(frame, bit), context)


@pytest.mark.parametrize("vector", SOUND_AND_SUMMED, ids=lambda v: v["id"])
def test_a_checksum_lets_no_flipped_bit_change_a_value(vector: Vector) -> None:
    decoder, frame, context = vector["decoder"], frame_of(vector), vector.get("context") or {}
    sound = examine_frame(decoder, frame, context)
    passed = {bit: examine_frame(decoder, flipped(frame, bit), context) for bit in range(8 * len(frame))}
    if decoder in SEVEN_BITS:
        passed = {bit: decoded for bit, decoded in passed.items() if bit % 8 != 7}
    # Padding behind the frame is no part of it.
    assert {bit: decoded for bit, decoded in passed.items() if decoded not in (None, sound)} == {}


def test_every_decoder_of_the_vectors_with_a_bad_checksum_is_known_as_summed() -> None:
    refused = {d for d, found in VECTORS.items() for v in found if v["expect"].get("reason") == "bad-checksum"}
    assert refused <= SUMMED
