"""Every model Wardgate knows. A model that is not listed here does not exist."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.model.and_medical import UA_651BLE, UC_352BLE
from wardgate_drivers.model.declaration import Match, Model
from wardgate_drivers.model.nonin import NONIN_3230, NONIN_9560
from wardgate_drivers.model.plx import PLX_OXIMETER
from wardgate_drivers.model.xiaomi import XIAOMI_SCALE
from wardgate_drivers.uuids import is_sig

CATALOGUE: Final[tuple[Model, ...]] = (
    UA_651BLE,
    UC_352BLE,
    PLX_OXIMETER,
    NONIN_3230,
    XIAOMI_SCALE,
    NONIN_9560,
)

_BY_ID: Final = {model.id: model for model in CATALOGUE}


def by_id(id: str) -> Model | None:  # noqa: A002 - the word that configuration files use
    """The model of that id."""
    return _BY_ID.get(id)


def match(advertisement: Advertisement) -> Model | None:
    """The model that says most about such an advertisement; None when none covers it."""
    covering = [model for model in CATALOGUE if model.match.covers(advertisement)]
    return max(covering, key=lambda model: _specificity(model.match), default=None)


def _specificity(match: Match) -> tuple[bool, bool, bool]:
    """A name says more than a maker's service, and that more than a service which any maker may have."""
    makers_service = any(not is_sig(uuid) for uuid in match.service_uuids)
    return bool(match.name_prefixes), makers_service, bool(match.service_data_uuids)
