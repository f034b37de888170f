"""What the adapters share: the words of the vectors for what every codec has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

Fields: TypeAlias = dict[str, Any]
Context: TypeAlias = Mapping[str, Any]


class UnsupportedDecoderError(KeyError):
    """No codec here reads what the vector is about."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """What a codec made of a frame, in the words of the vectors."""

    outcome: str
    fields: Fields


Decoder: TypeAlias = Callable[[bytes, Context], Decoded]
