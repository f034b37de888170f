"""Every model Wardgate knows: those listed here, and those that other installed packages offer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from wardgate_drivers.advertisement import Advertisement
from wardgate_drivers.model.and_medical import UA_651BLE, UA_656BLE, UA_1200BLE, UC_352BLE, UT_201BLE
from wardgate_drivers.model.berry import BERRY_BM1000
from wardgate_drivers.model.beurer_ffe1 import SANITAS_SBF70
from wardgate_drivers.model.beurer_po60 import BEURER_PO60
from wardgate_drivers.model.beurer_standard import BF720, BM77, BM85, FT95
from wardgate_drivers.model.choicemmed import INNOVO_IP900
from wardgate_drivers.model.contec import CMS50_SERIAL, CMS50_V7_SERIAL, CMS50D_BT
from wardgate_drivers.model.declaration import Match, Model
from wardgate_drivers.model.jumper import JUMPER_JPD_500
from wardgate_drivers.model.lookup import from_elsewhere
from wardgate_drivers.model.medisana import BS430, BS444
from wardgate_drivers.model.microlife import BP_A6_BT
from wardgate_drivers.model.nonin import NONIN_3150, NONIN_3230, NONIN_9560
from wardgate_drivers.model.nonin_serial import NONIN_3150_SERIAL, NONIN_8500, NONIN_XPOD
from wardgate_drivers.model.omron import HEM_7142T2, HEM_7361T, HEM_7600T
from wardgate_drivers.model.plx import CHOICEMMED_MD300, PLX_OXIMETER
from wardgate_drivers.model.qn_scale import QN_SCALE
from wardgate_drivers.model.standard import DETECTO_SCALE, HEART_BELT, OMRON_STANDARD, RENPHO_ES_WBE28
from wardgate_drivers.model.tanita import TANITA_SCALE
from wardgate_drivers.model.viatom import VIATOM_O2RING, VIATOM_PC60
from wardgate_drivers.model.viatom_cuff import BP2
from wardgate_drivers.model.weighing_indicator import WEIGHING_INDICATOR
from wardgate_drivers.model.xiaomi import XIAOMI_SCALE
from wardgate_drivers.model.yonker import YK_IBPA1
from wardgate_drivers.uuids import is_sig

CATALOGUE: Final[tuple[Model, ...]] = (
    UA_651BLE,
    UC_352BLE,
    UA_656BLE,
    UA_1200BLE,
    UT_201BLE,
    BM77,
    BM85,
    BF720,
    FT95,
    OMRON_STANDARD,
    HEM_7361T,
    HEM_7600T,
    HEM_7142T2,
    BP2,
    BP_A6_BT,
    YK_IBPA1,
    DETECTO_SCALE,
    RENPHO_ES_WBE28,
    HEART_BELT,
    CHOICEMMED_MD300,
    PLX_OXIMETER,
    NONIN_3230,
    NONIN_3150,
    BEURER_PO60,
    CMS50D_BT,
    BERRY_BM1000,
    INNOVO_IP900,
    JUMPER_JPD_500,
    VIATOM_PC60,
    VIATOM_O2RING,
    XIAOMI_SCALE,
    NONIN_9560,
    NONIN_3150_SERIAL,
    NONIN_XPOD,
    NONIN_8500,
    CMS50_SERIAL,
    CMS50_V7_SERIAL,
    BS444,
    BS430,
    QN_SCALE,
    SANITAS_SBF70,
    TANITA_SCALE,
    WEIGHING_INDICATOR,
)


def all_models() -> tuple[Model, ...]:
    """The catalogue, and what other installed packages add to it."""
    return (*CATALOGUE, *from_elsewhere().models)


def match(advertisement: Advertisement) -> Model | None:
    """The model that says most about such an advertisement; None when none covers it."""
    return next(iter(best_matches(advertisement, all_models())), None)


def best_matches(advertisement: Advertisement, models: Iterable[Model]) -> list[Model]:
    """Those that say most about it. More than one: nothing tells them apart."""
    covering = [(_specificity(model.match, advertisement), model) for model in models]
    covering = [(specificity, model) for specificity, model in covering if model.match.covers(advertisement)]
    most = max((specificity for specificity, _ in covering), default=None)
    return [model for specificity, model in covering if specificity == most]


def _specificity(match: Match, advertisement: Advertisement) -> tuple[int, bool, bool, bool]:
    """A longer name says more than a shorter one, a name more than a maker's service, and that more than a service
    which any maker may have."""
    name = advertisement.name or ""
    named = max((len(prefix) for prefix in match.name_prefixes if name.startswith(prefix)), default=0)
    makers_service = any(not is_sig(uuid) for uuid in match.service_uuids)
    return named, makers_service, bool(match.service_data_uuids), bool(match.service_uuids)
