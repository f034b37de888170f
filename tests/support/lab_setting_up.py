"""What is played in the radio lab's second guest: a boxed hub is set up in a browser over the real BlueZ, loses its
power while a code is typed, is locked, measures, and is given back. Each step writes one line with what it found.

Run by `wardgate_sim.lab.host.play`: python -m tests.support.lab_setting_up SHARE [STEP...]
"""

from __future__ import annotations

import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from selenium import webdriver
from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By

from tests.support.browser import chromium, resize
from tests.support.journey import PHONE, check_and_claim, choose_patient, read_limits_back, sign_in, try_device
from tests.support.lab_kitchen import ADDRESSES, LabKitchen
from tests.support.technician import Technician
from wardgate.ward.referrals import Referral
from wardgate_sim.lab.bluetoothd import bluez_devices
from wardgate_sim.lab.host import noting

log: Final = logging.getLogger(__name__)

KINDS: Final = ("scale", "cuff")
WEIGHT_KG: Final = 79.5
"""What the patient weighs when the technician has gone."""
LATER_KG: Final = 68.2
"""Somebody steps on the scale that was the first patient's."""
TICKED: Final = "#ticks li.good, #ticks li.none"
"""With nothing to do about it: `none` is what a device does not have, or does not tell."""
PAGE_S: Final = 120.0
"""A browser draws its first page in a guest in 15 s, or in many more when other work is done beside it."""
_GONE_S: Final = 120.0
_LINES: Final = """
return [...document.querySelectorAll(arguments[0])].map(
    line => [line.querySelector(arguments[1]).innerText, line.className])
"""


class Visit:
    """What the steps play with."""

    def __init__(self, kitchen: LabKitchen, window: webdriver.Chrome, code: str) -> None:
        self.kitchen = kitchen
        self.code = code
        self.who = Technician(window, f"https://127.0.0.1:{kitchen.setup_port}")

    def refer(self) -> Referral:
        """Somebody who is to have a scale and a cuff."""
        return self.kitchen.refer(pathways=["heart-failure"], kinds=list(KINDS), phone=PHONE)

    def bluez(self) -> dict[str, dict[str, bool]]:
        """What BlueZ says of this home's devices."""
        known = self.kitchen.do(bluez_devices())
        return {name: known[address] for name, address in ADDRESSES.items() if address in known}

    def bonded(self) -> list[str]:
        """Those that BlueZ holds keys for."""
        return sorted(name for name, device in self.bluez().items() if device["Bonded"])

    def lines(self, selector: str, title: str) -> list[list[str]]:
        """The title and the class of each, as the page is at one moment: it is drawn anew as it likes."""
        found: list[list[str]] = self.who.window.execute_script(_LINES, selector, title)
        return found

    def until(self, what: Callable[[], bool]) -> None:
        """BlueZ and the hub are other processes.

        Raises:
            TimeoutError: it did not come so far.
        """
        until_s = time.monotonic() + _GONE_S
        while True:
            with suppress(WebDriverException):  # a page that gives way to itself
                if what():
                    return
            if time.monotonic() > until_s:
                raise TimeoutError
            self.who.look_again()


def claim(visit: Visit) -> dict[str, Any]:
    """The ward's endpoint gives the hub its certificate."""
    sign_in(visit.who, visit.code)
    check_and_claim(visit.who, visit.kitchen)
    return {"stage": visit.kitchen.ask().stage}


def patient(visit: Visit) -> dict[str, Any]:
    """From the ward's list, read back."""
    choose_patient(visit.who, visit.refer())
    return {"stage": visit.kitchen.ask().stage, "path": visit.who.path}


def nearby(visit: Visit) -> dict[str, Any]:
    """Both devices are woken: the page shows them, and nobody has connected to them."""
    for device in KINDS:
        visit.kitchen.press_pairing_key(device)
    for device in KINDS:
        visit.who.wait(f"Add the {device}", "#air")
    return {"air": visit.who.text("#air"), "calls": dict(visit.kitchen.calls)}


def power_cut(visit: Visit) -> dict[str, Any]:
    """The cuff shows its code, the page waits for it, and the hub's program is killed."""
    kitchen, who = visit.kitchen, visit.who
    kitchen.press_pairing_key("cuff")
    who.press("Add the cuff")
    who.type("user", "1")
    who.press("Add the cuff")
    kitchen.passkey_shown("cuff")
    before: dict[str, bool] = {}

    def is_asked() -> bool:
        before.update(visit.bluez().get("cuff", {}))
        return bool(who.window.find_elements(By.ID, "passkey")) and before.get("Connected", False)

    visit.until(is_asked)
    kitchen.do(kitchen.hub.kill())
    kitchen.asleep("cuff")
    visit.until(lambda: not visit.bluez().get("cuff", {}).get("Connected", False))
    after = visit.bluez().get("cuff", {})
    kitchen.start_hub()
    who.go("/setup/devices/cuff")
    who.wait("Pair now")
    return {
        "before": before,
        "after": after,
        "device_knows_hub": kitchen.knows_hub("cuff"),
        "state": who.text("#state"),
        "devices": [(d.id, d.pairing) for d in kitchen.ask().devices],
    }


def pair_cuff(visit: Visit) -> dict[str, Any]:
    """The same again, to its end: the number that the cuff shows now is typed."""
    kitchen, who = visit.kitchen, visit.who
    kitchen.forget_passkeys("cuff")
    who.press("Pair now")
    while not kitchen.knows_hub("cuff"):  # a link may break, and a page come too late
        kitchen.press_pairing_key("cuff")
        who.type("passkey", f"{kitchen.passkey_shown('cuff'):06}")
        who.press("Pair")
        kitchen.asleep("cuff")
    who.wait("paired", "#state")
    return {"bonded": visit.bonded(), "device_knows_hub": kitchen.knows_hub("cuff")}


def pair_scale(visit: Visit) -> dict[str, Any]:
    """No code: its key is held."""
    kitchen, who = visit.kitchen, visit.who
    who.press("Next device")
    kitchen.press_pairing_key("scale")
    who.press("Add the scale")
    kitchen.asleep("scale")
    while not kitchen.knows_hub("scale"):  # a link may break
        kitchen.press_pairing_key("scale")
        kitchen.asleep("scale")
    who.wait("The scale is paired", "#state")
    who.press("Next device")
    return {"bonded": visit.bonded(), "device_knows_hub": kitchen.knows_hub("scale")}


def tests(visit: Visit) -> dict[str, Any]:
    """A test reading of each, station by station."""
    who = visit.who
    who.go("/setup/test")
    ways = {}
    for device in KINDS:
        try_device(who, visit.kitchen, device)
        ways[device] = visit.lines("#run li", "strong")
        visit.kitchen.asleep(device)
    return {"ways": ways}


def ticks(visit: Visit) -> dict[str, Any]:
    """Five for each device, once it has been tried."""
    found = {}
    for device in KINDS:
        visit.who.go(f"/setup/devices/{device}")
        visit.until(lambda: len(visit.lines(TICKED, "h3")) == 5)
        found[device] = visit.lines(TICKED, "h3")
    return {"ticks": found}


def locked(visit: Visit) -> dict[str, Any]:
    """The limits are read back, the hub is locked."""
    who = visit.who
    who.go("/setup/test")
    read_limits_back(who)
    who.press("Lock the hub")
    who.wait("Done.", "#said")
    return {"said": who.text("#said"), "stage": visit.kitchen.ask().stage}


def reading(visit: Visit) -> dict[str, Any]:
    """The technician has gone, and the patient stands on the scale."""
    visit.kitchen.measure("scale", {"weight": WEIGHT_KG})
    come = visit.kitchen.has_come(lambda r: any(round(q.value, 2) == WEIGHT_KG for q in r.quantities))
    visit.kitchen.asleep("scale")
    return {"test": come.test, "patient": come.patient, "assignment": come.assignment}


def doctor(visit: Visit) -> dict[str, Any]:
    """Whether it finds anything wrong with all this."""
    status, said = visit.kitchen.command("doctor", "--json")
    problems = [check["sentence"] for check in json.loads(said[said.index("[") :]) if not check["ok"]]
    return {"exit_status": status, "problems": problems}


def release(visit: Visit) -> dict[str, Any]:
    """The hub is unlocked and given back: BlueZ holds no key of this patient's devices any more."""
    who = visit.who
    before = visit.bonded()
    who.go("/setup/finish")
    who.press("Unlock the hub")
    who.go("/setup/patient/release")
    who.press("Take the hub from this patient")
    visit.until(lambda: not visit.bonded())
    return {"before": before, "after": visit.bluez(), "stage": visit.kitchen.ask().stage}


def next_patient(visit: Visit) -> dict[str, Any]:
    """Somebody else has the hub, and the scale of the first patient comes on the air: it is heard, and left alone."""
    kitchen, who = visit.kitchen, visit.who
    referral = visit.refer()
    kitchen.provision("assign", *referral.words.split(), referral.digits)
    calls, acknowledged = kitchen.calls["scale"], kitchen.acknowledged("scale")
    who.go("/setup/devices")
    kitchen.measure("scale", {"weight": LATER_KG})
    who.wait("Add the scale", "#air")
    who.go("/setup/devices")  # whoever would call it has the time that a page takes
    who.wait("Add the scale", "#air")
    kitchen.put_away("scale")
    return {
        "calls": kitchen.calls["scale"] - calls,
        "delivered": len(kitchen.acknowledged("scale")) - len(acknowledged),
        "bluez": visit.bluez(),
        "weights_at_ward": [round(r.quantities[0].value, 2) for r in kitchen.at_the_ward() if r.channel == "weight"],
    }


def end(visit: Visit) -> dict[str, Any]:
    """The hub stops when it is told to."""
    return {"exit_status": visit.kitchen.do(visit.kitchen.hub.stop())}


STEPS: Final[dict[str, Callable[[Visit], dict[str, Any]]]] = {
    "claim": claim,
    "patient": patient,
    "nearby": nearby,
    "power-cut": power_cut,
    "pair-cuff": pair_cuff,
    "pair-scale": pair_scale,
    "tests": tests,
    "ticks": ticks,
    "locked": locked,
    "reading": reading,
    "doctor": doctor,
    "release": release,
    "next-patient": next_patient,
    "end": end,
}


def play(share: Path, names: list[str]) -> bool:
    """Play these steps, or all; each needs those before it, so that the first that fails is the last.

    Returns:
        whether each came to its end.
    """
    began_s = time.monotonic()
    kitchen = LabKitchen(share)
    with noting(share) as note:
        try:
            kitchen.start()
            note("boot", began_s, {})
            opening_s = time.monotonic()
            code = kitchen.open_the_box()
            note("open-the-box", opening_s, {})
            window_s = time.monotonic()
            with chromium(Path("/var/tmp/profile")) as window:
                window.set_page_load_timeout(PAGE_S)
                window.execute_cdp_cmd("Security.setIgnoreCertificateErrors", {"ignore": True})
                resize(window, 360, 740)
                note("browser", window_s, {})
                visit = Visit(kitchen, window, code)
                return all(_play(visit, name, share, note) for name in names or STEPS)
        finally:
            kitchen.stop()


def _play(visit: Visit, name: str, share: Path, note: Callable[[str, float, dict[str, Any]], None]) -> bool:
    log.info("step %s", name)
    began_s = time.monotonic()
    try:
        found = STEPS[name](visit)
    except Exception as error:  # the boundary: the host's test shows what it was
        log.exception("step %s", name)
        found = {"error": f"{type(error).__name__}: {error}"}
    note(name, began_s, found)
    try:
        visit.who.window.save_screenshot(str(share / f"{name}.png"))
    except WebDriverException:
        log.exception("no picture of %s", name)
    return "error" not in found


def main() -> int:
    """Exit status 0 when every step came to its end."""
    logging.basicConfig(level=logging.INFO, format="%(relativeCreated)7d %(name)s: %(message)s")
    for chatty in ("bumble", "dbus_fast"):
        logging.getLogger(chatty).setLevel(logging.ERROR)
    return 0 if play(Path(sys.argv[1]), sys.argv[2:]) else 1


if __name__ == "__main__":
    sys.exit(main())
