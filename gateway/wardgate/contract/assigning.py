"""What a hub and the ward's enrolment endpoint say while a patient is chosen: JSON over TLS, both certificates shown.

    GET  /wardgate/1/patients                            -> Offered of each patient whom this hub may be given
    POST /wardgate/1/assignments      Ask                -> Assigned
    POST /wardgate/1/assignments/end  End                -> End

Whatever is refused is a `Refusal`. Within version 1 fields are added and never changed: ignore those you do not know.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

BASE: Final = "/wardgate/1"
PATIENTS: Final = f"{BASE}/patients"
ASSIGNMENTS: Final = f"{BASE}/assignments"
END: Final = f"{BASE}/assignments/end"

Kind = Literal["scale", "cuff", "oximeter", "thermometer", "heart-belt"]


class Offered(Struct, frozen=True, kw_only=True):
    """A patient whom the ward expects to be set up. The check digits are never told."""

    words: str
    """`Copper Heron`."""
    pathways: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    """The devices that the ward has given them."""
    phone: str = ""
    """The ward's, for the patient."""


class Ask(Struct, frozen=True, kw_only=True):
    """A hub asks to serve a patient."""

    words: Annotated[str, Meta(max_length=60)]
    digits: Annotated[str, Meta(max_length=10)]
    """As they were typed from the referral sheet."""
    pathways: Annotated[tuple[Annotated[str, Meta(max_length=40)], ...], Meta(max_length=10)] | None = None
    """Those that the technician has changed; none: the ward's."""


class Assigned(Struct, frozen=True, kw_only=True):
    """The patient is this hub's. Asked again, the answer is the same."""

    patient: str
    """`copper-heron-93`: the hub's `patient`."""
    assignment: str
    pathways: tuple[str, ...] = ()
    kinds: tuple[Kind, ...] = ()
    phone: str = ""
    limits: dict[str, float] = {}
    """Those that the ward has set for this patient, by their names in the configuration."""


class End(Struct, frozen=True, kw_only=True):
    """This hub does not serve the patient of this assignment any more. May be said any number of times."""

    assignment: Annotated[str, Meta(max_length=63)]


class Refusal(Struct, frozen=True, kw_only=True):
    """Nothing was done."""

    key: str
    """Stable: wrong-digits, not-listed, taken, still-assigned, unknown-pathway, not-yours, malformed, too-large, wait,
    no-certificate, withdrawn, not-a-hub, nothing-here, busy."""
    sentence: str
    what_to_do: str = ""
