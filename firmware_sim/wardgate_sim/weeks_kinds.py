"""The devices that may stand in a home whose weeks are lived through: one of every model that there is firmware for."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from wardgate_drivers.model.declaration import History, Serial
from wardgate_drivers.model.lookup import by_id

Options = dict[str, float | int | bool | str]
BP2_ACCOUNT: Final = 218071
"""A BP2's users are numbers of its maker's accounts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A device as it may stand in a home."""

    model: str
    uses: tuple[str, ...]
    options: Options = field(default_factory=dict)
    user_index: int | None = None
    forgetful: bool = False
    """What no hub comes for is gone, or told only while nothing newer is there, whatever the model's others do."""
    stamp_s: int = 1
    """The step of its time stamps."""
    step: float = 0.0
    """The step of its values, where that is coarser than what is measured."""

    @property
    def keeps(self) -> bool:
        """Whether it keeps what it could not send."""
        model = by_id(self.model)
        return model is not None and model.history is not History.NONE and not self.forgetful

    @property
    def on_a_line(self) -> bool:
        """Whether it has a cable and no radio."""
        model = by_id(self.model)
        return model is not None and isinstance(model.link, Serial)

    @property
    def word(self) -> str:
        """What the figures call it."""
        return f"{self.model} (stream)" if self.options.get("streams") else self.model


CUFFS: Final = (
    Kind("and-ua-651ble", ("07", "19")),
    Kind("and-ua-656ble", ("07", "19")),
    Kind("and-ua-1200ble", ("07", "19")),
    Kind("beurer-bm77", ("07", "19"), user_index=1),
    Kind("beurer-bm85", ("07", "19"), user_index=1),
    Kind("omron-standard", ("07", "19")),
    Kind("omron-hem-7361t", ("07", "19"), user_index=1),
    Kind("omron-hem-7600t", ("07", "19"), user_index=1),
    Kind("omron-hem-7142t2", ("07", "19"), user_index=1),
    Kind("microlife-bp-a6-bt", ("07", "19"), stamp_s=60),
    Kind("yonker-yk-ibpa1", ("07", "19"), forgetful=True, stamp_s=60),
    Kind("yonker-yk-ibpa1", ("07", "19"), {"older_first": True}, forgetful=True, stamp_s=60),
    Kind("viatom-bp2", ("07", "19"), {"measures_s": 35.0, "air_s": 90.0}, user_index=BP2_ACCOUNT),
)
SCALES: Final = (
    Kind("and-uc-352ble", ("07",)),
    Kind("xiaomi-scale", ("07",), {"generation": 1}),
    Kind("xiaomi-scale", ("07",), {"generation": 2, "repeat_s": 8.0}),
    Kind("beurer-bf720", ("07",), user_index=1),
    Kind("medisana-bs444", ("07",), user_index=1),
    Kind("medisana-bs430", ("07",), user_index=1),
    Kind("sanitas-sbf70", ("07",), user_index=1),
    Kind("renpho-es-wbe28", ("07",)),
    Kind("detecto-scale", ("07",)),
    Kind("qn-scale", ("07",)),
    Kind("tanita-scale-serial", ("07",), step=0.1),
    Kind("weighing-indicator-serial", ("07",), {"empty_period_s": 10.0}),
)
OXIMETERS: Final = (
    Kind("nonin-3230", ("07", "13", "20")),
    Kind("nonin-3150", ("07", "13", "20")),
    Kind("plx-oximeter", ("08", "20")),
    Kind("plx-oximeter", ("08", "14", "21"), {"streams": True, "air_s": 40.0}, forgetful=True),
    Kind("beurer-po60", ("08", "20")),
    Kind("choicemmed-md300", ("08", "20")),
    Kind("contec-cms50d-bt", ("08", "20")),
    Kind("jumper-jpd-500", ("08", "20")),
    Kind("berry-bm1000", ("08", "20")),
    Kind("innovo-ip900", ("08", "20")),
    Kind("viatom-pc60", ("08", "20")),
    Kind("viatom-o2ring", ("08", "20")),
    Kind("nonin-9560-serial", ("08", "20")),
    Kind("nonin-3150-serial", ("08", "20")),
    Kind("nonin-xpod-serial", ("08", "20")),
    Kind("nonin-xpod-serial", ("08", "20"), {"data_format": 7}),
    Kind("nonin-8500-serial", ("08", "20")),
    Kind("contec-cms50-serial", ("08", "20")),
    Kind("contec-cms50-v7-serial", ("08", "20")),
)
OTHERS: Final = (
    Kind("and-ut-201ble", ("08",)),
    Kind("beurer-ft95", ("08",)),
    Kind("heart-rate-belt", ("09",)),
)
KINDS: Final = (*CUFFS, *SCALES, *OXIMETERS, *OTHERS)
"""A Yonker tells its last result, or its last two, to whoever comes, and nothing that is older. A scale's continuous
lines come less often while nobody stands on it than a real one's do: a week has five million of those."""
