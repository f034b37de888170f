"""Every vector of every decoder that exists, against the fields it must decode to."""

from __future__ import annotations

import copy
from typing import Final

import pytest

from tests.support.vectors import Vector, load
from wardgate_drivers import vectors
from wardgate_drivers.vector_fields import UnsupportedDecoderError

NOT_YET: Final[frozenset[str]] = frozenset()
"""Decoders that vectors exist for and nobody has built."""

ALL: Final = load()
BUILT: Final = [v for v in ALL if v["decoder"] not in NOT_YET]


def by_id(name: str) -> Vector:
    return copy.deepcopy(next(v for v in ALL if v["id"] == name))


@pytest.mark.parametrize("vector", BUILT, ids=lambda v: v["id"])
def test_decodes_as_expected(vector: Vector) -> None:
    assert vectors.check(vector) == []


def test_every_decoder_is_built_or_listed_as_not_yet() -> None:
    named = {v["decoder"] for v in ALL}
    assert named - vectors.supported() == NOT_YET
    assert not NOT_YET & vectors.supported()
    assert vectors.supported() <= named


def test_ids_are_unique() -> None:
    assert len({v["id"] for v in ALL}) == len(ALL)


def test_unbuilt_decoder_is_refused_by_name() -> None:
    vector = {**by_id("bp-no-time"), "decoder": "nobody.knows"}
    with pytest.raises(UnsupportedDecoderError, match=r"nobody\.knows"):
        vectors.check(vector)


def test_unknown_quirk_is_refused_by_name() -> None:
    vector = by_id("bp-no-time")
    vector["context"] = {"quirk": "upside-down"}
    with pytest.raises(UnsupportedDecoderError, match="upside-down"):
        vectors.check(vector)


def test_checker_notices_a_wrong_number() -> None:
    vector = by_id("bp-derdilla-plain")
    vector["expect"]["fields"]["systolic"] = 125
    assert vectors.check(vector) == ["systolic: 124.0, not 125"]


def test_checker_notices_a_wrong_outcome() -> None:
    vector = by_id("bp-derdilla-plain")
    vector["expect"]["outcome"] = "implausible"
    assert vectors.check(vector) == ["outcome: decode, not implausible"]


def test_checker_notices_a_missing_and_a_surplus_field() -> None:
    vector = by_id("bp-trailing")
    del vector["expect"]["fields"]["trailing_bytes"]
    vector["expect"]["fields"]["user_id"] = 1
    assert vectors.check(vector) == ["trailing_bytes: 1, not expected", "user_id: missing, expected 1"]


def test_checker_notices_a_wrong_reason() -> None:
    vector = by_id("n13-sum")
    vector["expect"]["reason"] = "truncated"
    assert vectors.check(vector) == ["refused as bad-checksum, not truncated"]


def test_checker_notices_that_nothing_was_refused() -> None:
    vector = by_id("bp-no-time")
    vector["expect"] = {"outcome": "reject", "reason": "truncated"}
    assert vectors.check(vector) == ["outcome: decode, not reject"]


def test_checker_tells_truth_from_one() -> None:
    vector = by_id("n13-1")
    vector["expect"]["fields"]["smartpoint"] = 1
    assert vectors.check(vector) == ["smartpoint: True, not 1"]
