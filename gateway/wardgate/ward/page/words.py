"""What the nurse's page says of alerts, silences, readings and acts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import quote

from wardgate.contract.messages import TIME_UNKNOWN, Alert, Reading
from wardgate.faces.alert_words import age_words, rule_words
from wardgate.faces.marks import kind_of
from wardgate.faces.scale import PANELS, value_of
from wardgate.faces.words import Times, count, listed, number, sentence, span
from wardgate.ward.audit import Act
from wardgate.ward.called import called
from wardgate.ward.page.board import SILENT_AS, Board, Open, Silent, key_of

PRIORITY: Final = {"high": "High", "medium": "Medium", "low": "Low"}
_WHY: Final = {"doubtful": "Doubtful", "other": "Another person", "test": "Test"}
_TITLE: Final = {"weight": "Weight", "blood_pressure": "Blood pressure", "saturation": "Oxygen",
                 "temperature": "Temperature", "heart_rate": "Pulse", "body_composition": "Body"}  # fmt: skip
_ACTS: Final = {"seen": "Seen", "closed": "Closed by the ward"}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the list."""

    key: str
    address: str
    tone: str
    shape: str
    word: str
    patient: str
    sentence: str
    age: str
    rule: str


@dataclass(frozen=True, slots=True)
class Unused:
    """One reading that raised and cleared nothing."""

    when: str
    what: str
    value: str
    why: str


@dataclass(frozen=True, slots=True)
class Done:
    """One thing that somebody did."""

    when: str
    what: str
    by: str
    note: str


def more(shown: int, of: int) -> str:
    """What a long list leaves out; empty where that is nothing."""
    return "" if shown == of else f"The {shown} worst of {of:,} are shown. The others follow as these end."


def row(item: Open | Silent, times: Times) -> Row:
    """A line of the list: what it is, how old, who has seen it."""
    if isinstance(item, Silent):
        return _silent_row(item, times)
    alert = item.alert
    return Row(
        key_of(item),
        address_of(alert.hub, alert.id),
        alert.priority,
        alert.priority,
        PRIORITY[alert.priority],
        called(alert.patient) or f"Hub {alert.hub}",
        alert.sentence,
        f"{age_words(alert, times)}{_said(item, times)}",
        rule_words(alert),
    )


def address_of(hub: str, alert: str | None = None) -> str:
    """Where a hub's patient, or an alert, is looked at. It names no patient: addresses stand in logs."""
    return f"/hubs/{quote(hub, safe='')}" if alert is None else f"/alerts/{quote(hub, safe='')}/{quote(alert, safe='')}"


def _silent_row(item: Silent, times: Times) -> Row:
    silence = item.silence
    why = "It has left the broker." if silence.why == "gone" else "Nothing has come from it."
    return Row(
        key_of(item),
        address_of(silence.hub),
        SILENT_AS,
        "unknown",
        "Silent",
        called(item.patient) or f"Hub {silence.hub}",
        f"No word from this hub for {span((times.now - silence.since).total_seconds())}.",
        f"Last heard {times.when(silence.since)}. {why}",
        "Nobody knows how it is there: ring the home.",
    )


def _said(item: Open, times: Times) -> str:
    """What the ward has said and the hub has not answered yet."""
    if item.seen is None or item.alert.state == "acknowledged":
        return ""
    waits = " The hub has not answered yet." if item.seen.answer is None else ""
    return f" Seen by the {item.seen.role} {times.when(item.seen.at)}. It stays open until it is better.{waits}"


def seen_by(item: Open, account: str, acts: Sequence[Act], times: Times) -> str:
    """`Seen by you at 8:10am. It stays open until it is better.`"""
    alert, seen = item.alert, item.seen
    if seen is None:
        if alert.state != "acknowledged":
            return ""
        who, at = f"the {alert.acknowledged_by or 'ward'}", alert.acknowledged_at or alert.changed
    else:
        mine = [a for a in acts if a.what == "seen" and a.detail.get("revision") == seen.revision]
        me = next((a for a in mine if a.account == account), None)
        who, at = ("you", me.at) if me else (f"the {seen.role}", seen.at)
    return f"Seen by {who} {times.at(at)}. It stays open until it is better."


def title(board: Board, new: int) -> str:
    """`(2 new) 5 open`: what a browser's tab shows."""
    return f"{f'({new} new) ' if new else ''}{len(board.items)} open – Wardgate ward"


def over(item: Open | Silent, times: Times) -> Row:
    """A line whose matter has ended while the page was open. It stays in its place until the page is loaded again."""
    was = row(item, times)
    if isinstance(item, Silent):
        return replace(
            was, tone="good", shape="good", word="Heard", sentence="This hub is heard again.", age="", rule=""
        )
    return replace(was, tone="good", shape="good", word="Over", age="It is over, or the ward has closed it.")


def news(fresh: Sequence[Open | Silent]) -> str:
    """`2 new alerts.`"""
    silent = sum(1 for item in fresh if isinstance(item, Silent))
    alerts = len(fresh) - silent
    said = [count(alerts, "new alert")] if alerts else []
    said += [count(silent, "more silent hub")] if silent else []
    return f"{listed(said)}." if said else ""


def show(fresh: Sequence[Open | Silent]) -> str:
    """What the button beside the news says."""
    return "Show it" if len(fresh) == 1 else "Show them"


def headline(board: Board, times: Times) -> tuple[str, str, str]:
    """Tone, headline and the one sentence of truth."""
    if board.deaf_since is not None:
        since = times.when(board.deaf_since)
        return "problem", "Nobody listens to the hubs", f"Since {since} no alert can arrive here. Start the ward again."
    clinical = [i for i in board.items if isinstance(i, Open)]
    unseen = sum(1 for i in clinical if i.seen is None and i.alert.state != "acknowledged")
    silent = len(board.items) - len(clinical)
    if not board.items:
        return "good", "Nothing is open", "Every hub is heard, and no alert is open."
    n = len(clinical)
    said = f"{n} open alert" if n == 1 else f"{n} open alerts"
    sentences = [f"{unseen} not seen by anybody yet." if unseen else "Each has been seen." if n else ""]
    if silent:
        sentences.append(f"{silent} {'hub is' if silent == 1 else 'hubs are'} silent.")
    worst = "problem" if any(i.alert.priority == "high" for i in clinical) else "attention"
    return worst, said if n else "No alert is open", " ".join(s for s in sentences if s)


def unused(reading: Reading, times: Times) -> Unused:
    """A reading that was not used, and why."""
    when = times.when(reading.time.taken)
    why = _WHY.get(kind_of(reading), "")
    more = reading.attribution_reason if reading.attribution == "unattributed" else ""
    if kind_of(reading) == "doubtful":
        more = ", ".join((*reading.quality.flags, *reading.quality.status)).replace("-", " ").replace("_", " ")
    if TIME_UNKNOWN in reading.quality.flags:
        when, why, more = "Time not known", "The hub did not know the time", ""
    return Unused(sentence(when), _TITLE[reading.channel], value(reading), f"{why}: {more}." if more else f"{why}.")


def value(reading: Reading) -> str:
    """`80.9 kg`, `112/71 mmHg`."""
    for panel in PANELS:
        if panel.channels == (reading.channel,) or (panel.id == "pulse" and reading.channel == "heart_rate"):
            found = panel.value(reading)
            if found is not None:
                return panel.say(found, value_of(reading, panel.lower) if panel.lower else None)
    return ", ".join(f"{q.name.replace('_', ' ')} {number(q.value, 1)}" for q in reading.quantities)


def done(act: Act, times: Times) -> Done | None:
    """An act about a patient; None for what is about nobody."""
    what = _ACTS.get(act.what)
    if what is None:
        return None
    rang = " The patient was rung." if act.detail.get("rang") else ""
    return Done(sentence(times.when(act.at)), f"{what}.{rang}", act.account, str(act.detail.get("note") or ""))


def inputs(alert: Alert) -> list[tuple[str, str]]:
    """Every number that went into it, under its own name."""
    named = {"pct": "%", "kg": "kg", "mmhg": "mmHg", "bpm": "a minute", "days": "days"}
    found = []
    for name, given in alert.inputs.items():
        if given is None:
            continue
        first, _, unit = name.rpartition("_")
        label, suffix = (first, f" {named[unit]}") if first and unit in named else (name, "")
        said = f"{given:g}" if isinstance(given, int | float) else given
        found.append((sentence(label.replace("_", " ")), f"{said}{suffix}"))
    return found
