"""A text line of a generic weighing indicator (Tiger, Selleton and alike) in continuous output.

    ST|US|OL , GS|NT|TR , +|- value unit CR LF

ST stable, US unstable, OL overload; GS gross, NT net, TR tare. Spaces may stand anywhere between the parts, the second
comma may be missing, the unit may be in capitals. An overload line has no figure.

Source: manuals of Tiger and Selleton weighing indicators, continuous output format.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from wardgate_drivers.codec.bounds import KG_PER_UNIT, weight_ok
from wardgate_drivers.codec.embedded import quantities
from wardgate_drivers.errors import FrameError, Reason
from wardgate_drivers.measurement import Channel, Measurement, Outcome

TARE: Final = "tare"
_STATES: Final = {"ST": "stable", "US": "unstable", "OL": "overload"}
_BASES: Final = {"GS": "gross", "NT": "net", "TR": TARE}
_LINE: Final = re.compile(
    r" *+(?P<state>ST|US|OL) *+, *+(?P<basis>GS|NT|TR) *+,?+"
    r" *+(?P<sign>[+-]?+) *+(?P<value>\d{1,6}+(?:\.\d{0,4}+)?+)?+ *+(?P<unit>[A-Za-z]*+) *+\r\n"
)
"""Nothing that was taken is given back: among many spaces that would go on for minutes."""


@dataclass(frozen=True, slots=True)
class Line:
    """The fields of a line. Weight in `unit`; basis, weight and unit are None in an overload."""

    state: str
    basis: str | None = None
    weight: float | None = None
    unit: str | None = None

    @property
    def outcome(self) -> Outcome:
        """A reading only when stable and above zero."""
        if self.state != "stable" or self.weight is None or self.unit is None or self.weight <= 0:
            return Outcome.NO_READING
        return Outcome.DECODE if weight_ok(self.weight, self.unit) else Outcome.IMPLAUSIBLE


def decode(line: bytes) -> Line:
    """One line with its end.

    Raises:
        FrameError: `truncated` when empty, `bad-header` for another line, `bad-value` without a unit that is known.
    """
    if not line:
        raise FrameError(Reason.TRUNCATED, "nothing came")
    found = _LINE.fullmatch(line.decode("ascii", "replace"))
    if found is None:
        raise FrameError(Reason.BAD_HEADER, f"no line of an indicator: {line[:40]!r}")
    state = _STATES[found["state"]]
    if state == "overload":
        return Line(state)
    unit = found["unit"].lower()
    if found["value"] is None or unit not in KG_PER_UNIT:
        raise FrameError(Reason.BAD_VALUE, f"no figure with a unit that is known: {line[:40]!r}")
    weight = float(found["sign"] + found["value"])
    return Line(state, _BASES[found["basis"]], weight, unit)


def measurement(line: bytes) -> Measurement:
    """What a line says of the patient. A tare is a thing's weight, never a patient's.

    Raises:
        FrameError: as `decode`.
    """
    told = decode(line)
    is_tare = told.basis == TARE
    return Measurement(
        channel=Channel.WEIGHT,
        outcome=Outcome.NO_READING if is_tare else told.outcome,
        quantities=() if is_tare else quantities(("weight", told.weight, told.unit or "")),
        frame=line,
    )
