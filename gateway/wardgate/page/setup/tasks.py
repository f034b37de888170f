"""The six steps and how far each is, from what the hub says: pages keep no state of their own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from wardgate.control.provisioning import Check, Installation

State = Literal["done", "now", "todo", "later"]
WORDS: Final[dict[State, str]] = {
    "done": "Completed",
    "now": "In progress",
    "todo": "Not started",
    "later": "Cannot start yet",
}
_ASSIGNED: Final = ("assigned", "locked")


@dataclass(frozen=True, slots=True)
class Task:
    """One line of the task list."""

    number: int
    name: str
    title: str
    state: State
    note: str = ""
    """Why it cannot start yet, or what is there already."""

    @property
    def word(self) -> str:
        """The state in words."""
        return WORDS[self.state]

    @property
    def link(self) -> str | None:
        """None while it cannot start."""
        return None if self.state == "later" else f"/setup/{self.name}"


STEPS: Final = (
    ("check", "Check the hub"),
    ("patient", "Choose the patient"),
    ("devices", "Add the devices"),
    ("test", "Take a test reading"),
    ("limits", "Read the limits back"),
    ("finish", "Label, checklist, lock"),
)


def tasks(seen: Installation) -> tuple[Task, ...]:
    """All six. What several wait for is said at the first of them."""
    found: list[Task] = []
    for number, (name, title) in enumerate(STEPS, start=1):
        state, note = _state(number, seen)
        said_before = any(task.note == note for task in found)
        found.append(Task(number, name, title, state, "" if said_before else note))
    return tuple(found)


def first_open(seen: Installation) -> Task | None:
    """Where to go on; None when all is done."""
    return next((t for t in tasks(seen) if t.state in ("now", "todo")), None)


def _state(number: int, seen: Installation) -> tuple[State, str]:
    if seen.stage == "locked":
        return "done", ""
    wait = _waits_for(number, seen)
    if wait:
        return "later", wait
    return (_check, _patient, _devices, _test, _limits, _finish)[number - 1](seen), ""


def _waits_for(number: int, seen: Installation) -> str:
    if number == 1:
        return ""
    if seen.stage == "factory":
        return "First check the hub."
    if number > 2 and seen.stage not in _ASSIGNED:
        return "First choose the patient."
    if number == 4 and not seen.devices:
        return "First add a device."
    return ""


def hinders(check: Check) -> bool:
    """Whether the setting up waits for it. A clock that is not set yet is no hindrance: readings are dated later."""
    return check.tick in ("problem", "waiting") and (check.key, check.tick) != ("clock", "waiting")


def _check(seen: Installation) -> State:
    well = not any(hinders(check) for check in seen.checks)
    return "done" if seen.stage != "factory" and seen.checks and well else "now"


def _patient(seen: Installation) -> State:
    return "done" if seen.stage in _ASSIGNED else "todo"


def _devices(seen: Installation) -> State:
    if seen.devices and not _missing(3, seen):
        return "done"
    return "now" if seen.devices else "todo"


def _test(seen: Installation) -> State:
    if not _missing(4, seen) and seen.tests_confirmed:
        return "done"
    return "now" if seen.test is not None or seen.tests_confirmed else "todo"


def _limits(seen: Installation) -> State:
    return "done" if seen.limits_read_back else "todo"


def _finish(seen: Installation) -> State:
    return "todo"


def _missing(number: int, seen: Installation) -> bool:
    return any(m.step == number for m in seen.missing)
