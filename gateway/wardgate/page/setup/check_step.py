"""Step 1: four ticks, and the claim where the hub is nobody's yet."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.control.protocol import Done
from wardgate.control.provisioning import Check, Installation
from wardgate.counted import count
from wardgate.page.setup.step import NoSuchPage, Shown, Visit
from wardgate.page.setup.tasks import hinders

TITLES: Final = {
    "network": "Network",
    "clock": "Clock",
    "ward-reached": "Ward reached",
    "ward-accepts": "Ward accepts this hub",
}
_WORDS: Final = {"good": "Good", "waiting": "Looking", "problem": "Problem", "unknown": "Not known"}
_CLAIM_FIELDS: Final = ("code-shape", "hub-id", "other-hub", "refused-by-ward")


@dataclass(frozen=True, slots=True)
class Row:
    """One of the four ticks."""

    title: str
    tick: str
    word: str
    sentence: str


class CheckStep:
    """`/setup/check`."""

    number: Final = 1
    name: Final = "check"
    title: Final = "Check the hub"

    async def show(self, visit: Visit) -> Shown:
        """The ticks; below them what to do."""
        if visit.path:
            raise NoSuchPage
        seen = visit.seen
        hurdle, claimed = _hurdle(seen), seen.stage != "factory"
        return Shown(
            template="setup/check.html",
            title=self.title,
            said=_said(seen),
            context={
                "rows": _rows(seen),
                "hurdle": hurdle,
                "claimed": claimed,
                "go_on": claimed and (hurdle is None or not hinders(hurdle)),
            },
            parts={"ticks": "setup/check_ticks.html", "next": "setup/check_next.html"},
            fields=dict.fromkeys(_CLAIM_FIELDS, "code"),
        )

    async def act(self, visit: Visit, act: str) -> str:
        """`again`, `claim`, `blink`."""
        match act:
            case "again":
                await visit.ask("check_again", Done)
            case "claim":
                done = await visit.do("claim", code=visit.form.get("code", ""))
                visit.session.said = done.sentence
            case "blink":
                done = await visit.ask("blink", Done)
                visit.session.said = done.sentence
            case _:
                raise NoSuchPage
        return "/setup/check"


def _rows(seen: Installation) -> tuple[Row, ...]:
    return tuple(
        Row(TITLES.get(check.key, check.key), check.tick, _WORDS[check.tick], check.sentence) for check in seen.checks
    )


def _hurdle(seen: Installation) -> Check | None:
    """The first that is not good and says what to do: what stands behind it waits for it. What hinders comes first."""
    told = [check for check in seen.checks if check.tick in ("problem", "waiting") and check.what_to_do]
    return min(told, key=lambda check: not hinders(check), default=None)


def _said(seen: Installation) -> str:
    ticks = [check.tick for check in seen.checks]
    problems = ticks.count("problem")
    if problems:
        return f"{count(problems, 'thing needs', 'things need')} attention."
    if seen.stage == "factory":
        return "This hub is new. The ward does not know it yet."
    if not ticks or any(hinders(check) for check in seen.checks):
        return "The hub is looking. This takes up to half a minute."
    if "waiting" in ticks:
        return "The ward accepts this hub. You can go on."
    return "The hub works, and the ward accepts it."
