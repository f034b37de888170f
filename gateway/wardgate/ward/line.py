"""One line for a person to read."""

from __future__ import annotations

from wardgate.contract.messages import Alert, Event, Quantity, Reading, State

_CHANNEL = {
    "weight": "Weight",
    "blood_pressure": "Blood pressure",
    "saturation": "Oxygen",
    "temperature": "Temperature",
    "heart_rate": "Heart rate",
    "body_composition": "Body composition",
}
_UNIT = {"mm[Hg]": "mmHg", "/min": "a minute", "Cel": "°C"}


def format_line(message: Reading | Alert | Event | State) -> str:
    """A message in one readable line, its hub first."""
    return f"{message.hub}  {_text(message)}"


def _text(message: Reading | Alert | Event | State) -> str:
    match message:
        case Reading():
            return _reading(message)
        case Alert():
            return f"ALERT {_state(message)} {message.patient}: {message.sentence} [{message.rule}]"
        case Event():
            device = f" {message.device}:" if message.device else ""
            return f"{message.severity}{device} {message.sentence} {message.what_to_do}".rstrip()
        case State():
            if not message.online:
                return "offline"
            waiting = f", {message.waiting} waiting" if message.waiting else ""
            return f"online, version {message.version}{waiting}"


def _state(alert: Alert) -> str:
    words: list[str] = [alert.priority]
    words += [f"time {alert.raised_count}"] if alert.raised_count > 1 and alert.state == "raised" else []
    words += [f"seen by {alert.acknowledged_by}"] if alert.state == "acknowledged" else []
    words += [f"may wait until {alert.quiet_until:%H:%M}Z"] if alert.quiet_until else []
    return f"{alert.state} ({', '.join(words)})"


def _reading(reading: Reading) -> str:
    taken = f"{reading.time.taken:%Y-%m-%d %H:%M}Z"
    doubt_s = reading.time.uncertainty_s
    remarks = [f"give or take {doubt_s / 60:.0f} min"] if doubt_s >= 60 else []
    remarks += [f"dated anew, was {reading.corrected.previous:%Y-%m-%d %H:%M}Z"] if reading.corrected else []
    remarks += ["from memory"] if reading.backfill else []
    remarks += [*reading.quality.status, *reading.quality.flags]
    remarks += ["test"] if reading.test else []
    whose = reading.patient or f"unattributed ({reading.attribution_reason or 'no reason given'})"
    tail = f" ({', '.join(remarks)})" if remarks else ""
    return f"{_CHANNEL[reading.channel]} {_values(reading.quantities)}, {taken}, {whose}{tail}"


def _values(quantities: tuple[Quantity, ...]) -> str:
    """As a person says it: what the channel is about first, without its name."""
    told = {q.name: f"{q.value:g} {_UNIT.get(q.unit, q.unit)}" for q in quantities}
    words = []
    if "systolic" in told and "diastolic" in told:
        words.append(f"{told.pop('systolic').split()[0]}/{told.pop('diastolic')}")
    words += [told.pop(name) for name in ("weight", "spo2", "temperature", "heart_rate") if name in told]
    return ", ".join([*words, *(f"{name} {value}" for name, value in told.items())])
