"""The recovery ladder: what is done, step by step, for a radio that does not listen any more.

The steps go from the harmless to the costly. Each is an event, and after each the bonds are looked at: no step removes
one, and if one is missing a person is told. What needs root is asked of a helper (`deploy/radio-helper.sh`), a unit of
its own that knows three words.
"""

from __future__ import annotations

import asyncio
import json
import logging
import secrets
from collections.abc import Callable, Iterable
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Final, Literal

from dbus_fast.errors import DBusFastError

from wardgate.capture.bluez import RadioHost
from wardgate.capture.journal import Detail, Journal
from wardgate.clock import Clock
from wardgate.store.store import Store

log: Final = logging.getLogger(__name__)

HELPER_S: Final = 40.0
"""For the helper's answer. To restart bluetoothd takes 3 s on a Raspberry Pi, to reset its adapter 10."""
LAST_WORD_S: Final = 2.0
"""Where the radio is back before the helper has answered: it may have done it, and says so last."""
SETTLE_S: Final = 20.0
"""After a step, for the adapter to be on again before the bonds are looked at."""
LOOK_S: Final = 0.25
POWER_S: Final = 15.0
REST_S: Final = 600.0
"""After the last step, before the first is tried again; doubling up to `LONGEST_REST_S`."""
LONGEST_REST_S: Final = 6 * 3600.0
WEEK_S: Final = 7 * 86400.0
ANSWER: Final = Path("/run/wardgate-helper/answer")
_REBOOTS: Final = "radio/reboots"

Cause = Literal["deaf", "scan-fails", "no-bluetoothd", "no-adapter", "off"]


class Step(StrEnum):
    """One rung."""

    RESTART_DISCOVERY = "restart-discovery"
    POWER_CYCLE = "power-cycle"
    RESTART_BLUETOOTHD = "restart-bluetoothd"
    RESET_ADAPTER = "reset-adapter"
    REBOOT = "reboot"


STEPS: Final[dict[Cause, tuple[Step, ...]]] = {
    # Silence is no proof of a fault, so that nobody's hub is restarted for it.
    "deaf": (Step.RESTART_DISCOVERY, Step.POWER_CYCLE, Step.RESTART_BLUETOOTHD, Step.RESET_ADAPTER),
    "scan-fails": (Step.POWER_CYCLE, Step.RESTART_BLUETOOTHD, Step.RESET_ADAPTER, Step.REBOOT),
    "no-bluetoothd": (Step.RESTART_BLUETOOTHD, Step.RESET_ADAPTER, Step.REBOOT),
    "no-adapter": (Step.RESET_ADAPTER, Step.RESTART_BLUETOOTHD, Step.REBOOT),
    "off": (Step.RESET_ADAPTER, Step.REBOOT),
}
_WHY: Final[dict[Cause, str]] = {
    "deaf": "Nothing at all is heard, although this home is never so quiet.",
    "scan-fails": "The Bluetooth adapter does not search.",
    "no-bluetoothd": "The Bluetooth service is away, or does not answer.",
    "no-adapter": "The Bluetooth adapter is away.",
    "off": "The Bluetooth adapter stays off.",
}
_DONE: Final[dict[Step, str]] = {
    Step.RESTART_DISCOVERY: "the search was started afresh",
    Step.POWER_CYCLE: "the adapter was switched off and on",
    Step.RESTART_BLUETOOTHD: "the Bluetooth service was restarted",
    Step.RESET_ADAPTER: "the adapter was unblocked and reset",
    Step.REBOOT: "the hub restarts",
}


class StepFailedError(Exception):
    """A step came to nothing; its text says why."""


class Hearing:
    """Tells silence from deafness by how quiet this home is known to be.

    A house full of beacons that has been still for minutes has a deaf adapter; a lonely one, whose devices are silent
    between two measurements, has not.
    """

    QUIET_TIMES: Final = 4.0
    """So many times as long as it ever was still in these two days."""
    LEARN_S: ClassVar[float] = 86400.0
    """A day with its night has to be known before anything is said about what is usual."""

    def __init__(self) -> None:
        self.heard_at_s: float | None = None
        self._first_s = 0.0
        self._day = 0
        self._longest_s = [0.0, 0.0]

    def heard(self, now_s: float) -> None:
        """Something was heard, no matter from whom."""
        if self.heard_at_s is not None:
            day = int(now_s // 86400.0)
            if day != self._day:
                self._longest_s = [0.0, self._longest_s[0]] if day == self._day + 1 else [0.0, 0.0]
                self._day = day
            self._longest_s[0] = max(self._longest_s[0], now_s - self.heard_at_s)
        else:
            self._first_s = now_s
        self.heard_at_s = now_s

    def is_deaf(self, now_s: float) -> bool:
        """Whether it has been still for much longer than it ever is."""
        if self.heard_at_s is None or self.heard_at_s - self._first_s < self.LEARN_S:
            return False
        return now_s - self.heard_at_s > self.QUIET_TIMES * max(self._longest_s)


class Helper:
    """Asks the unit that may do what needs root. Both sides leave a file for the other."""

    def __init__(self, ask: Path, answer: Path = ANSWER) -> None:
        self._ask = ask
        self._answer = answer

    async def do(self, step: Step, over: Callable[[], bool]) -> None:
        """Have it done. Once it is `over` an answer is waited for only a moment longer.

        Raises:
            StepFailedError: there is no helper, or it could not.
        """
        number = secrets.token_hex(8)
        try:
            await asyncio.to_thread(self._write, f"{step} {number}\n")
            async with asyncio.timeout(HELPER_S):
                last_word_s = float("inf")
                while (words := await asyncio.to_thread(self._read))[:1] != [number]:
                    now_s = asyncio.get_running_loop().time()
                    if over():
                        last_word_s = min(last_word_s, now_s + LAST_WORD_S)
                    if now_s >= last_word_s:
                        raise StepFailedError("it was over before the helper answered")
                    await asyncio.sleep(LOOK_S)
        except TimeoutError:
            raise StepFailedError("the radio helper does not answer; is wardgate-radio-helper.path enabled?") from None
        except OSError as error:
            raise StepFailedError(f"the helper cannot be asked: {error}") from error
        if words[1:] != ["done"]:
            raise StepFailedError(" ".join(words[1:]) or "the helper says nothing")

    def _write(self, words: str) -> None:
        aside = self._ask.with_suffix(".new")
        aside.write_text(words, encoding="ascii")
        aside.chmod(0o640)
        aside.replace(self._ask)

    def _read(self) -> list[str]:
        try:
            return self._answer.read_text(encoding="utf-8", errors="replace")[:500].split()
        except FileNotFoundError:
            return []


class Budget:
    """How many restarts of the whole hub there may be in a week. They are remembered through a restart."""

    def __init__(self, store: Store, clock: Clock, a_week: int) -> None:
        self._store = store
        self._clock = clock
        self._a_week = a_week

    async def take(self) -> bool:
        """Whether there may be one more; then it counts, durably."""
        now_s = self._clock.utc().timestamp()
        kept = json.loads(self._store.detector_state(_REBOOTS) or b"[]")
        # One in the future was noted by a clock that was wrong: it counts until that time has come.
        recent = [at_s for at_s in kept if at_s > now_s - WEEK_S]
        if len(recent) >= self._a_week:
            return False
        await self._store.put_detector_state(_REBOOTS, json.dumps([*recent, now_s]).encode())
        return True


class Recovery:
    """The ladder. `climb` does the next step for a cause; `well` says that the radio listens again."""

    def __init__(
        self,
        host: RadioHost,
        helper: Helper,
        budget: Budget,
        bonded: Callable[[], Iterable[str]],
        journal: Journal,
        clock: Clock,
    ) -> None:
        self._host = host
        self._helper = helper
        self._budget = budget
        self._bonded = bonded
        self._journal = journal
        self._clock = clock
        self._taken: list[Step] = []
        self._began_at_s = 0.0
        self._rest_until_s = float("-inf")
        self._rest_s = REST_S
        self.cause: Cause | None = None
        """Why it is being climbed; None when all is well."""

    async def climb(self, cause: Cause) -> Step | None:
        """Do the next step. None when there is none to do now."""
        now_s = self._clock.boottime_s()
        if now_s < self._rest_until_s:
            return None
        if self.cause is None:
            self._began_at_s = now_s
        self.cause = cause
        for step in STEPS[cause]:
            if step not in self._taken and (step is not Step.REBOOT or await self._budget.take()):
                self._taken.append(step)
                await self._do(step, cause)
                return step
        self._taken.clear()
        self._rest_until_s = now_s + self._rest_s
        self._rest_s = min(LONGEST_REST_S, 2 * self._rest_s)
        self._journal.begin(
            "radio-stuck",
            "problem",
            f"{_WHY[cause]} Everything the hub can do about it was tried.",
            what_to_do="Restart the hub. If that does not help, replace its Bluetooth adapter.",
        )
        return None

    def well(self) -> None:
        """The radio listens, or hears."""
        if self.cause is None:
            return
        last = self._taken[-1] if self._taken else None
        self._journal.tell(
            "radio-recovered",
            "info",
            "The radio listens again." if last is None else f"The radio listens again after {_DONE[last]}.",
            detail={"step": last, "cause": self.cause, "after_s": self._clock.boottime_s() - self._began_at_s},
        )
        self._journal.over("radio-stuck", sentence="The radio listens again.")
        self._taken.clear()
        self.cause, self._rest_until_s, self._rest_s = None, float("-inf"), REST_S

    async def _do(self, step: Step, cause: Cause) -> None:
        detail: Detail = {"step": step, "cause": cause, "done": True}
        if step is Step.REBOOT:
            self._tell(step, cause, detail)
        try:
            await self._run(step)
        except (StepFailedError, DBusFastError, OSError, EOFError, TimeoutError) as error:
            detail |= {"done": False, "reason": str(error) or type(error).__name__}
        missing = await self._missing_bonds()
        detail["bonds"] = "unknown" if missing is None else "missing" if missing else "kept"
        if step is not Step.REBOOT or not detail["done"]:
            self._tell(step, cause, detail)
        if missing:
            self._journal.begin(
                "bonds-missing",
                "problem",
                f"The hub's Bluetooth service no longer knows {len(missing)} of its devices.",
                what_to_do="Pair them again, each with: wardgate pair DEVICE",
                detail={"step": step, "addresses": ", ".join(missing)},
            )

    async def _run(self, step: Step) -> None:
        if step is Step.RESTART_DISCOVERY:
            return  # the owner of the radio does it next in any case
        if step is Step.POWER_CYCLE:
            async with asyncio.timeout(POWER_S):
                await self._host.power_cycle()
        else:
            was_away = self._host.state != "on"
            await self._helper.do(step, over=lambda: was_away and self._host.state == "on")

    def _tell(self, step: Step, cause: Cause, detail: Detail) -> None:
        outcome = f"To mend it, {_DONE[step]}." if detail["done"] else f"It was not mended: {detail['reason']}."
        self._journal.tell("radio-recovery", "attention", f"{_WHY[cause]} {outcome}", detail=dict(detail))

    async def _missing_bonds(self) -> list[str] | None:
        """The addresses of devices that were bonded and are not any more; None while nobody can say."""
        try:
            async with asyncio.timeout(SETTLE_S):
                while self._host.state != "on":  # noqa: ASYNC110 - whoever owns the radio is told of changes, not we
                    await asyncio.sleep(LOOK_S)
                return [address for address in self._bonded() if not await self._host.bonded(address)]
        except (DBusFastError, OSError, EOFError, TimeoutError):
            return None
