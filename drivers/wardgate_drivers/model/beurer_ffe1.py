"""Beurer BF710 and Sanitas SBF70, SBF75: the scales whose frames lead with E7.

The maker's app has to have made a user on the scale, for a weight becomes a record only when the scale knows whose it
is. The live weight that everybody sees is never a result. Records come with the scale's time and its user, stored ones
first; those are erased on the scale once they are safe. A user's number is the
place in the scale's own list. BF700 and BF800 lead with F7 and are not covered.

Source: openScale's description and issue threads; live frames were captured, records were not seen.
Not tried on real devices.
"""

from __future__ import annotations

from typing import Final

from wardgate_drivers.measurement import Channel
from wardgate_drivers.model.declaration import Gatt, History, Kind, Match, Model
from wardgate_drivers.protocol import beurer_ffe1 as protocol

SANITAS_SBF70: Final = Model(
    id="sanitas-sbf70",
    maker="Sanitas",
    name="SBF70",
    kind=Kind.SCALE,
    channels=(Channel.WEIGHT,),
    link=Gatt(subscriptions=(), deadline_s=180.0, converse=protocol.converse),
    match=Match(
        name_prefixes=(
            "SANITAS SBF70", "Sanitas SBF70", "SANITAS SBF75", "Sanitas SBF75", "SBF75", "AICDSCALE1",
            "BEURER BF710", "Beurer BF710",
        )
    ),
    history=History.ASKED,
    user_slots=8,
    wake="Step on it and stand still until the number stops moving.",
)  # fmt: skip
