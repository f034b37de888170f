"""Step 6: label, checklist, lock. A hub is locked when nothing is missing; until then each gap leads to its step."""

from __future__ import annotations

from dataclasses import dataclass

from wardgate.control.provisioning import Installation, Missing
from wardgate.faces.words import count


@dataclass(frozen=True, slots=True)
class LockView:
    """Everything that the last step says."""

    locked: bool
    missing: tuple[Missing, ...]
    said: str


def lock_view(installation: Installation) -> LockView:
    """The step as it stands."""
    locked = installation.stage == "locked"
    if locked:
        return LockView(locked, (), done_sentence(installation))
    missing = tuple(sorted(installation.missing, key=lambda gap: gap.step))
    if missing:
        return LockView(locked, missing, f"{count(len(missing), 'thing is', 'things are')} still missing.")
    return LockView(locked, (), "Everything is ready. Lock the hub, and it is the patient's.")


def done_sentence(installation: Installation) -> str:
    """`Done. The ward has this hub, 3 devices and 1 test reading. You can leave.`: only what the ward said it has."""
    devices = count(len(installation.devices), "device")
    tests = installation.tests_confirmed
    if not tests:
        return f"Done. This hub and {devices} are set up. This ward does not answer: sent is the last thing we know."
    return f"Done. The ward has this hub, {devices} and {count(tests, 'test reading')}. You can leave."
