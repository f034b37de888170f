"""Setting a hub up as a phone sends it, without a screen: for tests in which hub and page die meanwhile."""

from __future__ import annotations

import http.client
import random
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final

from tests.support.journey import VALUES
from tests.support.kitchen import HUB, LOOK_S, Kitchen
from tests.support.served_setup import Phone
from tests.support.web import Answer
from wardgate.control.client import HubAway
from wardgate.control.protocol import ControlError
from wardgate.control.provisioning import Added
from wardgate.ward.referrals import Referral

GONE: Final = (OSError, http.client.HTTPException, ControlError)
"""What a phone sees of a hub that loses its power."""
PATIENCE_S: Final = 120.0


def until(is_it: Callable[[], bool], what: str, in_vain: Callable[[], bool] = lambda: False) -> None:
    """Wait for what others do, also through a hub that starts anew; no longer when it is in vain."""
    until_s = time.monotonic() + PATIENCE_S
    while True:
        with suppress(HubAway):
            if is_it():
                return
        assert not in_vain(), what
        assert time.monotonic() < until_s, what
        time.sleep(LOOK_S)


class TableTop:
    """A technician's phone, and what stands on the sheets before them."""

    def __init__(self, kitchen: Kitchen, referral: Referral) -> None:
        self.kitchen = kitchen
        self.referral = referral
        self.claim_code = kitchen.code()
        self.setup_code = kitchen.open_the_box()
        self._power_gone = threading.Event()
        self.phone = self.sign_in()

    def sign_in(self) -> Phone:
        """As the only technician."""
        self.phone = Phone(self.kitchen.setup_port)
        answer = self.phone.sign_in(self.setup_code)
        assert answer.status == 303, answer.text
        return self.phone

    def is_open(self) -> bool:
        """Whether somebody may sign in."""
        with suppress(*GONE):
            return Phone(self.kitchen.setup_port).ask("/").status == 200
        return False

    def press(self, path: str, act: str, **fields: str) -> Answer:
        """Open the page, fill in the form, press its button: it is done, and shown."""
        answer = self.phone.press(path, act, **fields)
        assert answer.status == 303, answer.text
        return answer

    def until(self, is_it: Callable[[], bool], what: str) -> None:
        """Wait for what others do, but not for a hub that has no power."""
        until(is_it, what, self._power_gone.is_set)

    def power_cut_in(self, act: Callable[[TableTop], None], chance: random.Random, most_s: float) -> None:
        """Begin an act; somewhere in it, or just behind it, hub and page die. They are back when this returns."""

        def begin() -> None:
            with suppress(*GONE, AssertionError):
                act(self)

        doing = threading.Thread(target=begin)
        doing.start()
        doing.join(chance.uniform(0.0, most_s))
        self.kitchen.power_cut()
        self._power_gone.set()
        doing.join()
        self._power_gone.clear()
        self.kitchen.power_back()
        self.sign_in()

    # The acts, each as it is done again after it was interrupted

    def claim(self) -> None:
        """Step 1, with the one code that there is."""
        self.press("/setup/check", "claim", code=f"{HUB} {self.claim_code}")

    def assign(self) -> None:
        """Step 2."""
        self.press("/setup/patient", "choose", words=self.referral.words)
        self.press("/setup/patient/digits", "digits", digits=self.referral.digits)
        self.press("/setup/patient/confirm", "assign")

    def add(self, device: str) -> None:
        """It is in the air."""
        part = "near-" + self.kitchen.home.devices[device].book.device.lower().replace(":", "-")
        self.kitchen.press_pairing_key(device)
        self.until(lambda: f'id="{part}"' in self.phone.ask("/setup/devices").text, f"nobody heard the {device}")
        if device == "cuff":
            self.press(f"/setup/devices/add/{part}", "add", user="1")
        else:
            self.press("/setup/devices", "add", near=part)

    def pair(self, device: str) -> None:
        """With the number that it shows, where it shows one."""
        path = f"/setup/devices/{device}"
        self.kitchen.forget_passkeys(device)
        if self.added(device).pairing == "paired":
            return  # it was heard while its key was held for the page to find it
        if self.added(device).pairing in ("idle", "failed"):
            self.press(path, "pair")
        if not self.kitchen.lets_itself_be_paired(device):
            self.kitchen.press_pairing_key(device)
        if device == "cuff":
            self.press(path, "passkey", passkey=f"{self.shown(device):06}")
        self.until(lambda: self.added(device).pairing == "paired", f"the {device} was not paired")

    def test(self, device: str) -> None:
        """One reading, until the ward has it."""
        self.press("/setup/test", "begin", device=device)
        self.kitchen.measure(device, VALUES[device])
        self.until(lambda: self.added(device).tested is not None, f"no test reading of the {device}")

    def read_back(self) -> None:
        """Step 5."""
        self.press("/setup/limits", "read-back")

    def lock(self) -> None:
        """Step 6."""
        self.press("/setup/finish", "lock")

    def shown(self, device: str) -> int:
        """The number that a device shows, once the hub waits for it."""
        number = self.kitchen.begin_passkey(device)
        try:
            self.until(number.done, f"the {device} shows no number")
        finally:
            number.cancel()
        self.until(lambda: self.added(device).pairing == "passkey-wanted", f"nobody asks for the {device}'s number")
        return number.result()

    def added(self, device: str) -> Added:
        """A device of this home."""
        return next(one for one in self.kitchen.look().devices if one.id == device)
