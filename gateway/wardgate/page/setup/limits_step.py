"""Step 5: what holds for this patient, read back aloud. Nothing is changed here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.control.provisioning import Installation, Limits
from wardgate.faces.words import Times
from wardgate.page.setup.step import NoSuchPage, Shown, Visit


class LimitsStep:
    """`/setup/limits`."""

    number: Final = 5
    name: Final = "limits"
    title: Final = "Read the limits back"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        if visit.path:
            raise NoSuchPage
        view = limits_view(visit.seen, await visit.ask("limits", Limits), visit.times)
        return Shown(
            template="setup/steps_limits.html",
            title="Read the limits back",
            said=view.read_back or "Read each line aloud. Does it match the referral sheet?",
            context={"view": view},
        )

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        if visit.path or act != "read-back":
            raise NoSuchPage
        await visit.do("read_back")
        return "/setup/finish"


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

    @property
    def rows(self) -> list[tuple[str, str]]:
        """Where it comes from, as a summary list."""
        known = (("Written by", self.author), ("Version", self.version), ("Since", self.since), ("Its mark", self.mark))
        return [(label, value) for label, value in known if value]


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
