"""Step 2: whose hub it is. The words are chosen, the digits are typed from the referral sheet, all of it is read back.

What was chosen stays in the session until it is done: no patient stands in an address.
"""

from __future__ import annotations

from typing import Final

from wardgate.contract.assigning import Offered
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Installation
from wardgate.faces.words import count, sentence
from wardgate.page.devices import TITLES
from wardgate.page.setup.step import NoSuchPage, Shown, Visit
from wardgate.pathways.pathway import names, pathway

_WORDS, _DIGITS, _PATHWAYS = "patient-words", "patient-digits", "patient-pathways"
"""In the session's draft."""
_PATH: Final = "/setup/patient"


class PatientStep:
    """`/setup/patient`: the list; `/digits`, `/confirm`, `/pathways`; `/release` for a hub that has a patient."""

    number: Final = 2
    name: Final = "patient"
    title: Final = "Choose the patient"

    async def show(self, visit: Visit) -> Shown:
        """See `Step.show`."""
        has_patient = visit.seen.stage in ("assigned", "locked")
        match visit.path:
            case ():
                return _whose(visit.seen) if has_patient else await _list(visit)
            case ("release",) if has_patient and not visit.seen.by_file:
                return _release(visit.seen)
            case ("digits",) if not has_patient and _WORDS in visit.session.draft:
                return _digits(visit)
            case ("confirm",) if not has_patient and _DIGITS in visit.session.draft:
                return await _confirm(visit)
            case ("pathways",) if not has_patient and _DIGITS in visit.session.draft:
                return await _pathways(visit)
        raise NoSuchPage

    async def act(self, visit: Visit, act: str) -> str:
        """See `Step.act`."""
        match visit.path, act:
            case (), "choose":
                return _choose(visit)
            case ("digits",), "digits":
                return await _read_digits(visit)
            case ("pathways",), "pathways":
                return _change_pathways(visit)
            case ("confirm",), "assign":
                return await _assign(visit)
            case ("release",), ("release" | "seal"):
                done = await visit.do("release", seal=act == "seal")
                visit.session.said = done.sentence
                return _PATH
        raise NoSuchPage


# What is shown


async def _list(visit: Visit) -> Shown:
    referrals: tuple[Offered, ...] = ()
    if visit.seen.can_list:
        try:
            referrals = await visit.ask("patients", tuple[Offered, ...])
        except ControlError as error:
            if error.key != "no-list":
                raise
    said = "Choose the words on the referral sheet." if referrals else "Type the words on the referral sheet."
    if visit.seen.can_list and not referrals:
        said = "The ward's list is empty. Type the words on the referral sheet."
    return Shown(
        template="setup/patient.html",
        title=PatientStep.title,
        said=said,
        context={
            "options": [(r.words, r.words, _what_for(r)) for r in referrals],
            "chosen": visit.form.get("words") or visit.session.draft.get(_WORDS, ""),
        },
        fields={"no-words": "words", "not-words": "words", "unknown-word": "words"},
    )


def _digits(visit: Visit) -> Shown:
    words = visit.session.draft[_WORDS]
    return Shown(
        template="setup/patient_digits.html",
        title=f"Read back {words}",
        said=f"Type the 2 digits that stand behind {words} on the referral sheet.",
        context={"words": words},
        fields={"two-digits": "digits", "wrong-digits": "digits"},
    )


async def _confirm(visit: Visit) -> Shown:
    chosen = await _chosen(visit)
    return Shown(
        template="setup/patient_confirm.html",
        title="Is this right?",
        said="Compare it with the referral sheet.",
        context={"rows": _read_back(chosen, _pathways_of(visit, chosen))},
    )


async def _pathways(visit: Visit) -> Shown:
    chosen = await _chosen(visit)
    picked = _pathways_of(visit, chosen)
    return Shown(
        template="setup/patient_pathways.html",
        title="What the patient is monitored for",
        said="Choose what stands on the referral sheet.",
        context={"options": [(name, pathway(name).title, pathway(name).purpose) for name in names()], "picked": picked},
        fields={"no-pathway": "pathway", "unknown-pathway": "pathway"},
    )


def _whose(seen: Installation) -> Shown:
    here = Offered(words=seen.patient or "a patient", pathways=seen.pathways, kinds=seen.kinds, phone=seen.phone)
    rows = [row[:2] for row in _read_back(here, seen.pathways)]
    return Shown(
        template="setup/patient_chosen.html",
        title=PatientStep.title,
        said=f"This hub is {here.words}'s.",
        context={"rows": rows},
    )


def _release(seen: Installation) -> Shown:
    unsent = count(seen.unsent, "message")
    return Shown(
        template="setup/patient_release.html",
        title=f"Take this hub from {seen.patient}",
        said=f"{unsent} of {seen.patient} {'is' if seen.unsent == 1 else 'are'} not at the ward yet."
        if seen.unsent
        else f"Everything of {seen.patient} is at the ward.",
        parts={"ways": "setup/patient_release_ways.html"},
    )


# What is done


def _choose(visit: Visit) -> str:
    words = " ".join(visit.form.get("words", "").split())
    if not words:
        raise ControlError("no-words", "No patient is chosen.", "Choose one, or type the two words.")
    for name in (_DIGITS, _PATHWAYS):
        visit.session.draft.pop(name, None)
    visit.session.draft[_WORDS] = words
    return f"{_PATH}/digits"


async def _read_digits(visit: Visit) -> str:
    digits = visit.form.get("digits", "").replace(" ", "")
    if not (len(digits) == 2 and digits.isascii() and digits.isdigit()):
        raise ControlError("two-digits", "That is not 2 digits.", "Type the 2 digits of the referral sheet.")
    words = _drafted(visit, _WORDS)
    chosen = await visit.ask("choose", Offered, words=words, digits=digits)
    visit.session.draft |= {_WORDS: chosen.words, _DIGITS: digits}
    return f"{_PATH}/confirm"


def _change_pathways(visit: Visit) -> str:
    _drafted(visit, _DIGITS)
    picked = [name for name in names() if visit.form.get(f"pathway-{name}")]
    if not picked:
        raise ControlError("no-pathway", "Nothing is chosen.", "Choose at least one.")
    visit.session.draft[_PATHWAYS] = " ".join(picked)
    return f"{_PATH}/confirm"


async def _assign(visit: Visit) -> str:
    draft = visit.session.draft
    words, digits = _drafted(visit, _WORDS), _drafted(visit, _DIGITS)
    pathways = draft[_PATHWAYS].split() if _PATHWAYS in draft else None
    done = await visit.do("assign", words=words, digits=digits, pathways=pathways)
    for name in (_WORDS, _DIGITS, _PATHWAYS):
        draft.pop(name, None)
    visit.session.said = done.sentence
    return "/setup/devices"


# Words


async def _chosen(visit: Visit) -> Offered:
    draft = visit.session.draft
    return await visit.ask("choose", Offered, words=draft[_WORDS], digits=draft[_DIGITS])


def _drafted(visit: Visit, name: str) -> str:
    if name not in visit.session.draft:
        raise NoSuchPage
    return visit.session.draft[name]


def _pathways_of(visit: Visit, chosen: Offered) -> tuple[str, ...]:
    own = visit.session.draft.get(_PATHWAYS)
    return chosen.pathways if own is None else tuple(own.split())


def _read_back(chosen: Offered, pathways: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Rows of a summary list: what, which, where to change it, and what is changed there."""
    rows: list[tuple[str, ...]] = [
        ("Patient", chosen.words, _PATH, "the patient"),
        (
            "Monitored for",
            _titles(pathways) or "Not said yet",
            f"{_PATH}/pathways",
            "what the patient is monitored for",
        ),
        (
            "Devices expected",
            sentence(", ".join(TITLES[kind].lower() for kind in chosen.kinds)) or "Those that you add in the next step",
            f"{_PATH}/pathways",
            "the devices, by what the patient is monitored for",
        ),
    ]
    return [*rows, ("Ward's phone", chosen.phone)] if chosen.phone else rows


def _titles(pathways: tuple[str, ...]) -> str:
    return ", ".join(pathway(name).title if name in names() else name for name in pathways)


def _what_for(referral: Offered) -> str:
    return _titles(referral.pathways)
