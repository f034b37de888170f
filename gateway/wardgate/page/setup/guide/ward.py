"""Reasons of the first two steps: the claim at the ward, and the patient."""

from __future__ import annotations

from typing import Final

from wardgate.page.setup.guide.reason import KEPT, NOTHING, Reason

_SHEET: Final = "Copy it from the referral sheet. If the two differ, ring the ward."
_TICKET: Final = "Type or scan the whole line from the ward's sheet: the hub's id, then 4 groups of 4."

CHECKING: Final = (
    Reason("code-shape", "That is no claim code.", _TICKET, NOTHING),
    Reason("hub-id", "That is no hub's id.", _TICKET, NOTHING),
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
        NOTHING,
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
        NOTHING,
    ),
    Reason(
        "no-broker",
        "This hub does not know the ward's broker yet.",
        "Put the ward's file on the boot partition, then switch the hub off and on.",
        NOTHING,
    ),
    Reason("ward-not-understood", "The hub cannot read the ward's answer.", "Ring the ward.", NOTHING),
    Reason(
        "no-certificate",
        "The ward does not see this hub's certificate.",
        "Ring the ward for a new claim code.",
        NOTHING,
    ),
    Reason(
        "not-a-hub",
        "The ward does not take this certificate for a hub's.",
        "Ring the ward for a new claim code.",
        NOTHING,
    ),
    Reason(
        "withdrawn", "The ward has withdrawn this hub's certificate.", "Ring the ward for a new claim code.", NOTHING
    ),
    Reason(
        "nothing-here",
        "The ward's address leads to nothing.",
        "Look at enrol.url in the hub's file, or ring the ward.",
        NOTHING,
    ),
    Reason("busy", "The ward has too much to do.", "Try again in a minute.", NOTHING),
    Reason(
        "no-endpoint",
        "This hub does not know where to ask the ward.",
        "Put the ward's wardgate.toml on the boot partition, or set enrol.url in the hub's file.",
        NOTHING,
    ),
    Reason("claimed-already", "This hub is claimed already.", "Go on with the patient.", NOTHING),
    Reason(
        "not-claimed", "This hub is not claimed yet.", "Do step 1 first, with the claim code from the ward.", NOTHING
    ),
)
CHOOSING: Final = (
    Reason("no-words", "No patient is chosen.", "Choose one, or type the two words of the referral sheet.", NOTHING),
    Reason("not-words", "Those are not two words.", _SHEET, NOTHING),
    Reason("unknown-word", "No patient is called by one of those words.", _SHEET, NOTHING),
    Reason(
        "two-digits",
        "That is not 2 digits.",
        "Type the 2 digits that stand behind the words on the referral sheet.",
        NOTHING,
    ),
    Reason(
        "wrong-digits",
        "Those digits are not this patient's.",
        "Look at the referral sheet. Does it name this patient?",
        "The digits are there so that nobody gets another patient's hub.",
    ),
    Reason("no-list", "This ward keeps no list of patients.", "Type the words from the referral sheet.", NOTHING),
    Reason(
        "not-listed",
        "This patient is not in the ward's list.",
        "Look at the referral sheet again, then ring the ward.",
        NOTHING,
    ),
    Reason("no-pathway", "Nothing is chosen.", "Choose at least one thing that the patient is monitored for.", NOTHING),
    Reason("unknown-pathway", "The hub does not know what to monitor.", "Choose from the list.", NOTHING),
    Reason("assigned-already", "This hub serves a patient.", "Take it from that patient first, in step 2.", NOTHING),
    Reason(
        "taken",
        "Another hub has this patient.",
        "Ring the ward: the other hub has to be released first.",
        NOTHING,
    ),
    Reason(
        "still-assigned",
        "For the ward this hub still has another patient.",
        "Ring the ward: that one has to be ended first.",
        NOTHING,
    ),
    Reason("not-yours", "For the ward this is another hub's patient.", "Ring the ward.", NOTHING),
    Reason("has-patient", "This hub has a patient.", "Take it from the patient first, in step 2.", NOTHING),
    Reason("no-patient", "This hub has no patient.", "Do step 2 first.", NOTHING),
    Reason("no-patient-yet", "This hub has no patient yet.", "Do step 2 first.", NOTHING),
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
        KEPT,
    ),
)
