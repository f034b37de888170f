"""A hub that is being set up, as a test holds it in its hand: its answers over a real control socket.

`seen` is the state; tests set it, and the acts of the flow change it as a hub would. Any method can be refused.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec

from tests.support.home import history, series
from tests.support.home import status as home_status
from wardgate.contract.assigning import Offered
from wardgate.control.messages import ScreenKey, Series, Status
from wardgate.control.protocol import ControlError, Done
from wardgate.control.provisioning import (
    LEFT_OUT,
    Added,
    Audit,
    Check,
    Installation,
    Limits,
    Missing,
    Model,
    Nearby,
    Report,
    SetupCode,
    SignedIn,
    Window,
)
from wardgate.control.server import ControlServer

NOW = datetime(2026, 11, 21, 9, 15, 12, tzinfo=UTC)
CODE = "7F3K-9QWX-MT2D"
CLAIM = "X7QK-52NM-88TR-GGHD"
DIGITS = {"Copper Heron": "42", "Silver Otter": "17"}
REFERRALS = (
    Offered(
        words="Copper Heron",
        pathways=("heart-failure",),
        kinds=("scale", "cuff", "oximeter"),
        phone="0116 000 0000",
    ),
    Offered(words="Silver Otter", pathways=("copd",), kinds=("oximeter",), phone="0116 000 0000"),
)
WELL = (
    Check(key="network", tick="good", sentence="Connected by cable."),
    Check(key="clock", tick="good", sentence="Right, set by the network."),
    Check(key="ward-reached", tick="good", sentence="broker.example answers over TLS."),
    Check(key="ward-accepts", tick="good", sentence="The ward knows this hub."),
)
WARD_NOT_FOUND = Check(
    key="ward-reached",
    tick="problem",
    reason="name-not-found",
    sentence="The ward's address is not found.",
    what_to_do="Check the network cable, then press Try again.",
)
SCALE = Model(id="and-uc-352ble", kind="scale", maker="A&D", name="UC-352BLE", wake="Step on it; to pair, hold SET.")
CUFF = Model(
    id="and-ua-651ble",
    kind="cuff",
    maker="A&D",
    name="UA-651BLE",
    wake="Take a measurement; to pair, hold START until Pr shows.",
)
OXIMETER = Model(id="nonin-3230", kind="oximeter", maker="Nonin", name="3230", wake="Put a finger in it.")
LIMITS = Limits(
    sentences=("Tell the ward if weight goes up 2 kg or more in 3 days.",),
    cadences=("Weight every morning.",),
    author="The ward's configuration",
    version=3,
    since=NOW - timedelta(days=1),
    fingerprint="9b1f00d2c4a7e863",
    phone="0116 000 0000",
)


def added(model: Model, **changes: Any) -> Added:
    """A device of this home that works."""
    usual: dict[str, Any] = {"id": model.kind, "model": model, "address": "C0:FF:EE:00:00:01", "pairing": "paired"}
    return Added(**{**usual, **changes})


def nearby(*models: Model, **changes: Any) -> Nearby:
    """A device in the air."""
    usual: dict[str, Any] = {
        "address": "C0:FF:EE:00:00:09", "rssi_dbm": -61, "heard_age_s": 1.0, "models": models, "wanted": True,
    }  # fmt: skip
    return Nearby(**{**usual, **changes})


def installation(stage: str = "factory", **changes: Any) -> Installation:
    """A hub at a stage, otherwise well."""
    reached = ("factory", "claimed", "assigned", "locked").index(stage)
    usual: dict[str, Any] = {
        "stage": stage,
        "revision": 1 + reached,
        "hub": "kitchen-7" if reached else None,
        "version": "0.6.0",
        "now": NOW,
        "timezone": "Europe/London",
        "fingerprint": "a1b2c3d4" * 8,
        "checks": WELL if reached else (*WELL[:2], *_unclaimed()),
        "patient": "Copper Heron" if reached > 1 else None,
        "pathways": REFERRALS[0].pathways if reached > 1 else (),
        "kinds": REFERRALS[0].kinds if reached > 1 else (),
        "phone": REFERRALS[0].phone if reached > 1 else "",
        "missing": () if reached == 3 else _missing(reached),
        "window": Window(open=True, left_s=1500.0, opened_by="button"),
    }
    return Installation(**{**usual, **changes})


def _unclaimed() -> Iterable[Check]:
    return (
        Check(key="ward-reached", tick="good", sentence="broker.example answers over TLS."),
        Check(
            key="ward-accepts",
            tick="waiting",
            reason="not-claimed",
            sentence="The ward does not know this hub yet.",
            what_to_do="Type the hub's id and the claim code below.",
        ),
    )


def _missing(reached: int) -> tuple[Missing, ...]:
    all_missing = (
        Missing(key="no-patient", sentence="No patient is chosen.", step=2),
        Missing(key="no-device", sentence="No device is added.", step=3),
        Missing(key="no-test", sentence="No test reading has reached the ward.", step=4),
        Missing(key="not-read-back", sentence="The limits have not been read back.", step=5),
    )
    return all_missing if reached < 2 else all_missing[1:]


class SetupHub:
    """Answers as a hub does; `asked` is everything that was asked of it, in order."""

    def __init__(self, path: Path, seen: Installation | None = None) -> None:
        self.path = path
        self.seen = seen or installation()
        self.referrals: tuple[Offered, ...] = REFERRALS
        self.nearby: tuple[Nearby, ...] = ()
        self.limits = LIMITS
        self.audit = Audit(entries=())
        self.screen = ScreenKey(key="k3m9x7pqr2s4tv6w")
        self.status = home_status()
        self.code, self.tries_left, self.wait_s = CODE, 5, 0
        self.refuse: dict[str, ControlError] = {}
        self.asked: list[tuple[str, dict[str, Any]]] = []
        names = [name.removeprefix("do_") for name in dir(self) if name.startswith("do_")]
        self.server = ControlServer(path, {name: self._handler(name) for name in names})

    def change(self, *rooms: str, **changes: Any) -> None:
        """The hub changes, and whoever watches is told."""
        self.seen = msgspec.structs.replace(self.seen, **changes)
        for room in rooms or ("hub",):
            self.server.changed(room)

    def acts(self, method: str) -> list[dict[str, Any]]:
        """What was asked of one method."""
        return [params for name, params in self.asked if name == method]

    def moved(self, **changes: Any) -> Done:
        """An act that changed something: the revision goes up."""
        self.change(revision=self.seen.revision + 1, **changes)
        return Done(sentence="Done.")

    def _handler(self, name: str) -> Any:
        async def handle(params: dict[str, Any]) -> object:
            self.asked.append((name, params))
            if name in self.refuse:
                raise self.refuse[name]
            revision = params.get("revision")
            if revision is not None and revision != self.seen.revision:
                raise ControlError("stale", "The hub has moved on.")
            return await getattr(self, f"do_{name}")(params)

        return handle

    async def do_installation(self, _: dict[str, Any]) -> Installation:
        return self.seen

    async def do_check_again(self, _: dict[str, Any]) -> Done:
        return Done(sentence="Looking again.")

    async def do_claim(self, params: dict[str, Any]) -> Done:
        hub, _, code = params["code"].partition(" ")
        if code.replace("-", "").replace(" ", "").upper() != CLAIM.replace("-", ""):
            raise ControlError("refused-by-ward", "The ward does not take that code.", "Read it again from the sheet.")
        return self.moved(stage="claimed", hub=hub, checks=WELL)

    async def do_patients(self, _: dict[str, Any]) -> tuple[Offered, ...]:
        if not self.seen.can_list:
            raise ControlError("no-list", "This ward gives no list.", "Type the pseudonym from the referral sheet.")
        return self.referrals

    async def do_choose(self, params: dict[str, Any]) -> Offered:
        words = params["words"]
        if params["digits"] != DIGITS.get(words):
            raise ControlError("wrong-digits", f"Those digits are not {words}'s.", f"Does the sheet say {words}?")
        return next((r for r in self.referrals if r.words == words), Offered(words=words))

    async def do_assign(self, params: dict[str, Any]) -> Done:
        chosen = await self.do_choose(params)
        return self.moved(
            stage="assigned",
            patient=chosen.words,
            pathways=tuple(params.get("pathways") or chosen.pathways),
            kinds=chosen.kinds,
            phone=chosen.phone,
            missing=_missing(2),
        )

    async def do_release(self, params: dict[str, Any]) -> Done:
        if self.seen.unsent and not params.get("seal"):
            raise ControlError(
                "unsent",
                f"{self.seen.unsent} readings of {self.seen.patient} are not at the ward yet.",
                "Send them first, or seal and wipe.",
            )
        return self.moved(stage="claimed", patient=None, pathways=(), kinds=(), devices=(), phone="", unsent=0)

    async def do_forget(self, _: dict[str, Any]) -> Done:
        return self.moved(stage="factory", hub=None)

    async def do_nearby(self, _: dict[str, Any]) -> tuple[Nearby, ...]:
        return self.nearby

    async def do_add_device(self, params: dict[str, Any]) -> Added:
        model = next(m for n in self.nearby for m in n.models if m.id == params["model"])
        new = added(model, address=params.get("address"), port=params.get("port"), pairing="idle")
        self.moved(devices=(*self.seen.devices, new))
        return new

    async def do_remove_device(self, params: dict[str, Any]) -> Done:
        return self.moved(devices=tuple(d for d in self.seen.devices if d.id != params["device"]))

    async def do_replace_device(self, params: dict[str, Any]) -> Done:
        await self.do_remove_device(params)
        await self.do_add_device(params)
        return Done(sentence="Replaced.")

    async def do_pair_start(self, params: dict[str, Any]) -> Done:
        return self.pairing(params["device"], pairing="waiting", pairing_left_s=60.0)

    async def do_passkey(self, params: dict[str, Any]) -> Done:
        return self.pairing(params["device"], pairing="pairing")

    async def do_no_number(self, params: dict[str, Any]) -> Done:
        return self.pairing(params["device"], pairing="failed", pairing_sentence="The cuff showed no number.")

    def pairing(self, device: str, **changes: Any) -> Done:
        """A device's pairing goes on; the revision stays."""
        replaced = tuple(msgspec.structs.replace(d, **changes) if d.id == device else d for d in self.seen.devices)
        self.change("devices", devices=replaced)
        return Done(sentence="Done.")

    async def do_test_begin(self, _: dict[str, Any]) -> Done:
        return Done(sentence="Take a reading now.")

    async def do_test_end(self, _: dict[str, Any]) -> Done:
        self.change(test=None)
        return Done(sentence="Done.")

    async def do_leave_out(self, params: dict[str, Any]) -> Done:
        return self.pairing(params["device"], left_out=LEFT_OUT[params["reason"]])

    async def do_limits(self, _: dict[str, Any]) -> Limits:
        return self.limits

    async def do_read_back(self, _: dict[str, Any]) -> Done:
        return self.moved(limits_read_back=NOW, missing=tuple(m for m in self.seen.missing if m.step != 5))

    async def do_screen_key(self, _: dict[str, Any]) -> ScreenKey:
        return self.screen

    async def do_lock(self, _: dict[str, Any]) -> Done:
        if self.seen.missing:
            raise ControlError("not-yet", "The hub cannot be locked yet.", self.seen.missing[0].sentence)
        return self.moved(stage="locked")

    async def do_unlock(self, _: dict[str, Any]) -> Done:
        return self.moved(stage="assigned")

    async def do_sign_in(self, params: dict[str, Any]) -> SignedIn:
        if self.wait_s:
            raise ControlError(
                "wait", "Too many tries.", f"Wait {self.wait_s // 60} minutes. This is to keep the patient safe."
            )
        if "".join(c for c in params["code"].upper() if c.isalnum()) != self.code.replace("-", ""):
            self.tries_left -= 1
            self.wait_s = 0 if self.tries_left else 300
            raise ControlError("wrong-code", f"That code is not right. {self.tries_left} tries left.")
        self.tries_left = 5
        return SignedIn(window=self.seen.window)

    async def do_window(self, _: dict[str, Any]) -> Window:
        return self.seen.window

    async def do_open_window(self, params: dict[str, Any]) -> Window:
        self.change(window=Window(open=True, left_s=60.0 * (params.get("minutes") or 30), opened_by=params["by"]))
        return self.seen.window

    async def do_extend_window(self, _: dict[str, Any]) -> Window:
        self.change(window=msgspec.structs.replace(self.seen.window, left_s=1800.0))
        return self.seen.window

    async def do_close_window(self, _: dict[str, Any]) -> Window:
        self.change(window=Window(open=False))
        return self.seen.window

    async def do_audit(self, _: dict[str, Any]) -> Audit:
        return self.audit

    async def do_status(self, _: dict[str, Any]) -> Status:
        return self.status

    async def do_series(self, params: dict[str, Any]) -> Series:
        return series(params["channel"], params["days"], history(30).get(params["channel"], ()))

    async def do_report(self, _: dict[str, Any]) -> Report:
        return Report(name="wardgate-support-20261121-091512.zip", data=b"PK-a-report")

    async def do_note_audit(self, _: dict[str, Any]) -> Done:
        return Done(sentence="Noted.")

    async def do_new_setup_code(self, _: dict[str, Any]) -> SetupCode:
        return SetupCode(code=f"K7QM-3XV{len(self.acts('new_setup_code'))}")

    async def do_blink(self, _: dict[str, Any]) -> Done:
        return Done(sentence="The hub's light blinks for 10 seconds.")
