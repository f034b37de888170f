"""What the home is told, kept true: it follows the store's commits and tells lights, sounds and screens."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import msgspec
from msgspec import Struct

from wardgate import installation
from wardgate.capture.devices import Devices, Known
from wardgate.clock import Clock
from wardgate.config import Config
from wardgate.contract.assigning import Kind
from wardgate.contract.messages import TIME_UNKNOWN, Alert, Reading, Utc
from wardgate.indicate.day import day_of, in_turn, part_of, standing, tile
from wardgate.indicate.indicator import Indicator
from wardgate.indicate.moment import HomeView, Moment, Tile, Way, how, kind_of, of_nothing, of_reading
from wardgate.store.store import Store
from wardgate.watch.cap import Gate
from wardgate.watch.plan import Plan
from wardgate.watch.sentences import HOME_HELP, HOME_REPEAT

log: Final = logging.getLogger(__name__)

SHOWN_S: Final = 60.0
"""So long a reading stands large; then the plan again."""
SENDING_S: Final = 10.0
"""A ward that has not answered within this is away, as far as the home can tell."""
ASKED_FOR: Final = timedelta(hours=12)
"""What the ward asked for yesterday is not asked for today."""
LOOK_S: Final = 15.0
"""How often the clock is looked at: parts of the day and quiet hours begin by themselves."""
LEAST_S: Final = 0.5
"""Between two looks: a device's memory brings hundreds of readings at once. The first one waits for nothing."""
LOOK_BACK: Final = timedelta(days=32)
LOOK_BACK_READINGS: Final = 24
"""Of each channel."""


class _Asked(Struct, frozen=True, kw_only=True):
    """That the ward has asked for a measurement."""

    device: str
    at: Utc


class Home:
    """Made on the running event loop. `took` and `wake` are called by whoever knows; `run` does the rest."""

    def __init__(
        self,
        config: Config,
        store: Store,
        clock: Clock,
        devices: Devices,
        plan: Plan,
        gate: Gate,
        connected: Callable[[], bool],
        changed: Callable[[str], None],
    ) -> None:
        """`connected` tells whether the broker is reached; `changed("home")` is called when there is something new."""
        self._config = config
        self._store = store
        self._clock = clock
        self._devices = devices
        self._plan = plan
        self._gate = gate
        self._connected = connected
        self._changed = changed
        self._zone = ZoneInfo(config.hub.timezone)
        self.indicators: tuple[Indicator, ...] = ()
        self._new = asyncio.Event()
        self._came: list[Reading] = []
        self._last: tuple[float, Reading | None, Moment] | None = None
        """What happened last in this run, and since when it stands large, on the loop's clock."""
        self._number = 0
        self._told: tuple[Moment, bool] | None = None
        self._known: HomeView | None = None
        self._asked = self._restored()
        self._phone = installation.read_beside(config.data_dir).phone or config.screen.phone
        store.listen(self.wake)

    def took(self, reading: Reading) -> None:
        """A reading is on the disk. Whatever becomes of it here, whoever calls goes on."""
        self._came.append(reading)
        self.wake()

    def nothing(self, known: Known, status: Sequence[str]) -> None:
        """A device tried just now and has no value. What it takes its leave with after a reading is no news."""
        kind: Kind = known.model.kind.value
        stands = None if self._last is None or self._seen() else self._last[2]
        got = stands is not None and (stands.what, stands.kind) == ("got", kind)
        if got or any(kind_of(reading) == kind for reading in self._came):
            return
        moment = of_nothing(kind, status, self._number + 1)
        if moment is not None:
            self._stands(None, moment)
            self.wake()

    def wake(self) -> None:
        """Something may have changed."""
        self._new.set()

    def ask(self, known: Known) -> None:
        """The ward asks for a measurement with this device, until there is one."""
        self._ask(_Asked(device=known.id, at=self._clock.utc()))
        self.wake()

    def identify(self) -> bool:
        """Show which box this is; False where the hub has neither light nor sound."""
        for indicator in self.indicators:
            indicator.identify(quiet=self._silent())
        return bool(self.indicators)

    async def run(self) -> None:
        """Tell what is new, for ever."""
        while True:
            self._new.clear()
            self.tell()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._next_s()):
                    await self._new.wait()
            await asyncio.sleep(LEAST_S)

    def tell(self) -> None:
        """Look, and tell whoever has not been told of it."""
        came, self._came = self._came, []
        for reading in came:
            self._take(reading)
        view = self.view()
        if view != self._known:
            self._known = view
            self._changed("home")
        told = (msgspec.structs.replace(view.moment, way=None), self._silent())
        if told != self._told:
            self._told = told
            for indicator in self.indicators:
                indicator.tell(told[0], quiet=told[1])

    def _take(self, reading: Reading) -> None:
        moment = of_reading(reading, self._number + 1, values=self._config.alerts.home_values)
        if moment is None:
            return
        self._stands(reading, moment)
        if self._asked is not None and moment.what == "got" and moment.kind == self._kind(self._asked.device):
            self._ask(None)

    def _stands(self, reading: Reading | None, moment: Moment) -> None:
        self._number = moment.number
        self._last = (asyncio.get_running_loop().time(), reading, moment)

    def view(self) -> HomeView:
        """How it stands now."""
        now, known = self._clock.utc(), self._clock.synchronised()
        local = now.astimezone(self._zone)
        tiles, quiet = self._tiles(local, now) if known else self._undated(), self._night(now)
        if known:
            tiles = in_turn(tiles, quiet=quiet, part=part_of(local))
        return HomeView(
            moment=self._happening() or self._waiting(now) or standing(tiles, quiet=quiet),
            tiles=tiles,
            part=part_of(local) if known else None,
            date=local.date().isoformat() if known else None,
            quiet=quiet,
            phone=self._phone,
        )

    # What has just happened, and what stands

    def _happening(self) -> Moment | None:
        """What happened last for a minute, unless an alert has come of it since; then the alert."""
        call = self._call()
        if self._last is None or self._seen():
            return None
        _, reading, moment = self._last
        if reading is None:
            return moment
        told = [a for a in self._store.open_alerts() if reading.id in a.readings]
        if call is not None and call in told:
            return Moment(what="call", number=moment.number)
        if moment.what == "got" and any(a.home_sentence.endswith(HOME_REPEAT) for a in told):
            return Moment(what="again", number=moment.number, kind=moment.kind, how=how(moment.kind, ()))
        if moment.what == "got":
            return msgspec.structs.replace(moment, way=self._way(reading))
        return moment

    def _waiting(self, now: datetime) -> Moment | None:
        """What the ward waits for: that somebody rings, or measures."""
        if self._call() is not None:
            return Moment(what="call")
        kind = None if self._asked is None else self._kind(self._asked.device)
        if self._asked is not None and kind is not None and abs(now - self._asked.at) < ASKED_FOR:
            return Moment(what="asked", kind=kind)
        return None

    def _call(self) -> Alert | None:
        """The alert for which the patient has to ask for help, as long as nobody at the ward has seen it."""
        mine = (a for a in self._store.open_alerts() if a.assignment == self._config.hub.assignment)
        return next((a for a in mine if a.home_sentence.endswith(HOME_HELP) and a.state != "acknowledged"), None)

    def _way(self, reading: Reading) -> Way:
        """How far it has come. That the team has it is a promise: only the ward's own word makes it."""
        way = self._store.way(reading.id)
        if way is not None and way.ward is not None:
            return "has"
        if way is not None and way.broker is not None and self._config.broker.confirm == "broker":
            return "sent"
        return "sending" if self._connected() and self._age_s() < SENDING_S else "later"

    def _age_s(self) -> float:
        return asyncio.get_running_loop().time() - self._last[0] if self._last else float("inf")

    def _seen(self) -> bool:
        return self._age_s() >= SHOWN_S

    def _next_s(self) -> float:
        """When the clock alone may change something."""
        age_s = self._age_s()
        return min((at - age_s for at in (SENDING_S, SHOWN_S) if at > age_s), default=LOOK_S)

    # The day

    def _night(self, now: datetime) -> bool:
        """Quiet hours; where none are agreed, the night."""
        if not self._clock.synchronised():
            return False
        if self._config.alerts.quiet_from is None:
            return part_of(now.astimezone(self._zone)) == "night"
        return self._gate.quiet_until_now() is not None

    def _silent(self) -> bool:
        """Whether the home makes no sound. A hub that does not know the time keeps silent where quiet was asked for."""
        if not self._clock.synchronised():
            return self._config.alerts.quiet_from is not None
        return self._gate.quiet_until_now() is not None

    def _tiles(self, local: datetime, now: datetime) -> tuple[Tile, ...]:
        assignment = self._config.hub.assignment
        kept = self._store.readings(None, now - LOOK_BACK, assignment=assignment, each=LOOK_BACK_READINGS)
        taken: dict[Kind, list[datetime]] = {}
        for reading in kept:
            kind = kind_of(reading)
            if kind is not None and _counts(reading):
                taken.setdefault(kind, []).append(reading.time.taken.astimezone(self._zone))
        today = {k: [t for t in times if day_of(t) <= day_of(local)] for k, times in taken.items()}
        return tuple(tile(kind, cadence_h, today.get(kind, []), local) for kind, cadence_h in self._kinds().items())

    def _undated(self) -> tuple[Tile, ...]:
        return tuple(Tile(kind=kind, state="free") for kind in self._kinds())

    def _kinds(self) -> dict[Kind, float | None]:
        """The kinds of devices of this home, each with how often it is waited for."""
        found: dict[Kind, float | None] = {}
        for known in self._devices.known:
            kind: Kind = known.model.kind.value
            asked = (self._plan.cadence_h(known.device, channel.value) for channel in known.model.channels)
            cadences_h = [h for h in (*asked, found.get(kind)) if h is not None] if self._plan.reminds else []
            found[kind] = min(cadences_h, default=None)
        return found

    def _kind(self, device: str) -> Kind | None:
        return next((k.model.kind.value for k in self._devices.known if k.id == device), None)

    # What the ward has asked for outlives a restart

    @property
    def _key(self) -> str:
        return f"home/{self._config.hub.assignment}/asked"

    def _ask(self, asked: _Asked | None) -> None:
        self._asked = asked
        kept = self._store.put_detector_state(self._key, msgspec.json.encode(asked))
        kept.add_done_callback(_log_failure)

    def _restored(self) -> _Asked | None:
        raw = self._store.detector_state(self._key)
        try:
            return None if raw is None else msgspec.json.decode(raw, type=_Asked | None)
        except msgspec.DecodeError as error:
            log.warning("what the ward has asked for cannot be read: %s", error)
            return None


def _counts(reading: Reading) -> bool:
    """Whether a reading fulfils the plan: surely the patient's, good, no test, and of a time that is known."""
    return (
        reading.attribution == "assigned"
        and reading.quality.good
        and not reading.test
        and TIME_UNKNOWN not in reading.quality.flags
    )


def _log_failure(done: asyncio.Future[None]) -> None:
    if not done.cancelled() and (error := done.exception()) is not None:
        log.warning("what the ward has asked for was not noted: %s", error)
