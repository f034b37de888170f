"""Step 5: what holds for this patient, read back aloud. Nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass

from wardgate.control.provisioning import Installation, Limits
from wardgate.faces.words import Times


@dataclass(frozen=True, slots=True)
class LimitsView:
    """The summary list and where it comes from."""

    sentences: tuple[str, ...]
    cadences: tuple[str, ...]
    author: str
    version: str
    since: str
    mark: str
    """The first eight of the configuration's fingerprint, to compare over the telephone."""
    wrong: str
    read_back: str
    """When it was read back; empty until it was."""


def limits_view(installation: Installation, limits: Limits, times: Times) -> LimitsView:
    """Everything that the fifth step says."""
    phone = limits.phone or installation.phone
    at = installation.limits_read_back
    return LimitsView(
        sentences=limits.sentences,
        cadences=limits.cadences,
        author=limits.author,
        version=str(limits.version),
        since=times.date(limits.since) if limits.since else "",
        mark=limits.fingerprint[:8],
        wrong=f"Wrong? Ring the ward: {phone}." if phone else "Wrong? Ring the ward.",
        read_back=f"Read back {times.when(at)}." if at else "",
    )
