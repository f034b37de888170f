"""The guide: every reason for which something is not done on these pages, in the order in which they are met.

A key never changes its meaning. `tests/page/test_setup_reasons.py` looks for every key that the hub can answer with.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Reason:
    """One of them."""

    key: str
    sentence: str
    """What happened."""
    what_to_do: str
    safe: str = ""
    """What is safe meanwhile."""

    @property
    def guide(self) -> str:
        """Where the guide tells more."""
        return f"/guide#{self.key}"


_KEPT: Final = "What was done before is kept."
_NOTHING: Final = "Nothing was changed."
_SHEET: Final = "Copy it from the referral sheet. If the two differ, ring the ward."
_TICKET: Final = "Type or scan the whole line from the ward's sheet: the hub's id, then 4 groups of 4."
_PAGE: Final = "Go back to the start page and try again from there."

SIGNING_IN: Final = (
    Reason(
        "wrong-code",
        "That setup code is not right.",
        "It stands on the hub's label: 8 letters and digits.",
        "After 5 wrong codes the hub waits. This is to keep the patient safe.",
    ),
    Reason(
        "wait",
        "Too many tries.",
        "Wait as long as the page says, then type the code from the label.",
        "This is to keep the patient safe. The hub goes on working.",
    ),
    Reason("sign-in-first", "Nobody is signed in.", "Sign in with the setup code on the label.", _NOTHING),
    Reason(
        "someone-else",
        "Someone else is setting up this hub.",
        "Talk to them. Then take over, or wait until they have signed out.",
        _NOTHING,
    ),
    Reason("no-code", "This hub has no setup code yet.", "On the hub, run: wardgate provision code --new", _NOTHING),
    Reason(
        "closed",
        "These pages are closed.",
        "Hold the button on the hub for 3 seconds to open them for 30 minutes, then reload this page.",
        "What was done before is kept. You can go on where you stopped.",
    ),
    Reason(
        "signed-out", "You are signed out. Nothing was changed.", "Type the setup code from the label again.", _KEPT
    ),
    Reason(
        "taken-over",
        "Someone else has taken over setting up this hub.",
        "Talk to them. To go on yourself, type the setup code again.",
        "What you did is kept.",
    ),
    Reason(
        "stolen-cookie",
        "You are signed out: your visit was continued from another phone or browser.",
        "Type the setup code again. If that was not you, tell the ward that somebody else tried.",
        "Nothing was changed from there.",
    ),
)
THE_PAGE: Final = (
    Reason(
        "hub-away",
        "The hub does not answer.",
        "Leave it switched on and try again in half a minute. It is away for a moment whenever something was changed.",
        _KEPT,
    ),
    Reason(
        "stale",
        "This page is older than the hub's state. Here is the newest.",
        "Look at what it says now, then go on from here.",
        "Nothing was changed by that press.",
    ),
    Reason("failed", "That did not work.", "Try it once more. If it still does not work, ring the ward.", _KEPT),
    Reason(
        "not-kept",
        "The hub could not write it down.",
        "Its memory card may be full or worn. Try again, then ring the ward.",
        _NOTHING,
    ),
    Reason(
        "damaged",
        "The record of what was done cannot be read.",
        "Switch the hub off and on: it saves what can be read.",
        "Readings are kept apart from it.",
    ),
    Reason(
        "record-damaged",
        "The hub cannot read what was set up on it.",
        "Ring the ward.",
        "Readings are kept apart from it.",
    ),
    Reason(
        "by-file",
        "The hub's own file says this.",
        "Change the file, then restart the hub: sudo systemctl restart wardgate",
        _NOTHING,
    ),
    Reason(
        "file-unusable",
        "The file on the boot partition cannot be used.",
        "Mend the file, or copy the ward's file anew. Then switch the hub off and on.",
        _NOTHING,
    ),
    Reason("bad-request", "The hub cannot use what was sent.", _PAGE, _NOTHING),
    Reason(
        "unknown-method",
        "The hub does not know how to do this.",
        "Its program is older than this page. Ring the ward.",
        _NOTHING,
    ),
    Reason("too-long", "That was too much to take.", "Go back and type less.", _NOTHING),
    Reason(
        "not-this-address",
        "The hub does not answer by this name.",
        "Scan the code on the label, or type the address that stands below it.",
    ),
    Reason(
        "not-from-there",
        "Another site asked for this. It was not done.",
        "Open the hub's own pages by the address on the label.",
        _NOTHING,
    ),
    Reason("not-here", "That cannot be done here.", _PAGE, _NOTHING),
    Reason("no-page", "There is no such page.", "Go to the start page."),
    Reason(
        "not-understood",
        "The hub did not understand what was sent.",
        "Go back, reload the page and try once more.",
        _NOTHING,
    ),
    Reason("not-json", "The hub takes JSON here and nothing else.", "Send it as application/json.", _NOTHING),
    Reason("too-large", "That was too much to take in.", "Go back and type less.", _NOTHING),
    Reason("too-slow", "What was sent did not arrive in time.", "Go nearer to the router and try again.", _NOTHING),
    Reason("no-light", "This hub has no light of its own that it can blink.", "Look for its id on the label."),
)
CHECKING: Final = (
    Reason("code-shape", "That is no claim code.", _TICKET, _NOTHING),
    Reason("hub-id", "That is no hub's id.", _TICKET, _NOTHING),
    Reason(
        "other-hub",
        "The claim code is for another hub.",
        "Use the sheet of this hub.",
        "The code is still good for its own hub.",
    ),
    Reason(
        "refused-by-ward",
        "The ward does not take that claim code.",
        "It may have been used, or be older than 3 days. Ring the ward for a new one.",
        _NOTHING,
    ),
    Reason(
        "ward-away",
        "The ward does not answer.",
        "Check the network cable, then try again.",
        "Nothing is lost. A code that was not used stays good.",
    ),
    Reason(
        "ward-not-trusted",
        "The hub does not trust the ward's certificate.",
        "Look at the hub's clock. If that is right, ring the ward.",
        _NOTHING,
    ),
    Reason(
        "no-broker",
        "This hub does not know the ward's broker yet.",
        "Put the ward's file on the boot partition, then switch the hub off and on.",
        _NOTHING,
    ),
    Reason("ward-not-understood", "The hub cannot read the ward's answer.", "Ring the ward.", _NOTHING),
    Reason(
        "no-certificate",
        "The ward does not see this hub's certificate.",
        "Ring the ward for a new claim code.",
        _NOTHING,
    ),
    Reason(
        "not-a-hub",
        "The ward does not take this certificate for a hub's.",
        "Ring the ward for a new claim code.",
        _NOTHING,
    ),
    Reason(
        "withdrawn", "The ward has withdrawn this hub's certificate.", "Ring the ward for a new claim code.", _NOTHING
    ),
    Reason(
        "nothing-here",
        "The ward's address leads to nothing.",
        "Look at enrol.url in the hub's file, or ring the ward.",
        _NOTHING,
    ),
    Reason("busy", "The ward has too much to do.", "Try again in a minute.", _NOTHING),
    Reason(
        "no-endpoint",
        "This hub does not know where to ask the ward.",
        "Put the ward's wardgate.toml on the boot partition, or set enrol.url in the hub's file.",
        _NOTHING,
    ),
    Reason("claimed-already", "This hub is claimed already.", "Go on with the patient.", _NOTHING),
    Reason(
        "not-claimed", "This hub is not claimed yet.", "Do step 1 first, with the claim code from the ward.", _NOTHING
    ),
)
CHOOSING: Final = (
    Reason("no-words", "No patient is chosen.", "Choose one, or type the two words of the referral sheet.", _NOTHING),
    Reason("not-words", "Those are not two words.", _SHEET, _NOTHING),
    Reason("unknown-word", "No patient is called by one of those words.", _SHEET, _NOTHING),
    Reason(
        "two-digits",
        "That is not 2 digits.",
        "Type the 2 digits that stand behind the words on the referral sheet.",
        _NOTHING,
    ),
    Reason(
        "wrong-digits",
        "Those digits are not this patient's.",
        "Look at the referral sheet. Does it name this patient?",
        "The digits are there so that nobody gets another patient's hub.",
    ),
    Reason("no-list", "This ward keeps no list of patients.", "Type the words from the referral sheet.", _NOTHING),
    Reason(
        "not-listed",
        "This patient is not in the ward's list.",
        "Look at the referral sheet again, then ring the ward.",
        _NOTHING,
    ),
    Reason(
        "no-pathway", "Nothing is chosen.", "Choose at least one thing that the patient is monitored for.", _NOTHING
    ),
    Reason("unknown-pathway", "The hub does not know what to monitor.", "Choose from the list.", _NOTHING),
    Reason("assigned-already", "This hub serves a patient.", "Take it from that patient first, in step 2.", _NOTHING),
    Reason(
        "taken",
        "Another hub has this patient.",
        "Ring the ward: the other hub has to be released first.",
        _NOTHING,
    ),
    Reason(
        "still-assigned",
        "For the ward this hub still has another patient.",
        "Ring the ward: that one has to be ended first.",
        _NOTHING,
    ),
    Reason("not-yours", "For the ward this is another hub's patient.", "Ring the ward.", _NOTHING),
    Reason("has-patient", "This hub has a patient.", "Take it from the patient first, in step 2.", _NOTHING),
    Reason("no-patient", "This hub has no patient.", "Do step 2 first.", _NOTHING),
    Reason("no-patient-yet", "This hub has no patient yet.", "Do step 2 first.", _NOTHING),
    Reason(
        "unsent",
        "Something of this patient is not at the ward yet.",
        "Leave the hub connected until it is sent, or seal and wipe.",
        "What is sealed stays on the hub, for the ward alone.",
    ),
    Reason(
        "still-leaving",
        "The hub still has something of an earlier patient for the ward.",
        "Leave it connected until the ward has everything, then try again.",
        _KEPT,
    ),
)
DEVICES: Final = (
    Reason("here-already", "This device is here already.", "Choose another one.", _NOTHING),
    Reason("no-such-device", "This home has no such device.", "Go back to step 3 and choose from the list.", _NOTHING),
    Reason("no-such-model", "The hub does not know this model.", "Choose one from the list.", _NOTHING),
    Reason("choose-model", "More than one model answers like this.", "Choose what stands on the device.", _NOTHING),
    Reason("choose-reason", "A device is left out only with a reason.", "Choose the reason that fits best.", _NOTHING),
    Reason(
        "other-kind",
        "One kind of device cannot take the place of another.",
        "Remove the old one, then add the new one.",
        _NOTHING,
    ),
    Reason("other-way", "This model is reached in another way.", "Choose it from the list again.", _NOTHING),
    Reason("needs-user", "This device knows several people.", "Say which of its numbers is the patient's.", _NOTHING),
    Reason(
        "needs-consent",
        "This scale lets nobody in without the patient's code.",
        "Type the code that it shows for the patient.",
        _NOTHING,
    ),
    Reason(
        "user-number",
        "That is not a number this device knows.",
        "Look at the device: which number is the patient's?",
        _NOTHING,
    ),
    Reason("consent-code", "That is no code of this scale.", "Type the code that it shows for the patient.", _NOTHING),
    Reason(
        "in-configuration",
        "The ward's configuration names this device.",
        "Press Replace instead, or ask the ward to take it out.",
        _NOTHING,
    ),
    Reason("pairing-stays", "The pairing could not be removed.", "Try again. Switch the device off meanwhile.", _KEPT),
    Reason(
        "six-digits",
        "The number has 6 digits.",
        "Type the 6 digits that the device shows now.",
        "You can try again: the device shows a new number each time.",
    ),
    Reason(
        "wrong-passkey",
        "The device did not accept that number.",
        "Type the 6 digits that it shows now.",
        "You can try again.",
    ),
    Reason(
        "no-pairing-waits",
        "No pairing waits for a number.",
        "Start the pairing again, and have the device ready.",
        _NOTHING,
    ),
    Reason(
        "not-paired",
        "The device is not paired.",
        "Wake it as the page says, then start the pairing again.",
        "No pairing of another device was touched.",
    ),
)
AFTER: Final = (
    Reason(
        "not-yet",
        "This cannot be done yet.",
        "The page lists what is missing. Each line leads to where it is done.",
        _KEPT,
    ),
    Reason("locked", "This hub is locked.", "Unlock it in step 6 first.", "A locked hub measures and sends as before."),
    Reason("not-locked", "This hub is not locked.", "You can change it now.", _NOTHING),
    Reason(
        "no-report",
        "This hub has no program that makes a report.",
        "On the hub, run: wardgate support-bundle",
        _NOTHING,
    ),
    Reason("no-such-note", "The hub does not know this note.", "Choose one from the list.", _NOTHING),
    Reason(
        "not-parked", "No such message is set aside.", "It may have been sent meanwhile. Look at the newest.", _NOTHING
    ),
)
ALL: Final = (*SIGNING_IN, *THE_PAGE, *CHECKING, *CHOOSING, *DEVICES, *AFTER)
REASONS: Final = {reason.key: reason for reason in ALL}
