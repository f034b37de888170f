"""The label on the hub's back: what opens its page, how to know that it is this hub, whom to ring. No patient."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import segno
from markupsafe import Markup

from wardgate.control.provisioning import Installation

QUIET_ZONE: Final = 4
"""Modules of white around the code, as ISO/IEC 18004 wants them."""
ERROR_LEVEL: Final = "m"
"""15 % of the code may be scratched."""
_GROUP: Final = 4
_SHOWN_OF_FINGERPRINT: Final = 8


@dataclass(frozen=True, slots=True)
class LabelView:
    """Everything on the label."""

    hub: str
    address: str
    qr: Markup | None
    """None while nobody knows how a phone reaches the page: a code that leads nowhere is no help."""
    fingerprint: tuple[str, str] | None
    """Its first and its last eight digits; None where the page has no certificate."""
    code: tuple[str, ...]
    """The setup code in groups of four; empty unless it was made in this very act."""
    phone: str


def label_view(installation: Installation, address: str, fingerprint: str = "", code: str = "") -> LabelView:
    """The label. `address` is the page's, without a path; the code goes into its fragment, which no browser sends."""
    return LabelView(
        hub=installation.hub or "Not claimed yet",
        address=address,
        qr=qr_svg(f"{address}/#{code}" if code else f"{address}/") if address else None,
        fingerprint=ends_of(fingerprint or installation.fingerprint),
        code=groups(code),
        phone=installation.phone,
    )


def ends_of(fingerprint: str) -> tuple[str, str] | None:
    """`("1a2b3c4d", "9e8f7a6b")`."""
    digits = fingerprint.replace(":", "")
    return (digits[:_SHOWN_OF_FINGERPRINT], digits[-_SHOWN_OF_FINGERPRINT:]) if digits else None


def groups(code: str) -> tuple[str, ...]:
    """`("X7QK", "4M2P", "9RTA")`, however it came."""
    plain = "".join(letter for letter in code if letter.isalnum())
    return tuple(plain[i : i + _GROUP] for i in range(0, len(plain), _GROUP))


def qr_svg(content: str, title: str = "Opens this hub's page") -> Markup:
    """The code as SVG without a size: the style sheet says how large it is on paper."""
    code = segno.make(content, error=ERROR_LEVEL, boost_error=False, micro=False)
    drawn: str = code.svg_inline(border=QUIET_ZONE, omitsize=True, svgclass="qr", lineclass=None, title=title)
    drawn = drawn.replace("<svg ", '<svg role="img" ', 1)
    return Markup(drawn)  # noqa: S704 - modules drawn by segno: nothing of the content is in it but dark and light
