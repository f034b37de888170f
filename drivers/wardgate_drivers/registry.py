"""What holds for the catalogue as a whole: every model is documented, checked, simulated, and told from all others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from itertools import product
from typing import Any

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.evidence import Evidence
from wardgate_drivers.model.catalogue import best_matches
from wardgate_drivers.model.declaration import Broadcast, ClockPolicy, Gatt, Model, Serial
from wardgate_drivers.model.elsewhere import ID


def complaints(
    models: Collection[Model],
    evidence: Mapping[str, Evidence],
    decoders: Collection[str],
    vectors: Collection[Mapping[str, Any]],
    firmware: Collection[str],
) -> list[str]:
    """What is missing for which model; empty when the registry is whole.

    Args:
        models: all models that can meet in one home.
        evidence: by model id.
        decoders: names of the decoders that are built.
        vectors: all vectors there are.
        firmware: ids of the models that the simulator can play.
    """
    seen = Counter(vector["decoder"] for vector in vectors if vector["expect"]["outcome"] == "decode")
    found = [f"{id_}: there are {n} models of that id" for id_, n in Counter(m.id for m in models).items() if n > 1]
    for model in models:
        wrong = [*_declaration(model), *_evidence(evidence.get(model.id), decoders, seen)]
        if model.id not in firmware:
            wrong.append("no firmware in wardgate_sim.home")
        wrong += _advertisement(model, models)
        found += [f"{model.id}: {what}" for what in wrong]
    known = {model.id for model in models}
    return found + [f"{id_}: evidence for a model that does not exist" for id_ in evidence if id_ not in known]


def _declaration(model: Model) -> Iterator[str]:
    if not ID.fullmatch(model.id):
        yield "its id is not made of lower case letters, digits and hyphens"
    if not model.channels:
        yield "it measures nothing (channels)"
    if not model.wake.endswith("."):
        yield "nobody is told how to make it talk (wake, a sentence)"
    match model.link:
        case Gatt(subscriptions=subscriptions, converse=None) if all(s.fallback for s in subscriptions):
            yield "it neither subscribes to anything nor converses"
        case Gatt(quiet_s=quiet_s, deadline_s=deadline_s) if quiet_s >= deadline_s:
            yield "its deadline ends a session before silence can"
        case Broadcast() | Serial() if model.clock is not ClockPolicy.NONE:
            yield "a clock policy, on a link that is not connected to"
        case _:
            pass


def _evidence(evidence: Evidence | None, decoders: Collection[str], seen: Mapping[str, int]) -> Iterator[str]:
    if evidence is None:
        yield "no documentation (no entry in wardgate_drivers.evidence)"
        return
    if not evidence.source:
        yield "no documentation (Evidence.source)"
    if not evidence.decoders:
        yield "no vectors (Evidence.decoders)"
    for name in evidence.decoders:
        if name not in decoders:
            yield f"its decoder {name} is not built"
        if not seen[name]:
            yield f"no vector of {name} that decodes"


def _advertisement(model: Model, models: Iterable[Model]) -> Iterator[str]:
    if isinstance(model.link, Serial):
        return
    claims = list(claimed(model))
    if not claims:
        yield "no advertisement is its own (match)"
    for claim in claims:
        best = [other.id for other in best_matches(claim, models)]
        if best != [model.id]:
            said = claim.name or ", ".join((*claim.service_uuids, *claim.service_data))
            yield f"its advertisement ({said}) is claimed by {', '.join(best)}"


def claimed(model: Model) -> Iterator[Advertisement]:
    """An advertisement for each way in which a model says that it may be recognised, with nothing else in it."""
    match = model.match
    if not (match.name_prefixes or match.service_uuids or match.service_data_uuids):
        return
    for prefix, service, data in product(
        match.name_prefixes or (None,), match.service_uuids or (None,), match.service_data_uuids or (None,)
    ):
        yield Advertisement(
            address="F0:00:00:00:00:01",
            name=prefix and f"{prefix}1A2B",
            rssi_dbm=-60,
            service_uuids=(service,) if service else (),
            service_data={data: b""} if data else {},
            manufacturer_data={},
        )
