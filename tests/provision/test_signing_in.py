"""The setup code: few wrong ones are listened to, and nothing that an attacker can do gives them more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.living import RebootingClock
from wardgate.provision import signing_in
from wardgate.provision.refused import Refused
from wardgate.provision.signing_in import SigningIn
from wardgate.store import Store, StoreFull
from wardgate.store.audit import Audit

WRONG = "AAAA-AAAA"
PHONE = "192.168.1.20"


class Gate:
    """A hub's door, and the machine it runs on."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.clock = RebootingClock()
        self.start()

    def start(self) -> None:
        self.store = Store.open(self.path, self.clock)
        self.audit = Audit(self.store, self.clock)
        self.signing_in = SigningIn(self.store, self.clock, self.audit)

    async def restart(self, *, off: timedelta | None = None) -> None:
        """The program alone, or the machine, which was off for so long."""
        await self.store.close()
        if off is not None:
            self.clock.reboot(off)
        self.start()

    async def refused(self, code: str = WRONG, address: str = PHONE) -> Refused:
        with pytest.raises(Refused) as caught:
            await self.signing_in.sign_in(code, address)
        return caught.value

    async def wrong(self, times: int, address: str = PHONE) -> Refused:
        for _ in range(times - 1):
            assert (await self.refused(address=address)).key == "wrong-code"
        return await self.refused(address=address)

    def later(self, minutes: float) -> None:
        self.clock.now += timedelta(minutes=minutes)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    """The same sums with less memory: what they cost is not what is tested."""
    if request.function is not test_the_code_itself_is_nowhere_on_the_disk:
        monkeypatch.setattr(signing_in, "_SCRYPT", (16, 8, 1))


@pytest.fixture
async def gate(tmp_path: Path) -> AsyncIterator[Gate]:
    gate = Gate(tmp_path / "wardgate.db")
    yield gate
    await gate.store.close()


async def test_a_code_is_easy_to_read_and_hard_to_guess(gate: Gate) -> None:
    codes = {await gate.signing_in.new_code("command") for _ in range(10)}
    assert len(codes) == 10
    for code in codes:
        assert len(code) == 9
        assert code[4] == "-"
        signs = code.replace("-", "")
        assert len(signs) * 5 >= 40
        assert set(signs) <= set("ABCDEFGHJKLMNPQRSTUVWXYZ23456789")
    assert len(set(signing_in.ALPHABET)) == 2**5


async def test_the_code_itself_is_nowhere_on_the_disk(gate: Gate) -> None:
    code = await gate.signing_in.new_code("command")
    await gate.signing_in.sign_in(code, PHONE)
    await gate.store.close()
    on_disk = b"".join(file.read_bytes() for file in gate.path.parent.iterdir())
    for form in (code, code.replace("-", ""), code.lower()):
        assert form.encode() not in on_disk
    gate.start()


async def test_a_hub_without_a_code_says_how_to_make_one(gate: Gate) -> None:
    assert (await gate.refused()).key == "no-code"
    assert "wardgate provision code --new" in (await gate.refused()).what_to_do


@pytest.mark.parametrize("typed", ["{}", " {} ", "{l}", "{b}", "{n}"])
async def test_the_right_code_is_right_however_it_is_typed(gate: Gate, typed: str) -> None:
    code = await gate.signing_in.new_code("command")
    n = code.replace("-", "")
    await gate.signing_in.sign_in(typed.format(code, l=code.lower(), b=code.replace("-", " "), n=n), PHONE)
    assert gate.audit.entries(1)[0].what == "signed-in"


@pytest.mark.parametrize("typed", ["", "-", "{}A", "é", "\ud800", "x" * 200, "{n}{n}"])
async def test_what_is_not_the_code_is_not(gate: Gate, typed: str) -> None:
    code = await gate.signing_in.new_code("command")
    assert (await gate.refused(typed.format(code, n=code.replace("-", "")))).key == "wrong-code"


async def test_five_tries_then_a_wait_that_a_right_code_waits_for_as_well(gate: Gate) -> None:
    code = await gate.signing_in.new_code("command")
    for left in ("4 tries left.", "3 tries left.", "2 tries left.", "1 try left."):
        assert (await gate.refused()).sentence == f"That code is not right. {left}"
    told = await gate.refused()
    assert (told.key, told.sentence) == ("wait", "Too many tries. Wait 5 minutes. This is to keep the patient safe.")
    gate.later(4)
    assert (await gate.refused(code)).sentence == "Too many tries. Wait 1 minute. This is to keep the patient safe."
    gate.later(1)
    await gate.signing_in.sign_in(code, PHONE)
    assert (await gate.refused()).sentence == "That code is not right. 4 tries left."


async def test_the_waits_grow(gate: Gate) -> None:
    await gate.signing_in.new_code("command")
    assert "5 minutes" in (await gate.wrong(5)).sentence
    for before, then in ((5, 15), (15, 60), (60, 60)):
        gate.later(before)
        assert f"Wait {then} minutes" in (await gate.refused()).sentence


async def test_nobody_gains_by_cutting_the_power_or_moving_the_clock(gate: Gate) -> None:
    gate.later(600)
    code = await gate.signing_in.new_code("command")
    await gate.wrong(5)
    gate.later(4)
    await gate.restart(off=timedelta(days=3))
    assert "Wait 5 minutes" in (await gate.refused(code)).sentence, "the wait begins anew: nobody knows how long it was"
    gate.clock.now += timedelta(days=400)
    gate.clock.started += timedelta(days=400)  # the wall clock alone
    gate.clock.knows_the_time = False
    assert "Wait 5 minutes" in (await gate.refused(code)).sentence
    await gate.restart()
    assert "Wait 5 minutes" in (await gate.refused(code)).sentence
    gate.later(5)
    assert "Wait 15 minutes" in (await gate.refused()).sentence, "what was tried before is still counted"


async def test_tries_are_still_counted_after_a_power_cut(gate: Gate) -> None:
    await gate.signing_in.new_code("command")
    await gate.wrong(4)
    await gate.restart(off=timedelta(hours=1))
    assert (await gate.refused()).key == "wait"


async def test_a_try_counts_before_it_is_looked_at(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    """The power goes, or the asker hangs up, while the code is being compared."""
    await gate.signing_in.new_code("command")

    async def power_cut(*_: object) -> bool:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(signing_in, "_is_it", power_cut)
        for _ in range(4):
            with pytest.raises(asyncio.CancelledError):
                await gate.signing_in.sign_in(WRONG, PHONE)
    await gate.restart(off=timedelta(0))
    assert (await gate.refused()).key == "wait"


async def test_a_disk_that_refuses_lets_nobody_in(gate: Gate, monkeypatch: pytest.MonkeyPatch) -> None:
    code = await gate.signing_in.new_code("command")

    def full(*_: object) -> None:
        raise StoreFull("The disk is full.")

    with monkeypatch.context() as patched:
        patched.setattr(gate.store, "write", full)
        patched.setattr(gate.store, "put_detector_state", full)
        with pytest.raises(StoreFull):
            await gate.signing_in.sign_in(code, PHONE)


async def test_one_address_does_not_hold_up_another(gate: Gate) -> None:
    code = await gate.signing_in.new_code("command")
    await gate.wrong(5, "192.168.1.66")
    await gate.signing_in.sign_in(code, PHONE)


async def test_many_addresses_get_no_further(gate: Gate) -> None:
    code = await gate.signing_in.new_code("command")
    for n in range(19):
        assert (await gate.refused(address=f"fd00::{n}")).key == "wrong-code"
    assert (await gate.refused(address="fd00::19")).key == "wait"
    assert "Wait 5 minutes" in (await gate.refused(code, PHONE)).sentence
    gate.later(5)
    await gate.signing_in.sign_in(code, PHONE)


async def test_a_day_of_quiet_makes_the_tries_free_again(gate: Gate) -> None:
    await gate.signing_in.new_code("command")
    await gate.wrong(5)
    gate.later(25 * 60)
    assert (await gate.refused()).sentence.endswith("4 tries left.")


async def test_a_new_code_ends_the_wait_and_the_old_code(gate: Gate) -> None:
    old = await gate.signing_in.new_code("command")
    await gate.wrong(5)
    new = await gate.signing_in.new_code("command")
    assert (await gate.refused(old)).key == "wrong-code"
    await gate.signing_in.sign_in(new, PHONE)


async def test_tries_at_the_same_time_are_one_after_the_other(gate: Gate) -> None:
    await gate.signing_in.new_code("command")
    done = await asyncio.gather(*(gate.signing_in.sign_in(WRONG, PHONE) for _ in range(12)), return_exceptions=True)
    keys = [error.key for error in done if isinstance(error, Refused)]
    assert sorted(keys) == ["wait"] * 8 + ["wrong-code"] * 4


async def test_the_audit_tells_of_wrong_codes_and_cannot_be_filled_with_them(gate: Gate) -> None:
    code = await gate.signing_in.new_code("command")
    await gate.wrong(5)
    for _ in range(300):
        assert (await gate.refused()).key == "wait"
    await gate.signing_in.tell_untold()
    gate.later(5)
    await gate.signing_in.sign_in(code, PHONE)
    rows = list(reversed(gate.audit.entries(100)))
    assert [row.what for row in rows] == ["setup-code-made", "sign-in-refused", "sign-in-refused", "signed-in"]
    assert rows[1].detail["wrong_codes"] == 5
    assert rows[2].detail == {"wrong_codes": 0, "while_waiting": 300}
    assert PHONE in rows[1].sentence
    assert all(code not in row.sentence and WRONG not in row.sentence for row in rows)


async def test_single_wrong_codes_are_told_when_somebody_gets_in(gate: Gate) -> None:
    code = await gate.signing_in.new_code("command")
    await gate.wrong(3)
    await gate.signing_in.sign_in(code, PHONE)
    assert gate.audit.entries(1)[0].detail["wrong_codes"] == 3
