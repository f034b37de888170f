"""From what a step shows to HTML, and the pages that are nobody's step."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from markupsafe import Markup

from wardgate.faces.assets import Assets
from wardgate.faces.templates import environment
from wardgate.faces.words import span
from wardgate.page.setup.forms import Tokens
from wardgate.page.setup.guide import REASONS
from wardgate.page.setup.reasons import Told
from wardgate.page.setup.step import Shown, Step, Visit
from wardgate.page.setup.tasks import first_open, tasks

SOON_S: Final = 5 * 60.0
"""So long before they close, the pages offer to stay open."""


class Pages:
    """Owns the templates."""

    def __init__(self, assets: Assets) -> None:
        self._env = environment(assets, "wardgate.page")

    def step(self, step: Step, visit: Visit, shown: Shown, tokens: Tokens) -> str:
        """A whole page of a step."""
        parts = {name: Markup(html) for name, html in self.parts(visit, shown, tokens).items()}  # noqa: S704 - our own templates' output
        context = {**self._frame(visit, shown, tokens), "step": step, "parts": parts}
        return self._env.get_template(shown.template).render(context)

    def parts(self, visit: Visit, shown: Shown, tokens: Tokens) -> dict[str, str]:
        """What is kept true while the page is open, by the id of each outermost element."""
        context = self._frame(visit, shown, tokens)
        named = {"closing": "setup/closing.html", "said": "setup/said.html", **shown.parts}
        if shown.still or "verdict" in shown.drawn:
            del named["said"]
        found = {name: self._env.get_template(template).render(context).strip() for name, template in named.items()}
        return {**found, **shown.drawn}

    def start(self, visit: Visit, tokens: Tokens) -> str:
        """The task list."""
        shown = start_of(visit)
        parts = {name: Markup(html) for name, html in self.parts(visit, shown, tokens).items()}  # noqa: S704 - our own templates' output
        return self._env.get_template(shown.template).render({**self._frame(visit, shown, tokens), "parts": parts})

    def sign_in(self, hub: str | None, refused: Told | None = None, note: str = "") -> str:
        """The first page that anybody sees."""
        return self._env.get_template("setup/sign-in.html").render(hub=hub, refused=refused, note=note)

    def take_over(self, hub: str | None, since: str, tokens: Tokens) -> str:
        """Somebody else is at it."""
        return self._env.get_template("setup/take-over.html").render(hub=hub, since=since, tokens=tokens)

    def refusal(self, reason: Told, way_on: str = "/", way_on_words: str = "Go to the start page") -> str:
        """Something that cannot be shown or done at all."""
        return self._env.get_template("setup/refusal.html").render(
            reason=reason, way_on=way_on, way_on_words=way_on_words
        )

    def closed(self) -> str:
        """The last thing that an open page is told."""
        return self._env.get_template("setup/closed.html").render().strip()

    def guide(self) -> str:
        """All reasons."""
        return self._env.get_template("setup/guide.html").render(reasons=tuple(REASONS.values()))

    def _frame(self, visit: Visit, shown: Shown, tokens: Tokens) -> Mapping[str, object]:
        left_s = visit.seen.window.left_s
        return {
            **shown.context,
            "visit": visit,
            "seen": visit.seen,
            "shown": shown,
            "tokens": tokens,
            "refused": visit.refused,
            "form": visit.form,
            "updated": visit.times.clock_s(visit.seen.now),
            "soon": left_s is not None and left_s <= SOON_S,
            "left": "less than a minute" if left_s is None or left_s < 60 else span(left_s),
        }


def start_of(visit: Visit) -> Shown:
    """The task list, as a step shows itself."""
    all_tasks = tasks(visit.seen)
    done = sum(task.state == "done" for task in all_tasks)
    return Shown(
        template="setup/start.html",
        title="Set up this hub",
        said="All 6 steps are completed." if done == len(all_tasks) else f"{done} of 6 steps completed.",
        context={"tasks": all_tasks, "next": first_open(visit.seen)},
        parts={"tasks": "setup/tasks.html"},
    )
