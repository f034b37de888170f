"""`/setup/hub`: the hub itself, with `/unlock`, `/lock`, `/forget`, `/new-code` and, for one look, `/code`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from wardgate.control.provisioning import Installation, SetupCode
from wardgate.faces.words import count
from wardgate.page.after.pages import Asked, has_patient
from wardgate.page.setup.step import NoSuchPage, Shown, Visit

_CODE: Final = "new-setup-code"
"""In the session's draft, between the act that made it and the one page that shows it."""
_HERE: Final = "/setup/hub"
_STAGES: Final = {
    "factory": "Not claimed yet",
    "claimed": "Claimed, no patient",
    "assigned": "It has a patient, and is not locked",
    "locked": "It has a patient, and is locked",
}
UNLOCK: Final = Asked(
    act="unlock",
    question="Unlock this hub?",
    what_happens="It goes on measuring and sending. Devices can be changed until you lock it again.",
    yes="Unlock it",
    no="Leave it locked",
    no_address=_HERE,
)
LOCK: Final = Asked(
    act="lock",
    question="Lock this hub?",
    what_happens="Nothing of it can be changed then, until somebody unlocks it.",
    yes="Lock it",
    no="Not now",
    no_address=_HERE,
)
FORGET: Final = Asked(
    act="forget",
    question="Forget the claim?",
    what_happens="The hub becomes as it came out of its box: no id, no certificate. It needs a new claim code.",
    yes="Forget the claim",
    no="Keep it",
    no_address=_HERE,
    danger=True,
)
NEW_CODE: Final = Asked(
    act="new-code",
    question="Make a new setup code?",
    what_happens="It is shown once. The code on the label ends at once: write or print a new label.",
    yes="Make a new code",
    no="Keep the old one",
    no_address=_HERE,
)


@dataclass(frozen=True, slots=True)
class Choice:
    """One thing that can be done about the hub; without an address it cannot be done now, and the note says why."""

    words: str
    note: str
    address: str = ""


class HubPage:
    """What can be done about the hub as a whole."""

    number: Final = 0
    name: Final = "hub"
    title: Final = "This hub"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        asked = self._asked(visit)
        if asked is not None:
            return Shown(
                template="after/asked.html", title=asked.question, said=asked.what_happens, context={"asked": asked}
            )
        match visit.path:
            case ():
                return _page(visit.seen)
            case ("code",):
                return _new_code(visit)
        raise NoSuchPage

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        asked = self._asked(visit)
        if asked is None or act != asked.act:
            raise NoSuchPage
        if act == "new-code":
            visit.session.draft[_CODE] = (await visit.ask("new_setup_code", SetupCode)).code
            return f"{_HERE}/code"
        visit.session.said = (await visit.do(act)).sentence
        return "/" if act == "forget" else _HERE

    def _asked(self, visit: Visit) -> Asked | None:
        match visit.path:
            case ("unlock",) if has_patient(visit.seen):
                return UNLOCK
            case ("lock",) if has_patient(visit.seen):
                return LOCK
            case ("forget",) if visit.seen.stage == "claimed":
                return FORGET
            case ("new-code",):
                return NEW_CODE
        return None


def _page(seen: Installation) -> Shown:
    rows = [("Hub", seen.hub or "No id yet"), ("State", _STAGES[seen.stage])]
    if seen.patient:
        rows.append(("Patient", seen.patient))
        rows.append(("Not at the ward yet", count(seen.unsent, "message") if seen.unsent else "Nothing"))
    rows.append(("Version", seen.version))
    return Shown(
        template="after/hub.html",
        title="This hub",
        said="Look at it, change it, or give it back.",
        context={"rows": rows, "choices": choices(seen), "has_patient": has_patient(seen)},
        parts={"choices": "after/hub_choices.html"},
    )


def choices(seen: Installation) -> tuple[Choice, ...]:
    """What can be done at this stage, and why not where it cannot."""
    found: list[Choice] = []
    match seen.stage:
        case "locked":
            found.append(Choice("Unlock the hub", "To change its devices, or to give it back.", f"{_HERE}/unlock"))
            found.append(Choice("Give the hub back", "Unlock it first."))
        case "assigned":
            missing = "Something is missing: see the start page." if seen.missing else "When everything is done."
            found.append(Choice("Lock the hub", missing, "" if seen.missing else f"{_HERE}/lock"))
            found.append(_give_back(seen))
        case "claimed":
            what = "It becomes as it came out of its box."
            found.append(Choice("Forget the claim", what, f"{_HERE}/forget"))
    code = Choice("New setup code", "When the label is lost, or somebody else has read it.", f"{_HERE}/new-code")
    return (*found, code)


def _give_back(seen: Installation) -> Choice:
    if seen.by_file:
        return Choice("Give the hub back", "Its own file names the patient: change it there.")
    if not seen.unsent:
        return Choice("Give the hub back", f"Everything of {seen.patient} is at the ward.", "/setup/patient/release")
    some = f"{count(seen.unsent, 'message')} of {seen.patient} {'is' if seen.unsent == 1 else 'are'}"
    note = f"{some} not at the ward yet. Send them first, or seal and wipe."
    return Choice("Give the hub back", note, "/setup/patient/release")


def _new_code(visit: Visit) -> Shown:
    if visit.live:
        return Shown(template="after/code.html", title="The new setup code", still=True)
    code = visit.session.draft.pop(_CODE, "")
    if not code:
        raise NoSuchPage
    return Shown(
        template="after/code.html",
        title="The new setup code",
        said="It is shown this once. Write it on the label now.",
        context={"code": code},
    )
