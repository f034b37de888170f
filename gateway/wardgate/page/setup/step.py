"""What a step is. A step shows one thing and does what is asked there; the frame does everything that all steps share:
who may come in, double presses, pages that are too old, what was refused and why, the live parts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, TypeVar
from zoneinfo import ZoneInfo

from wardgate.control.protocol import Done
from wardgate.control.provisioning import Installation
from wardgate.faces.words import Times
from wardgate.page.setup.hub import Hub
from wardgate.page.setup.reasons import Told
from wardgate.page.setup.sessions import Session

T = TypeVar("T")


class NoSuchPage(Exception):
    """The address below a step names nothing, or nothing any more; the frame goes to the step's own page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One look at a step, or one act there."""

    hub: Hub
    seen: Installation
    """The hub as it was when this was asked."""
    session: Session
    path: tuple[str, ...] = ()
    """What follows the step's name in the address: `/setup/devices/cuff/pair` is `("cuff", "pair")`."""
    query: Mapping[str, str] = field(default_factory=dict)
    form: Mapping[str, str] = field(default_factory=dict)
    """What was typed: in an act, and when the page is shown again because it was refused. Trimmed."""
    refused: Told | None = None
    """Why the act was not done, when the page is shown again."""
    revision: int | None = None
    """The state that the form was made from; acts pass it on."""
    door: str = ""
    """How a phone reaches these pages: `https://kitchen-7.local:8443`."""
    fingerprint: str = ""
    """Of the page's certificate, SHA-256, lower-case hexadecimal."""
    live: bool = False
    """An open page is kept true: its parts are drawn and nothing else. What is shown once is not shown by that."""

    @property
    def times(self) -> Times:
        """Says instants as people in this home would."""
        return Times(ZoneInfo(self.seen.timezone), self.seen.now)

    async def ask(self, method: str, to: type[T], **params: Any) -> T:
        """Ask the hub; see `Hub.ask`."""
        return await self.hub.ask(method, to, **params)

    async def do(self, method: str, **params: Any) -> Done:
        """An act; the hub is told from which state the page was made, so that an old page does nothing."""
        return await self.hub.do(method, revision=self.revision, **params)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page of a step."""

    template: str
    """It extends `setup/step.html`, or `after/frame.html` where it is no step."""
    title: str
    said: str = ""
    """One sentence of truth below the title: the page's `role=status`, kept live where the page has parts."""
    context: Mapping[str, object] = field(default_factory=dict)
    """What the template and its parts need besides the frame's own names."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Live parts: the id of the outermost element, and its template. In the page they are `parts[id]`."""
    drawn: Mapping[str, str] = field(default_factory=dict)
    """Live parts that are HTML already, by the id of the outermost element. One called `verdict` is the page's heading
    and its `role=status`."""
    still: bool = False
    """Of an open page nothing is drawn anew but how long it stays open."""
    query: str = ""
    """What stands behind the address of the page, for its live updates: `days=30`."""
    fields: Mapping[str, str] = field(default_factory=dict)
    """Which field a reason is about: key of the reason -> id of the field. The summary's link goes there."""
    bare: bool = False
    """To be printed: no progress, no notices."""


class Step(Protocol):
    """One of the six, or a page for afterwards."""

    @property
    def number(self) -> int:
        """From 1 to 6; 0 for afterwards."""

    @property
    def name(self) -> str:
        """In the address: `/setup/{name}`."""

    @property
    def title(self) -> str:
        """In the task list: `Check the hub`."""

    async def show(self, visit: Visit) -> Shown:
        """The page at `visit.path`.

        Raises:
            NoSuchPage: there is none.
            ControlError: the hub would not tell; the frame shows why.
        """

    async def act(self, visit: Visit, act: str) -> str:
        """Do what the button `act` stands for, with `visit.form`. Returns the address to go to: a page that shows what
        is true now. A sentence in `visit.session.said` is shown there once.

        Raises:
            NoSuchPage: there is no such act.
            ControlError: it was not done. The frame shows the page again with the reason and what was typed.
        """
