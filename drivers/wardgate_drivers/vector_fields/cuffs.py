"""Makers' own cuffs in the words of the byte vectors."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.codec import microlife, omron, viatom_lepu, yonker
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.vector_fields.common import Context, Decoded, Decoder, Fields


def _omron_frame(data: bytes, _: Context) -> Decoded:
    frame = omron.decode_frame(data)
    return Decoded(Outcome.DECODE, {"type": f"{frame.type:04x}", "address": frame.address, "size": frame.size})


def _omron_record(record: omron.Record | None) -> Decoded:
    if record is None:
        return Decoded(Outcome.NO_READING, {})
    fields: Fields = {
        "unit": "mmHg",
        "systolic": record.systolic_mmhg,
        "diastolic": record.diastolic_mmhg,
        "pulse_rate": record.pulse,
        "timestamp": str(record.time),
        "irregular_pulse": record.irregular_pulse,
        "body_movement": record.body_movement,
    }
    if record.record_id is not None:
        fields |= {"cuff_bit": record.cuff_bit, "record_id": record.record_id}
    return Decoded(record.outcome, fields)


def _omron_clock(data: bytes, _: Context) -> Decoded:
    return Decoded(Outcome.DECODE, {"time": str(omron.decode_clock(data))})


def _microlife(data: bytes, _: Context) -> Decoded:
    match microlife.decode(data):
        case microlife.Command(command, time):
            fields: Fields = {"type": "command", "command": command}
            return Decoded(Outcome.DECODE, fields if time is None else fields | {"time": str(time)})
        case microlife.Acknowledgement(payload):
            return Decoded(Outcome.DECODE, {"type": "ack", "payload": payload.hex()})
        case microlife.Memory(records):
            return _records(
                [
                    {
                        "systolic": record.systolic_mmhg,
                        "diastolic": record.diastolic_mmhg,
                        "pulse_rate": record.pulse,
                        "timestamp": str(record.time),
                    }
                    for record in records
                ],
                type="records",
            )


def _records(records: list[Fields], **fields: str) -> Decoded:
    """A frame of several records is good when it holds one; each is judged for itself before it goes on."""
    return Decoded(Outcome.DECODE if records else Outcome.NO_READING, {**fields, "records": records})


def _yonker(data: bytes, _: Context) -> Decoded:
    result = yonker.decode(data)
    return Decoded(
        result.outcome,
        {
            "unit": "mmHg",
            "systolic": result.systolic_mmhg,
            "diastolic": result.diastolic_mmhg,
            "pulse_rate": result.pulse,
            "timestamp": str(result.time),
        },
    )


def _lepu(data: bytes, _: Context) -> Decoded:
    frame = viatom_lepu.decode(data)
    fields: Fields = {
        "command": frame.command,
        "direction": "reply" if frame.direction == viatom_lepu.REPLY else "request",
        "seq": frame.sequence,
        "length": len(frame.data),
    }
    state = frame.device_state
    return Decoded(Outcome.DECODE, fields if state is None else fields | {"device_state": state})


def _bp2_file(data: bytes, _: Context) -> Decoded:
    return _records(
        [
            {
                "timestamp": str(record.time),
                "user": record.user,
                "irregular_pulse": record.irregular_pulse,
                "systolic": record.systolic_mmhg,
                "diastolic": record.diastolic_mmhg,
                "mean_arterial_pressure": record.mean_mmhg,
                "pulse_rate": record.pulse,
            }
            for record in viatom_lepu.decode_file(data)
        ]
    )


DECODERS: Final[dict[str, Decoder]] = {
    "omron.frame": _omron_frame,
    "omron.record14-le": lambda data, _: _omron_record(omron.decode_record_le(data)),
    "omron.record14-be": lambda data, _: _omron_record(omron.decode_record_be(data)),
    "omron.clock16": _omron_clock,
    "microlife.frame": _microlife,
    "yonker.bp": _yonker,
    "viatom.lepu-v2": _lepu,
    "viatom.bp2-file": _bp2_file,
}
"""By the name that vectors give them."""
