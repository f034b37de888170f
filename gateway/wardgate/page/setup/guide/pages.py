"""Reasons of the pages themselves: who may come in, and what cannot be shown or sent."""

from __future__ import annotations

from typing import Final

from wardgate.page.setup.guide.reason import KEPT, NOTHING, Reason

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
    Reason("sign-in-first", "Nobody is signed in.", "Sign in with the setup code on the label.", NOTHING),
    Reason(
        "someone-else",
        "Someone else is setting up this hub.",
        "Talk to them. Then take over, or wait until they have signed out.",
        NOTHING,
    ),
    Reason("no-code", "This hub has no setup code yet.", "On the hub, run: wardgate provision code --new", NOTHING),
    Reason(
        "closed",
        "These pages are closed.",
        "Hold the button on the hub for 3 seconds to open them for 30 minutes, then reload this page.",
        "What was done before is kept. You can go on where you stopped.",
    ),
    Reason("signed-out", "You are signed out. Nothing was changed.", "Type the setup code from the label again.", KEPT),
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
        KEPT,
    ),
    Reason(
        "stale",
        "This page is older than the hub's state. Here is the newest.",
        "Look at what it says now, then go on from here.",
        "Nothing was changed by that press.",
    ),
    Reason("failed", "That did not work.", "Try it once more. If it still does not work, ring the ward.", KEPT),
    Reason(
        "not-kept",
        "The hub could not write it down.",
        "Its memory card may be full or worn. Try again, then ring the ward.",
        NOTHING,
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
        NOTHING,
    ),
    Reason(
        "file-unusable",
        "The file on the boot partition cannot be used.",
        "Mend the file, or copy the ward's file anew. Then switch the hub off and on.",
        NOTHING,
    ),
    Reason("bad-request", "The hub cannot use what was sent.", _PAGE, NOTHING),
    Reason(
        "unknown-method",
        "The hub does not know how to do this.",
        "Its program is older than this page. Ring the ward.",
        NOTHING,
    ),
    Reason("too-long", "That was too much to take.", "Go back and type less.", NOTHING),
    Reason(
        "not-this-address",
        "The hub does not answer by this name.",
        "Scan the code on the label, or type the address that stands below it.",
    ),
    Reason(
        "not-from-there",
        "Another site asked for this. It was not done.",
        "Open the hub's own pages by the address on the label.",
        NOTHING,
    ),
    Reason("not-here", "That cannot be done here.", _PAGE, NOTHING),
    Reason("no-page", "There is no such page.", "Go to the start page."),
    Reason(
        "not-understood",
        "The hub did not understand what was sent.",
        "Go back, reload the page and try once more.",
        NOTHING,
    ),
    Reason("not-json", "The hub takes JSON here and nothing else.", "Send it as application/json.", NOTHING),
    Reason("too-large", "That was too much to take in.", "Go back and type less.", NOTHING),
    Reason("too-slow", "What was sent did not arrive in time.", "Go nearer to the router and try again.", NOTHING),
    Reason("no-light", "This hub has no light of its own that it can blink.", "Look for its id on the label."),
)
