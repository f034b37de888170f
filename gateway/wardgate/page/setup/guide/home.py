"""Reasons of the devices, and of what comes after them."""

from __future__ import annotations

from typing import Final

from wardgate.page.setup.guide.reason import KEPT, NOTHING, Reason

DEVICES: Final = (
    Reason("here-already", "This device is here already.", "Choose another one.", NOTHING),
    Reason("no-such-device", "This home has no such device.", "Go back to step 3 and choose from the list.", NOTHING),
    Reason("no-such-model", "The hub does not know this model.", "Choose one from the list.", NOTHING),
    Reason("choose-model", "More than one model answers like this.", "Choose what stands on the device.", NOTHING),
    Reason("choose-reason", "A device is left out only with a reason.", "Choose the reason that fits best.", NOTHING),
    Reason(
        "other-kind",
        "One kind of device cannot take the place of another.",
        "Remove the old one, then add the new one.",
        NOTHING,
    ),
    Reason("other-way", "This model is reached in another way.", "Choose it from the list again.", NOTHING),
    Reason("needs-user", "This device knows several people.", "Say which of its numbers is the patient's.", NOTHING),
    Reason(
        "needs-consent",
        "This scale lets nobody in without the patient's code.",
        "Type the code that it shows for the patient.",
        NOTHING,
    ),
    Reason(
        "user-number",
        "That is not a number this device knows.",
        "Look at the device: which number is the patient's?",
        NOTHING,
    ),
    Reason("consent-code", "That is no code of this scale.", "Type the code that it shows for the patient.", NOTHING),
    Reason(
        "in-configuration",
        "The ward's configuration names this device.",
        "Press Replace instead, or ask the ward to take it out.",
        NOTHING,
    ),
    Reason("pairing-stays", "The pairing could not be removed.", "Try again. Switch the device off meanwhile.", KEPT),
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
        NOTHING,
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
        KEPT,
    ),
    Reason("locked", "This hub is locked.", "Unlock it in step 6 first.", "A locked hub measures and sends as before."),
    Reason("not-locked", "This hub is not locked.", "You can change it now.", NOTHING),
    Reason(
        "no-report",
        "This hub has no program that makes a report.",
        "On the hub, run: wardgate support-bundle",
        NOTHING,
    ),
    Reason("no-such-note", "The hub does not know this note.", "Choose one from the list.", NOTHING),
    Reason(
        "not-parked", "No such message is set aside.", "It may have been sent meanwhile. Look at the newest.", NOTHING
    ),
)
