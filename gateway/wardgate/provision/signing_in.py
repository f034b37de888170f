"""The setup code: who knows it may set the hub up. It is kept as a hash alone, and few wrong ones are listened to."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import math
import secrets
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from wardgate.clock import Clock
from wardgate.contract.messages import Utc
from wardgate.counted import count
from wardgate.provision.refused import Refused
from wardgate.store.audit import Audit, By
from wardgate.store.store import Store

ALPHABET: Final = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
"""32 signs without 0 O 1 I: each is 5 bits."""
SIGNS: Final = 8
"""40 bits. With 20 wrong ones listened to and then one in an hour, a search takes millions of years."""
GROUP: Final = 4
ADDRESS_TRIES: Final = 5
"""From one address, before it has to wait."""
ALL_TRIES: Final = 20
"""From all of them, before everybody has to wait: somebody with many addresses gets no further."""
WAITS_S: Final = (300.0, 900.0, 3600.0)
"""After the last free try and after each one that follows; the last for all further ones."""
FORGOTTEN_S: Final = 86400.0
"""So long without a wrong one, and they are free again."""
ADDRESSES: Final = 50
"""Remembered. What is beyond them counts with all."""
_CODE: Final = "provision/setup-code"
_TRIES: Final = "provision/tries"
_SCRYPT: Final = (16384, 8, 1)
"""16 MB and a third of a second on a Raspberry Pi 3. The limits above guard the code; this guards a stolen card."""


class SetupCode(Struct, frozen=True, kw_only=True):
    """What is kept of the code."""

    salt: bytes
    hash: bytes
    n: int
    r: int
    p: int
    made: Utc


class Tries(Struct, frozen=True, kw_only=True):
    """Wrong codes in a row, and how long is to be waited from a second of a boot on."""

    wrong: int = 0
    wait_s: float = 0.0
    boot_id: str = ""
    boottime_s: float = 0.0


class AllTries(Struct, frozen=True, kw_only=True):
    """What outlives a power cut."""

    all: Tries = Tries()
    addresses: dict[str, Tries] = {}
    untold: int = 0
    """Wrong codes that the audit does not have yet."""


class SigningIn:
    """Checks setup codes, one at a time."""

    def __init__(self, store: Store, clock: Clock, audit: Audit) -> None:
        self._store = store
        self._clock = clock
        self._audit = audit
        self._one_at_a_time = asyncio.Lock()
        self._not_listened_to = 0

    def has_code(self) -> bool:
        """Whether there is a code at all."""
        return self._store.detector_state(_CODE) is not None

    async def new_code(self, by: By) -> str:
        """Make another code. It is told this once, and the one before is good no longer.

        Raises:
            StoreError: the disk refuses; the one before holds.
        """
        code = "".join(secrets.choice(ALPHABET) for _ in range(SIGNS))
        salt = secrets.token_bytes(16)
        n, r, p = _SCRYPT
        kept = SetupCode(salt=salt, hash=await _hashed(code, salt, _SCRYPT), n=n, r=r, p=p, made=self._clock.utc())
        async with self._one_at_a_time:
            await self._audit.note(
                "setup-code-made", by, "A new setup code was made. The one before is no longer good."
            )
            await self._store.put_detector_state(_CODE, msgspec.json.encode(kept))
            await self._keep(AllTries())
        return "-".join(code[at : at + GROUP] for at in range(0, SIGNS, GROUP))

    async def sign_in(self, code: str, address: str) -> None:
        """Returns if the code is right. A try counts, durably, before it is looked at.

        Raises:
            Refused: `no-code`, `wrong-code`, or `wait`, which also a right code is told.
            StoreError: the disk refuses; nobody is let in then.
        """
        async with self._one_at_a_time:
            raw = self._store.detector_state(_CODE)
            if raw is None:
                raise Refused("no-code", "This hub has no setup code yet.", "Make one: wardgate provision code --new")
            before = self._tries()
            waiting_s = max(self._left_s(before.all), self._left_s(before.addresses.get(address, Tries())))
            if waiting_s > 0.0:
                self._not_listened_to += 1
                raise _wait(waiting_s)
            counted = self._counted(before, address)
            await self._keep(counted)
            if await _is_it(code, msgspec.json.decode(raw, type=SetupCode)):
                await self._let_in(before, address)
            else:
                await self._refuse(counted, address)

    async def tell_untold(self) -> None:
        """Have the audit say what was tried and not said yet.

        Raises:
            StoreError: the disk refuses.
        """
        tries = self._tries()
        if tries.untold or self._not_listened_to:
            await self._tell(tries, f"{count(tries.untold, 'wrong setup code')} since that was last said.")

    async def _let_in(self, before: AllTries, address: str) -> None:
        sentence = f"Somebody signed in from {address[:64]}."
        await self._audit.note("signed-in", "page", sentence, address=address, wrong_codes=before.untold)
        await self._keep(AllTries())

    async def _refuse(self, counted: AllTries, address: str) -> None:
        mine = counted.addresses.get(address, Tries())
        wait_s = max(counted.all.wait_s, mine.wait_s)
        if wait_s:
            words = count(counted.untold, "wrong setup code")
            await self._tell(counted, f"{words}, the last from {address[:64]}. Next try in {_minutes(wait_s)}.")
            raise _wait(wait_s)
        left = min(ADDRESS_TRIES - mine.wrong, ALL_TRIES - counted.all.wrong)
        raise Refused(
            "wrong-code",
            f"That code is not right. {count(left, 'try', 'tries')} left.",
            "It is on the hub's label: 8 letters and digits.",
        )

    async def _tell(self, tries: AllTries, sentence: str) -> None:
        ignored = self._not_listened_to
        await self._audit.note("sign-in-refused", "page", sentence, wrong_codes=tries.untold, while_waiting=ignored)
        await self._keep(replace(tries, untold=0))
        self._not_listened_to -= ignored

    # Counting

    def _counted(self, before: AllTries, address: str) -> AllTries:
        addresses = {a: t for a, t in before.addresses.items() if not self._is_forgotten(t)}
        mine = self._one_more(addresses.get(address, Tries()), ADDRESS_TRIES)
        if address in addresses or len(addresses) < ADDRESSES:
            addresses[address] = mine
        return AllTries(all=self._one_more(before.all, ALL_TRIES), addresses=addresses, untold=before.untold + 1)

    def _one_more(self, tries: Tries, free: int) -> Tries:
        wrong = 1 if self._is_forgotten(tries) else tries.wrong + 1
        wait_s = WAITS_S[min(wrong - free, len(WAITS_S) - 1)] if wrong >= free else 0.0
        now_s = self._clock.boottime_s()
        return Tries(wrong=wrong, wait_s=wait_s, boot_id=self._clock.boot_id(), boottime_s=now_s)

    def _left_s(self, tries: Tries) -> float:
        return max(0.0, tries.wait_s - self._passed_s(tries))

    def _is_forgotten(self, tries: Tries) -> bool:
        return self._passed_s(tries) - tries.wait_s > FORGOTTEN_S

    def _passed_s(self, tries: Tries) -> float:
        """For certain: how long the power was off, nobody knows. The wall clock is not asked."""
        same = tries.boot_id == self._clock.boot_id()
        return self._clock.boottime_s() - (tries.boottime_s if same else 0.0)

    def _tries(self) -> AllTries:
        raw = self._store.detector_state(_TRIES)
        return AllTries() if raw is None else msgspec.json.decode(raw, type=AllTries)

    async def _keep(self, tries: AllTries) -> None:
        await self._store.put_detector_state(_TRIES, msgspec.json.encode(tries))


async def _is_it(code: str, kept: SetupCode) -> bool:
    """However it was typed: small letters, blanks, dashes. In the same time whether it is right or not."""
    typed = "".join(code.upper().replace("-", " ").split())[: 2 * SIGNS]
    hashed = await _hashed(typed, kept.salt, (kept.n, kept.r, kept.p))
    return hmac.compare_digest(hashed, kept.hash)


async def _hashed(code: str, salt: bytes, cost: tuple[int, int, int]) -> bytes:
    n, r, p = cost
    return await asyncio.to_thread(
        hashlib.scrypt, code.encode("utf-8", "surrogatepass"), salt=salt, n=n, r=r, p=p, dklen=32
    )


def _wait(wait_s: float) -> Refused:
    return Refused(
        "wait",
        f"Too many tries. Wait {_minutes(wait_s)}. This is to keep the patient safe.",
        "The code is on the hub's label. If it is lost, make another: wardgate provision code --new",
    )


def _minutes(wait_s: float) -> str:
    return count(math.ceil(wait_s / 60.0), "minute")
