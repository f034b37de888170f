"""What is in the air, for whoever adds a device: those that the catalogue knows, and nobody else.

It listens in where the owner of the radio scans anyway, so that nothing is connected to and no second scan begins.
Thousands of strangers pass by in a day: of each is kept, for a while, what it last said, and of few at a time.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from wardgate.clock import Clock
from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.model.declaration import Model, Serial

ASKED_S: Final = 120.0
"""So long after somebody last looked, the radio still listens for them: a page asks every few seconds."""
FORGET_S: Final = 120.0
"""A cuff is on the air for seconds; whoever looks has to be able to find it a little later."""
STRANGERS: Final = 256
"""How many addresses are remembered with what they said: a name and its services come in two packets."""
KNOWN: Final = 32
"""How many devices are shown at most. No home, and no hall of a hospital, has more that somebody would choose from."""
SMOOTH: Final = 0.3
"""The weight of the newest of several signal strengths: one packet differs from the next by 10 dB in a still room."""
NAME_LONGEST: Final = 40
SERVICES_MOST: Final = 16
BY_ID: Final = Path("/dev/serial/by-id")
"""Where Linux lists serial lines by names that stay."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A device in the air that the catalogue knows."""

    address: str
    rssi_dbm: int
    age_s: float
    """Since it was last heard."""
    models: tuple[Model, ...]
    """More than one where its advertisement does not tell them apart."""


@dataclass(slots=True)
class _Said:
    """What somebody said so far, in all packets."""

    name: str | None = None
    services: dict[str, None] = field(default_factory=dict)
    service_data: dict[str, None] = field(default_factory=dict)
    models: tuple[Model, ...] = ()
    rssi_dbm: float = 0.0
    at_s: float = float("-inf")

    def learn(self, advertisement: Advertisement) -> bool:
        """Whether it says anything that it did not say before."""
        news = False
        name = (advertisement.name or "")[:NAME_LONGEST] or None
        if name not in (None, self.name):
            self.name, news = name, True
        for uuids, known in (
            (advertisement.service_uuids, self.services),
            (advertisement.service_data, self.service_data),
        ):
            for uuid in uuids:
                if uuid not in known and len(known) < SERVICES_MOST:
                    known[uuid], news = None, True
        return news

    def as_one(self, address: str) -> Advertisement:
        return Advertisement(
            address=address,
            name=self.name,
            rssi_dbm=round(self.rssi_dbm),
            service_uuids=tuple(self.services),
            service_data=dict.fromkeys(self.service_data, b""),
            manufacturer_data={},
        )


class Nearby:
    """Remembers who is in the air while somebody looks."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._asked_at_s = float("-inf")
        self._said: OrderedDict[str, _Said] = OrderedDict()

    def look(self) -> tuple[Heard, ...]:
        """Those of the last two minutes, the strongest first. From now on, and for a while, it is listened."""
        now_s = self._clock.boottime_s()
        self._asked_at_s = now_s
        found = [
            Heard(address, round(said.rssi_dbm), now_s - said.at_s, said.models)
            for address, said in self._said.items()
            if said.models and now_s - said.at_s <= FORGET_S
        ]
        return tuple(sorted(found, key=lambda heard: (-heard.rssi_dbm, heard.address))[:KNOWN])

    def left_s(self) -> float:
        """For how long somebody is still taken to be looking; 0 when nobody is."""
        return max(0.0, self._asked_at_s + ASKED_S - self._clock.boottime_s())

    def heard(self, advertisement: Advertisement) -> None:
        """Somebody is in the air. Costs nothing while nobody looks."""
        if self.left_s() <= 0.0:
            self._said.clear()
            return
        said = self._said.get(advertisement.address)
        if said is None:
            self._make_room()
            said = self._said[advertisement.address] = _Said(rssi_dbm=float(advertisement.rssi_dbm))
        self._said.move_to_end(advertisement.address)
        now_s = self._clock.boottime_s()
        if now_s - said.at_s > FORGET_S:
            said.rssi_dbm = float(advertisement.rssi_dbm)
        said.rssi_dbm += SMOOTH * (advertisement.rssi_dbm - said.rssi_dbm)
        said.at_s = now_s
        if said.learn(advertisement):
            said.models = _models_of(said.as_one(advertisement.address))

    def _make_room(self) -> None:
        """Strangers go first, the one that was silent longest; then, among the known, likewise."""
        if len(self._said) < STRANGERS:
            return
        gone = next((address for address, said in self._said.items() if not said.models), next(iter(self._said)))
        del self._said[gone]


def serial_lines(by_id: Path = BY_ID) -> tuple[str, ...]:
    """The lines that are plugged in, by the paths that stay. None where the machine has no such directory."""
    try:
        return tuple(sorted(str(path) for path in by_id.iterdir()))
    except OSError:
        return ()


def serial_models(models: Iterable[Model] | None = None) -> tuple[Model, ...]:
    """Those of the catalogue that talk over a serial line."""
    return tuple(m for m in (_all_models() if models is None else models) if isinstance(m.link, Serial))


def _models_of(advertisement: Advertisement) -> tuple[Model, ...]:
    from wardgate_drivers.model.catalogue import all_models, best_matches  # a hub that adds nothing never loads it

    return tuple(best_matches(advertisement, all_models()))


def _all_models() -> tuple[Model, ...]:
    from wardgate_drivers.model.catalogue import all_models  # see above

    return all_models()
