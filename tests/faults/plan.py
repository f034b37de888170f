"""What goes wrong in one schedule, and when: drawn from its seed alone, before anything runs."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final, Literal

from tests.support.mischief import WAYS

HUBS: Final = 2
LASTS_S: Final = 1.6
Broker = Literal["mosquitto", "mosquitto-tls", "mosquitto-3.1.1", "rabbitmq"]
What = Literal[
    "cut", "refuse", "stall", "half-open", "slow", "corrupt", "hub-crash", "hub-stop", "clock", "ward-crash",
    "ward-misbehaves", "broker-kill", "broker-restart",
]  # fmt: skip
_WEIGHT: Final[dict[What, float]] = {
    "cut": 3, "refuse": 1, "stall": 2, "half-open": 2, "slow": 1, "corrupt": 4, "hub-crash": 4, "hub-stop": 1,
    "clock": 1, "ward-crash": 3, "ward-misbehaves": 5, "broker-kill": 2, "broker-restart": 0.5,
}  # fmt: skip
_JUMPS_S: Final = (-86400.0 * 365 * 8, -7200.0, -30.0, 45.0, 3600.0, 86400.0 * 365 * 10)


@dataclass(frozen=True, slots=True)
class Step:
    """One fault: `whom` is a hub's number, or -1 for the ward's own network; some last."""

    at_s: float
    what: What
    whom: int
    lasts_s: float
    how: str = ""
    by_s: float = 0.0

    def __str__(self) -> str:
        detail = " ".join(filter(None, [self.how, f"{self.by_s:g} s" if self.by_s else ""]))
        return f"{self.at_s:5.2f} s  {self.what:15} {self.whom:2}  for {self.lasts_s:.2f} s  {detail}".rstrip()


@dataclass(frozen=True, slots=True)
class Plan:
    """A whole schedule."""

    seed: int
    broker: Broker
    persistent: bool
    steps: tuple[Step, ...]

    def __str__(self) -> str:
        kind = "" if self.persistent else ", without persistence"
        return "\n".join([f"seed {self.seed}: {self.broker}{kind}", *map(str, self.steps)])


def planned(seed: int) -> Plan:
    """The schedule of a seed."""
    rng = random.Random(seed)
    broker: Broker = rng.choices(("mosquitto", "mosquitto-tls", "mosquitto-3.1.1", "rabbitmq"), (5, 3, 2, 0.4))[0]
    weight = dict(_WEIGHT)
    if broker != "mosquitto-tls":
        del weight["corrupt"]  # only TLS can tell
    if broker == "rabbitmq":
        del weight["broker-kill"], weight["broker-restart"]  # it takes ten seconds: a test of its own
    kinds = rng.choices(list(weight), list(weight.values()), k=rng.randrange(4, 11))
    steps = sorted((_step(kind, rng) for kind in kinds), key=lambda step: step.at_s)
    return Plan(seed, broker, rng.random() < 0.5, tuple(steps))


def _step(what: What, rng: random.Random) -> Step:
    how, by_s = "", 0.0
    if what == "ward-misbehaves":
        how = rng.choice(WAYS)
    elif what in ("stall", "slow", "corrupt"):
        how = rng.choice(("up", "down"))
    elif what == "clock":
        by_s = rng.choice(_JUMPS_S)
    return Step(rng.uniform(0.0, LASTS_S), what, rng.randrange(-1, HUBS), rng.uniform(0.1, 0.9), how, by_s)
