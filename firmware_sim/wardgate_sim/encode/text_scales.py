"""Lines of text: Tanita's results, weighing indicators in continuous output."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """What an indicator says of its load."""

    STABLE = "ST"
    UNSTABLE = "US"
    OVERLOAD = "OL"


def tanita(weight_kg: float, *, model: str = "SC-240", serial: str = "00000002", stones: bool = False) -> bytes:
    """One result, weight in kilograms or in stones and pounds."""
    body = f'{{0,16,~0,1,~1,1,~2,1,MO,"{model}",SN,"{serial}",{_weight(weight_kg, stones=stones)},'
    return f"{body}CS,{sum(body.encode()) & 0xFF:02X}\r\n".encode()


def _weight(weight_kg: float, *, stones: bool) -> str:
    if not stones:
        return f"Wk,{weight_kg:.1f}"
    tenths_lb = round(weight_kg / 0.45359237 * 10)
    whole, rest = divmod(tenths_lb, 140)
    return f"Ws,{whole}.{rest // 10:02d}.{rest % 10}"


def indicator(state: State, weight: float, *, basis: str = "GS", unit: str = "kg", terse: bool = False) -> bytes:
    """One line; `terse` is the variant that leaves the second comma out. An overload has no figure."""
    comma = "" if terse else ","
    figure = " " * 7 if state is State.OVERLOAD else f"{'-' if weight < 0 else '+'}{abs(weight):7.2f}"
    return f"{state},{basis}{comma}{figure}{unit}\r\n".encode()
