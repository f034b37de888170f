"""What a request may say. These types are the one source: requests are read by them, the document is made from them."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct

from wardgate.control.provisioning import LeftOut, Window

Revision = Annotated[int, Meta(ge=0, le=2**53, description="Of the state that was looked at; older ones are refused.")]
Words = Annotated[str, Meta(max_length=80)]
Digits = Annotated[str, Meta(max_length=10)]
Model = Annotated[str, Meta(max_length=63)]
Address = Annotated[str, Meta(pattern=r"^([0-9A-F]{2}:){5}[0-9A-F]{2}$", max_length=17)]
Port = Annotated[str, Meta(pattern=r"^/dev/[!-~]{1,200}$")]


DEVICE: Final = "^[a-z0-9-]{1,63}$"
"""The id of a device, in a path."""


class SignIn(Struct, forbid_unknown_fields=True):
    """The setup code on the hub's label."""

    code: Annotated[str, Meta(max_length=200)]


class Nothing(Struct, forbid_unknown_fields=True):
    """No more than the address says."""


class Act(Struct, forbid_unknown_fields=True):
    """An act on the state that was looked at."""

    revision: Revision | None = None


class Claim(Struct, forbid_unknown_fields=True):
    """The ward's ticket, in its two parts or in one line in either place."""

    hub: Annotated[str, Meta(max_length=200)] = ""
    code: Annotated[str, Meta(max_length=200)] = ""
    revision: Revision | None = None


class Choose(Struct, forbid_unknown_fields=True):
    """A patient as the referral sheet names them."""

    words: Words
    digits: Digits


class Assign(Struct, forbid_unknown_fields=True):
    """The same, and the pathways where the ward has given none or others."""

    words: Words
    digits: Digits
    pathways: Annotated[tuple[Annotated[str, Meta(max_length=63)], ...], Meta(max_length=10)] | None = None
    revision: Revision | None = None


class Release(Struct, forbid_unknown_fields=True):
    """Whether what is unsent may stay on the hub, sealed for the ward."""

    seal: bool = False
    revision: Revision | None = None


class Add(Struct, forbid_unknown_fields=True):
    """A device as it was chosen, by its address in the air or by its port."""

    model: Model
    address: Address | None = None
    port: Port | None = None
    user_index: Annotated[int, Meta(ge=0, le=0xFFFFFFFF)] | None = None
    consent_code: Annotated[int, Meta(ge=0, le=9999)] | None = None
    revision: Revision | None = None


class Passkey(Struct, forbid_unknown_fields=True):
    """The six digits that the device shows."""

    passkey: Annotated[int, Meta(ge=0, le=999_999)]


class LeaveOut(Struct, forbid_unknown_fields=True):
    """Why a device has no test reading."""

    reason: LeftOut
    revision: Revision | None = None


class AuditQuery(Struct, forbid_unknown_fields=True):
    """How many of the newest lines, or of the newest of those before one."""

    limit: Annotated[int, Meta(ge=1, le=1000)] = 50
    before: Annotated[int, Meta(ge=1, le=2**53)] | None = None


class SeriesQuery(Struct, forbid_unknown_fields=True):
    """Which chart, and how far back."""

    channel: Literal["weight", "blood_pressure", "saturation", "temperature", "heart_rate"]
    days: Annotated[float, Meta(gt=0, le=400)] = 14.0


class Visit(Struct, frozen=True, kw_only=True):
    """The answer to a sign-in. The token goes into the header `Authorization: Bearer ...` of every request."""

    token: str
    window: Window
    someone_else: bool
    """Somebody else is setting up this hub: nothing is told or done before `take-over`."""
