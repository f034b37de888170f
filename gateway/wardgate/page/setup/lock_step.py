"""Step 6: label, checklist, lock. A hub is locked when nothing is missing; until then each gap leads to its step."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import Final

from markupsafe import Markup

from wardgate.control.client import HubAway
from wardgate.control.messages import ScreenKey
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Audit, Installation, Limits, Missing, SetupCode
from wardgate.faces.words import count
from wardgate.page.setup.checklist import sheet
from wardgate.page.setup.label import label_view, qr_svg
from wardgate.page.setup.step import NoSuchPage, Shown, Visit
from wardgate.page.setup.tasks import STEPS

log: Final = logging.getLogger(__name__)

_CODE: Final = "setup-code"
"""In the session's draft, between the act that made it and the one page that shows it."""
_AUDIT_LINES: Final = 200


class LockStep:
    """`/setup/finish`, with `/label`, `/label-a6` and `/checklist` to be printed."""

    number: Final = 6
    name: Final = "finish"
    title: Final = "Label, checklist, lock"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        match visit.path:
            case ():
                view = lock_view(visit.seen)
                ways = {number: f"/setup/{name}" for number, (name, _) in enumerate(STEPS, start=1)}
                return Shown(
                    template="setup/steps_finish.html",
                    title="Done" if view.locked else "Label, checklist, lock",
                    said=view.said,
                    context={"view": view, "ways": ways, "screen": None if visit.live else await _screen(visit)},
                    parts={"missing": "setup/steps_finish_missing.html"},
                )
            case ("label",):
                return _label(visit, "small")
            case ("label-a6",):
                return _label(visit, "large")
            case ("checklist",):
                return await _checklist(visit)
        raise NoSuchPage

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        match visit.path, act:
            case (), "lock":
                await visit.do("lock")
                return "/setup/finish"
            case (), "unlock":
                visit.session.said = (await visit.do("unlock")).sentence
                return "/setup/finish"
            case (), ("new-code" | "new-code-a6"):
                made = await visit.ask("new_setup_code", SetupCode)
                visit.session.draft[_CODE] = made.code
                return "/setup/finish/label" + ("-a6" if act == "new-code-a6" else "")
        raise NoSuchPage


def _label(visit: Visit, size: str) -> Shown:
    label = label_view(visit.seen, visit.door, visit.fingerprint, visit.session.draft.pop(_CODE, ""))
    return Shown(
        template="setup/label.html",
        title=f"Label for hub {label.hub}",
        context={"label": label, "size": size, "back": "/setup/finish"},
        bare=True,
    )


async def _checklist(visit: Visit) -> Shown:
    audit = await visit.ask("audit", Audit, limit=_AUDIT_LINES)
    limits = await visit.ask("limits", Limits)
    return Shown(
        template="setup/checklist.html",
        title=f"Checklist for hub {visit.seen.hub}",
        context={
            "sheet": sheet(visit.seen, limits, audit.entries, visit.times),
            "screen": await _screen(visit),
            "back": "/setup/finish",
        },
        bare=True,
    )


@dataclass(frozen=True, slots=True)
class ScreenView:
    """Where the patient's screen is."""

    address: str
    qr: Markup


async def _screen(visit: Visit) -> ScreenView | None:
    """None while there is no patient, and where no tablet reaches the screen."""
    if visit.seen.stage not in ("assigned", "locked"):
        return None
    try:
        address = (await visit.ask("screen_key", ScreenKey)).address
    except HubAway:
        raise
    except ControlError as error:
        log.warning("the patient's screen is left out: %s", error.sentence)
        return None
    return ScreenView(address, qr_svg(address, "Opens the patient's screen")) if address else None


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
    devices, tests = count(len(installation.devices), "device"), count(installation.tests_confirmed, "test reading")
    if not installation.ward_can_confirm:
        return f"Done. This hub, {devices} and {tests} are set up and sent. This ward does not answer. You can leave."
    return f"Done. The ward has this hub, {devices} and {tests}. You can leave."
