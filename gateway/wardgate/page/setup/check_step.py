"""Step 1: four ticks, and the claim where the hub is nobody's yet."""

from __future__ import annotations

from typing import Final

from wardgate.page.setup.step import NoSuchPage, Shown, Visit

TITLES: Final = {
    "network": "Network",
    "clock": "Clock",
    "ward-reached": "Ward reached",
    "ward-accepts": "Ward accepts this hub",
}


class CheckStep:
    """See `wardgate.page.setup.step.Step`."""

    number = 1
    name = "check"
    title = "Check the hub"

    async def show(self, visit: Visit) -> Shown:
        """The ticks; below them what to do."""
        if visit.path:
            raise NoSuchPage
        return Shown(
            template="setup/check.html",
            title=self.title,
            context={"titles": TITLES},
            parts={"ticks": "setup/check-ticks.html"},
            fields={"code-refused": "code"},
        )

    async def act(self, visit: Visit, act: str) -> str:
        """`again`, `claim`."""
        if act == "again":
            await visit.hub.do("check_again")
            return "/setup/check"
        if act == "claim":
            await visit.do("claim", hub=visit.form.get("hub", ""), code=visit.form.get("code", ""))
            return "/setup/check"
        raise NoSuchPage
