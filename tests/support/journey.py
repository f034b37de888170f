"""From the box to a locked hub, page by page, with every device tried, however somebody presses and types."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from tests.support.kitchen import HUB, Kitchen
from tests.support.technician import Technician
from wardgate.ward.referrals import Referral

PHONE: Final = "0116 000 0000"
VALUES: Final[dict[str, Mapping[str, float]]] = {
    "cuff": {"systolic": 128.0, "diastolic": 79.0, "mean": 95.0, "pulse": 71.0},
    "scale": {"weight": 80.9},
    "oximeter": {"spo2": 96.0, "pulse": 72.0},
}
FINGER: Final = {"spo2": 95.0, "pulse": 70.0}
"""While it is added: a reading of its own."""


def refer(kitchen: Kitchen) -> Referral:
    """The ward expects a patient with all three devices."""
    return kitchen.refer(pathways=["heart-failure"], kinds=["scale", "cuff", "oximeter"], phone=PHONE)


def sign_in(who: Technician, code: str) -> None:
    who.go("/")
    who.type("code", code)
    who.press("Sign in")


def check_and_claim(who: Technician, kitchen: Kitchen) -> None:
    """Step 1."""
    who.press("Go on with step 1")
    who.wait("The ward is reached")
    who.type("code", f"{HUB} {kitchen.code()}")
    who.press("Claim this hub")
    who.wait("The ward accepts this hub.", "#ticks")
    who.wait("Go on to the patient")


def choose_patient(who: Technician, referral: Referral, before: Callable[[str], object] = lambda _: None) -> None:
    """Step 2. `before` is told which page it is, before its button is pressed."""
    who.press("Go on to the patient")
    who.choose(referral.words)
    who.press("Go on")
    who.type("digits", referral.digits)
    who.press("Go on")
    before("confirm")
    who.press("Yes, this is right")


def add_cuff(who: Technician, kitchen: Kitchen) -> None:
    """It knows several people. It shows its number, which is typed."""
    kitchen.press_pairing_key("cuff")
    who.press("Add the cuff")
    who.type("user", "1")
    who.press("Add the cuff")
    who.type("passkey", f"{kitchen.passkey_shown('cuff'):06}")
    who.press("Pair")
    who.wait("paired", "#state")


def add_scale(who: Technician, kitchen: Kitchen) -> None:
    """Its key is held."""
    kitchen.press_pairing_key("scale")
    who.press("Add the scale")
    who.wait("The scale is paired", "#state")


def add_oximeter(who: Technician, kitchen: Kitchen) -> None:
    """A finger in it is enough."""
    kitchen.measure("oximeter", FINGER)
    who.press("Add the oximeter")
    who.wait("It needs no pairing", "#state")


def add_devices(who: Technician, kitchen: Kitchen) -> None:
    """Step 3."""
    add_cuff(who, kitchen)
    who.press("Next device")
    add_scale(who, kitchen)
    who.press("Next device")
    add_oximeter(who, kitchen)
    who.press("Next device")
    who.press("Go on to the test reading")


def try_device(who: Technician, kitchen: Kitchen, device: str) -> None:
    """One test reading, until the ward has it."""
    who.press(f"Test the {device}")
    kitchen.measure(device, VALUES[device])
    who.wait("The ward has it", "#run")


def read_limits_back(who: Technician) -> None:
    """Step 5."""
    who.press("Go on to the limits")
    who.press("I have read them back. They are right")


def lock(who: Technician) -> None:
    """The end of step 6."""
    who.press("Lock the hub")
    who.wait("Done. The ward has this hub, 3 devices and 3 test readings. You can leave.", "#said")
