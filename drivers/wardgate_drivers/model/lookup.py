"""A model by its id, from its own file alone: a hub has three devices and not forty, and starts sooner so."""

from __future__ import annotations

import importlib
from typing import Final

from wardgate_drivers.model.declaration import Model
from wardgate_drivers.model.elsewhere import Elsewhere, elsewhere

FILES: Final = {
    "and-ua-651ble": "and_medical",
    "and-uc-352ble": "and_medical",
    "and-ua-656ble": "and_medical",
    "and-ua-1200ble": "and_medical",
    "and-ut-201ble": "and_medical",
    "beurer-bm77": "beurer_standard",
    "beurer-bm85": "beurer_standard",
    "beurer-bf720": "beurer_standard",
    "beurer-ft95": "beurer_standard",
    "omron-standard": "standard",
    "omron-hem-7361t": "omron",
    "omron-hem-7600t": "omron",
    "omron-hem-7142t2": "omron",
    "viatom-bp2": "viatom_cuff",
    "microlife-bp-a6-bt": "microlife",
    "yonker-yk-ibpa1": "yonker",
    "detecto-scale": "standard",
    "renpho-es-wbe28": "standard",
    "heart-rate-belt": "standard",
    "choicemmed-md300": "plx",
    "plx-oximeter": "plx",
    "nonin-3230": "nonin",
    "nonin-3150": "nonin",
    "beurer-po60": "beurer_po60",
    "contec-cms50d-bt": "contec",
    "berry-bm1000": "berry",
    "innovo-ip900": "choicemmed",
    "jumper-jpd-500": "jumper",
    "viatom-pc60": "viatom",
    "viatom-o2ring": "viatom",
    "xiaomi-scale": "xiaomi",
    "nonin-9560-serial": "nonin",
    "nonin-3150-serial": "nonin_serial",
    "nonin-xpod-serial": "nonin_serial",
    "nonin-8500-serial": "nonin_serial",
    "contec-cms50-serial": "contec",
    "contec-cms50-v7-serial": "contec",
    "medisana-bs444": "medisana",
    "medisana-bs430": "medisana",
    "qn-scale": "qn_scale",
    "sanitas-sbf70": "beurer_ffe1",
    "tanita-scale-serial": "tanita",
    "weighing-indicator-serial": "weighing_indicator",
}
"""In which file of this package a model of the catalogue stands."""


def by_id(id: str) -> Model | None:  # noqa: A002 - the word that configuration files use
    """The model of that id: the catalogue's, or another installed package's."""
    file = FILES.get(id)
    if file is None:
        return next((model for model in from_elsewhere().models if model.id == id), None)
    module = importlib.import_module(f"wardgate_drivers.model.{file}")
    return next(value for value in vars(module).values() if isinstance(value, Model) and value.id == id)


def from_elsewhere() -> Elsewhere:
    """What other installed packages offer."""
    return elsewhere(frozenset(FILES))
