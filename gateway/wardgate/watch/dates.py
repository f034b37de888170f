"""What an open alert says of time is put right when the hub comes to know the time. No input or output."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import msgspec

from wardgate.clock import SteadyClock
from wardgate.contract.messages import Corrected, Reading
from wardgate.watch.alerts import Episode, Step, worse_revision

LEAST_S: Final = 1.0
"""Of an alert nobody needs the time better."""


def dated_anew(episode: Episode, last_bad: Reading | None, clock: SteadyClock) -> Step:
    """An episode with the times that are known now, and the revision of its alert that says so, if it has to.

    Its id, state, priority and reasons stay: nothing is new or worse.

    Args:
        episode: an open one.
        last_bad: the newest revision of the last reading that spoke in it.
        clock: this boot's.
    """
    if last_bad is not None:
        episode = msgspec.structs.replace(episode, last_bad_s=last_bad.time.taken.timestamp())
    told, line = episode.told, clock.first
    if told is None or line is None or told.boot_id != line.boot_id:
        return Step(episode, None)
    shift_s = line.utc_s_at(told.boottime_s) - told.waited_s - told.utc_s
    if told.boottime_s >= line.boottime_s or abs(shift_s) < LEAST_S:
        return Step(episode, None)
    alert = episode.alert
    told = msgspec.structs.replace(told, utc_s=told.utc_s + shift_s, known=True)
    episode = msgspec.structs.replace(episode, told=told)
    # Raised by the same wrong clock. What was raised in an earlier boot is not dated by this one.
    if told.waited_s or not -told.boottime_s <= alert.raised.timestamp() - (told.utc_s - shift_s) <= LEAST_S:
        return Step(episode, None)
    now = clock.utc()
    alert = msgspec.structs.replace(
        alert,
        revision=alert.revision + (not episode.held),
        worse_revision=worse_revision(alert),
        raised=alert.raised + timedelta(seconds=shift_s),
        changed=now,
        corrected=Corrected(previous=alert.raised, reason="hub-synchronised", at=now),
    )
    return Step(msgspec.structs.replace(episode, alert=alert), None if episode.held else alert)
