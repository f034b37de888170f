"""One line for a person to read."""

from __future__ import annotations

from wardgate.contract.messages import Alert, Event, Quantity, Reading, State

_CHANNEL = {"weight": "Weight", "blood_pressure": "Blood pressure", "saturation": "Oxygen saturation"}


def format_line(message: Reading | Alert | Event | State) -> str:
    """A message in one readable line, its hub first."""
    return f"{message.hub}  {_text(message)}"


def _text(message: Reading | Alert | Event | State) -> str:
    match message:
        case Reading():
            return _reading(message)
        case Alert():
            return f"ALERT {message.state} ({message.priority}) {message.patient}: {message.sentence} [{message.rule}]"
        case Event():
            device = f" {message.device}:" if message.device else ""
            return f"{message.severity}{device} {message.sentence} {message.what_to_do}".rstrip()
        case State():
            if not message.online:
                return "offline"
            waiting = f", {message.waiting} waiting" if message.waiting else ""
            return f"online, version {message.version}{waiting}"


def _reading(reading: Reading) -> str:
    values = ", ".join(_value(q) for q in reading.quantities)
    taken = f"{reading.time.taken:%Y-%m-%d %H:%M:%S}Z"
    remarks = [f"+-{reading.time.uncertainty_s:.0f} s"] if reading.time.uncertainty_s >= 60 else []
    remarks += ["from memory"] if reading.backfill else []
    remarks += [*reading.quality.status, *reading.quality.flags]
    remarks += ["test"] if reading.test else []
    whose = reading.patient or f"unattributed ({reading.attribution_reason or 'no reason given'})"
    tail = f" ({', '.join(remarks)})" if remarks else ""
    return f"{_CHANNEL[reading.channel]} {values} at {taken}, {whose}{tail}"


def _value(quantity: Quantity) -> str:
    return f"{quantity.name} {quantity.value:g} {quantity.unit}"
