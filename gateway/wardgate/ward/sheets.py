"""What the ward gives to the technician on paper: the referral sheet and the claim sheet, as text and to be printed.

Nothing on them names the patient. A page is one file that needs nothing else, so that it can be kept, sent and printed.
"""

from __future__ import annotations

import html
from datetime import datetime
from typing import Final

import segno
from msgspec import Struct

from wardgate.pathways.known import LIMITS
from wardgate.pathways.pathway import pathway
from wardgate.ward.referrals import Referral

LIMIT_WORDS: Final = {
    "gain_3_days_kg": "Weight gain in 3 days",
    "gain_1_day_kg": "Weight gain in 1 day",
    "gain_7_days_kg": "Weight gain in 7 days",
    "target_low_pct": "Oxygen, lowest",
    "target_high_pct": "Oxygen, highest",
    "systolic_low_mmhg": "Upper pressure, lowest",
    "systolic_high_mmhg": "Upper pressure, highest",
    "diastolic_high_mmhg": "Lower pressure, highest",
}
_STYLE: Final = """
@page { size: A5; margin: 12mm }
body { font: 17px/1.5 system-ui, "Segoe UI", Roboto, "Noto Sans", Arial, sans-serif; color: #17222b;
  max-width: 40rem; margin: 1rem auto; padding: 0 1rem }
h1 { font-size: 28px } dt { color: #45535f; margin-top: 8px } dd { margin: 0; overflow-wrap: anywhere }
.big dd { font-size: 28px; font-weight: 700; letter-spacing: .04em } figure { margin: 16px 0 }
svg { width: 40mm; height: 40mm; display: block }
"""


class Sheet(Struct, frozen=True, kw_only=True):
    """One page."""

    title: str
    big: tuple[tuple[str, str], ...]
    """What is read across a room, with its label."""
    rest: tuple[tuple[str, str], ...]
    ticket: str = ""
    """What is scanned."""
    words: tuple[str, ...]

    def text(self) -> str:
        """For a terminal or a plain printer."""
        told = [*self.big, *self.rest]
        wide = max(len(label) for label, _ in told)
        lines = [f"{label:{wide}}  {value}" for label, value in told]
        return "\n".join([self.title, "", *lines, "", *self.words, ""])

    def page(self) -> str:
        """For a browser, to print."""
        code = f"<figure>{_drawn(self.ticket)}<figcaption>Scan this to claim the hub.</figcaption></figure>" * bool(
            self.ticket
        )
        words = "".join(f"<p>{_safe(one)}</p>" for one in self.words)
        return (
            f'<!doctype html>\n<html lang="en-GB"><head><meta charset="utf-8"><title>{_safe(self.title)}</title>'
            f'<meta name="viewport" content="width=device-width, initial-scale=1"><style>{_STYLE}</style></head>'
            f'<body><main><h1>{_safe(self.title)}</h1><dl class="big">{_listed(self.big)}</dl>'
            f"<dl>{_listed(self.rest)}</dl>{code}{words}</main></body></html>\n"
        )


def referral_sheet(one: Referral, today: datetime, ticket: str = "") -> Sheet:
    """For a patient on the list. `ticket` claims the hub that is taken along: `hub-17 XXXX-XXXX-XXXX-XXXX`."""
    limits = tuple((LIMIT_WORDS[name], f"{value:g} {LIMITS[name].unit}") for name, value in one.limits.items())
    return Sheet(
        title="Referral sheet",
        big=(("Patient", one.words), ("Check digits", one.digits)),
        rest=(
            ("Monitored for", ", ".join(pathway(name).title for name in one.pathways) or "nothing was named"),
            ("Devices", ", ".join(kind.replace("-", " ") for kind in one.kinds) or "none were named"),
            ("Ward's phone", one.phone or "none was named"),
            *limits,
            *((("Only with the hub", one.offered),) if one.offered else ()),
            *((("Claim ticket", ticket),) if ticket else ()),
            ("Printed", _day(today)),
        ),
        ticket=ticket,
        words=(
            "Choose these two words on the hub's page, then type the check digits.",
            "The page never shows the digits: they prove that this sheet and that patient belong together.",
        ),
    )


def claim_sheet(*, hub: str, code: str, endpoint: str, fingerprint: str, until: datetime) -> Sheet:
    """For a hub that is to become this ward's."""
    return Sheet(
        title="Claim sheet",
        big=(("Hub", hub), ("Claim code", code)),
        rest=(
            ("Enrolment endpoint", endpoint),
            ("Authority, SHA-256", fingerprint),
            ("Good until", f"{_day(until)}, {until:%H:%M} {until:%Z}".rstrip()),
        ),
        ticket=f"{hub} {code}",
        words=("The code opens once, for this hub alone. Who has this sheet can be this hub: keep it to yourself.",),
    )


def _day(at: datetime) -> str:
    return f"{at.day} {at:%B %Y}"


def _safe(text: str) -> str:
    return html.escape(text)


def _listed(told: tuple[tuple[str, str], ...]) -> str:
    return "".join(f"<dt>{_safe(label)}</dt><dd>{_safe(value)}</dd>" for label, value in told)


def _drawn(text: str) -> str:
    code = segno.make(text, error="m", micro=False)
    return str(code.svg_inline(border=4, omitsize=True, title=text))
