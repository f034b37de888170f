"""What the adapters share: the words of the vectors for what every codec has."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias, TypeVar

from wardgate_drivers.codec.date_time import Stamp
from wardgate_drivers.codec.embedded import TimeField
from wardgate_drivers.codec.ieee11073 import Number, Special
from wardgate_drivers.measurement import DeviceTime, Outcome

Q = TypeVar("Q", bound=StrEnum)

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


def quirk(known: type[Q], context: Context) -> Q | None:
    """The quirk that a vector asks for, if any.

    Raises:
        UnsupportedDecoderError: it is none of those known.
    """
    name = context.get("quirk")
    if name is None:
        return None
    if name not in list(known):
        raise UnsupportedDecoderError(f"quirk {name}")
    return known(name)


def number(value: Number) -> object:
    """A number, or the name of what is none."""
    return {"special": value.value} if isinstance(value, Special) else value


def stamp_text(stamp: Stamp) -> object:
    """ISO when all parts are known, else the parts."""
    whole = stamp.device_time
    if whole is not None:
        return str(whole)
    parts = ("year", "month", "day", "hour", "minute", "second")
    return {part: getattr(stamp, part) for part in parts}


def timestamp(time: TimeField | None) -> Fields:
    """The time stamp inside a measurement."""
    if time is None:
        return {}
    if time.stamp is None:
        return {"timestamp": None, "timestamp_invalid": True}
    return {"timestamp": stamp_text(time.stamp)}


def iso(time: DeviceTime) -> str:
    """ISO with a fraction only where there is one."""
    microseconds = round(time.civil_s % 1 * 1e6)
    return f"{time}.{microseconds:06d}" if microseconds else str(time)


def given(**named: object) -> Fields:
    """Those fields that are not None."""
    return {name: value for name, value in named.items() if value is not None}


def counted(**named: int) -> Fields:
    """Those counts and leftover bits that are not 0."""
    return {name: value for name, value in named.items() if value}


def names(value: tuple[str, ...] | None) -> list[str] | None:
    """Names of bits."""
    return None if value is None else list(value)


def control(fields: Fields) -> Decoded:
    """Control frames have no bounds."""
    return Decoded(Outcome.DECODE, fields)
