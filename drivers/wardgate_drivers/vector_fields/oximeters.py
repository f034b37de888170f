"""The oximeter makers' frames in the words of the byte vectors."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from wardgate_drivers.codec import (
    bci,
    choicemmed,
    contec_ble,
    contec_v7,
    jumper,
    nonin_blocks,
    nonin_df1,
    nonin_df8,
    nonin_text,
    pc60,
    po60,
    viatom_info,
    viatom_night,
    viatom_oxy,
)
from wardgate_drivers.measurement import Outcome
from wardgate_drivers.vector_fields.common import Context, Decoded, Decoder, Fields, UnsupportedDecoderError


def _variant(context: Context) -> bci.Variant:
    name = context.get("variant", bci.Variant.CONTEC)
    if name not in list(bci.Variant):
        raise UnsupportedDecoderError(f"variant {name}")
    return bci.Variant(name)


def _bci_packet(data: bytes, context: Context) -> Decoded:
    packet = bci.decode(data, _variant(context))
    return Decoded(
        packet.outcome,
        {
            "spo2": packet.spo2,
            "pulse_rate": packet.pulse,
            "signal": packet.signal,
            "beep": packet.beep,
            "waveform": packet.waveform,
            "bar": packet.bar,
            **packet.flags,
        },
    )


def _bci_stream(data: bytes, context: Context) -> Decoded:
    packets = bci.decode_stream(data, _variant(context))
    return Decoded(Outcome.DECODE, {"packets": [[p.spo2, p.pulse, str(p.outcome)] for p in packets]})


def _contec_v7(data: bytes, _: Context) -> Decoded:
    match contec_v7.decode(data):
        case contec_v7.Realtime() as packet:
            return Decoded(packet.outcome, {"type": "realtime"} | _realtime(packet))
        case contec_v7.Stored(points):
            outcome = Outcome.DECODE if points else Outcome.NO_READING
            return Decoded(outcome, {"type": "stored", "points": [list(point) for point in points]})
        case contec_v7.Disconnect(reason):
            return Decoded(Outcome.NO_READING, {"type": "disconnect", "reason": reason})
        case contec_v7.Command(command):
            return Decoded(Outcome.DECODE, {"type": "command", "command": command})


def _realtime(packet: contec_v7.Realtime) -> Fields:
    fields: Fields = {
        "spo2": packet.spo2,
        "pulse_rate": packet.pulse,
        "signal": packet.signal,
        "search_timeout": packet.search_timeout,
        "spo2_falling": packet.spo2_falling,
        "beep": packet.beep,
        "probe_error": packet.probe_error,
        "waveform": packet.waveform,
        "searching": packet.searching,
        "bar": packet.bar,
    }
    return fields | ({"perfusion_index_raw": packet.perfusion_raw} if packet.has_perfusion else {})


def _contec_ble(data: bytes, _: Context) -> Decoded:
    frame = contec_ble.decode(data)
    if isinstance(frame, contec_ble.Waveform):
        return Decoded(Outcome.NO_READING, {"type": "waveform"})
    return Decoded(frame.outcome, {"type": "values", "pulse_rate": frame.pulse, "spo2": frame.spo2})


_PO60_TYPES: Final = {
    po60.GET_VERSION: "get-version",
    po60.SET_TIME: "set-time",
    po60.GET_TIME: "get-time",
    po60.TIME: "time",
    po60.GET_STORAGE: "get-storage",
    po60.GET_RECORDS: "get-records",
}


def _po60(data: bytes, _: Context) -> Decoded:
    packet = po60.decode(data)
    match packet:
        case po60.Record():
            return Decoded(packet.outcome, _po60_record(packet))
        case po60.Plain(code):
            fields: Fields = {"type": _PO60_TYPES[code]}
        case po60.Time(code, time, milliseconds):
            fields = {"type": _PO60_TYPES[code], "time": str(time), "milliseconds": milliseconds}
        case po60.Version(hardware, software):
            fields = {"type": "version", "hardware": hardware, "software": software}
        case po60.SetTimeResult(ok):
            fields = {"type": "set-time-result", "ok": ok}
        case po60.Storage(data_type, total, unread):
            fields = {"type": "storage", "data_type": data_type, "total": total, "unread": unread}
    return Decoded(Outcome.DECODE, fields)


def _po60_record(record: po60.Record) -> Fields:
    return {
        "type": "record",
        "number": record.number,
        "last": record.last,
        "start": str(record.start),
        "end": str(record.end),
        "period_s": record.period_s,
        "spo2_max": record.spo2_max,
        "spo2_min": record.spo2_min,
        "spo2_avg": record.spo2_avg,
        "pulse_max": record.pulse_max,
        "pulse_min": record.pulse_min,
        "pulse_avg": record.pulse_avg,
    }


def _po60_stream(data: bytes, _: Context) -> Decoded:
    packets, dropped = po60.decode_stream(data)
    records = [[str(p.start), p.spo2_avg, p.pulse_avg, p.last] for p in packets if isinstance(p, po60.Record)]
    return Decoded(Outcome.DECODE if records else Outcome.NO_READING, {"records": records, "dropped": dropped})


def _pc60(data: bytes, _: Context) -> Decoded:
    match pc60.decode(data):
        case pc60.Values(spo2, pulse, perfusion_pct) as frame:
            return Decoded(
                frame.outcome,
                {"type": "values", "spo2": spo2, "pulse_rate": pulse, "perfusion_index_pct": perfusion_pct},
            )
        case pc60.Waveform(samples):
            return Decoded(Outcome.NO_READING, {"type": "waveform", "samples": list(samples)})
        case pc60.Battery(level):
            return Decoded(Outcome.NO_READING, {"type": "battery", "level": level})
        case pc60.Other(token, function):
            return Decoded(Outcome.NO_READING, {"type": "other", "token": token, "function": function})


def _viatom(data: bytes, context: Context) -> Decoded:
    frame = viatom_oxy.decode(data, context.get("request"))
    if isinstance(frame, viatom_oxy.Request):
        return Decoded(Outcome.DECODE, {"type": "request", "command": frame.command, "block": frame.block})
    fields: Fields = {"type": "reply", "status": frame.status}
    live = frame.live
    if live is None:
        return Decoded(Outcome.NO_READING if frame.status else Outcome.DECODE, fields)
    fields |= {
        "spo2": live.spo2,
        "pulse_rate": live.pulse,
        "battery_pct": live.battery_pct,
        "charging": live.charging,
        "perfusion_index_pct": live.perfusion_pct,
        "worn": live.worn,
    }
    some = {"movement": live.movement, "waveform_bytes": live.waveform_bytes}
    return Decoded(live.outcome, fields | {name: value for name, value in some.items() if value is not None})


def _viatom_info(data: bytes, _: Context) -> Decoded:
    info = viatom_info.decode(data)
    clock = None if info.clock is None else str(info.clock)
    return Decoded(Outcome.DECODE, {"clock": clock, "files": list(info.files), "serial": info.serial})


def _viatom_night(data: bytes, _: Context) -> Decoded:
    night = viatom_night.decode(data)
    return Decoded(
        night.outcome,
        {
            "start": str(night.start),
            "duration_s": night.duration_s,
            "step_s": night.step_s,
            "samples": [[s.spo2, s.pulse, str(s.outcome)] for s in night.samples],
        },
    )


def _jumper(data: bytes, _: Context) -> Decoded:
    frame = jumper.decode(data)
    return Decoded(
        frame.outcome,
        {"pulse_rate": frame.pulse, "spo2": frame.spo2, "perfusion_index_pct": frame.perfusion_pct},
    )


def _choicemmed(data: bytes, _: Context) -> Decoded:
    frame = choicemmed.decode(data)
    if isinstance(frame, choicemmed.Waveform):
        return Decoded(Outcome.NO_READING, {"type": "waveform", "sample": frame.sample})
    return Decoded(
        frame.outcome,
        {
            "type": "values",
            "spo2": frame.spo2,
            "pulse_rate": frame.pulse,
            "respiration_rate": frame.breathing_per_min,
            "perfusion_index_pct": frame.perfusion_pct,
        },
    )


def _df1(data: bytes, _: Context) -> Decoded:
    frame = nonin_df1.decode(data)
    return Decoded(frame.outcome, {"pulse_rate": frame.pulse, "spo2": frame.spo2, "status": list(frame.status)})


def _df8(data: bytes, _: Context) -> Decoded:
    frame = nonin_df8.decode(data)
    return Decoded(frame.outcome, {"pulse_rate": frame.pulse, "spo2": frame.spo2, "status": list(frame.status)})


def _blocks(decode: Callable[[bytes], nonin_blocks.Block]) -> Decoder:
    def run(data: bytes, _: Context) -> Decoded:
        block = decode(data)
        return Decoded(
            block.outcome,
            {
                "pulse_rate": block.pulse,
                "spo2": block.spo2,
                "firmware_rev": block.firmware,
                "spo2_display": block.spo2_display,
                "spo2_fast": block.spo2_fast,
                "spo2_beat": block.spo2_beat,
                "pulse_rate_ext": block.pulse_extended,
                "spo2_ext": block.spo2_extended,
                "spo2_ext_display": block.spo2_extended_display,
                "pulse_rate_display": block.pulse_display,
                "pulse_rate_ext_display": block.pulse_extended_display,
                "alarms": list(block.alarms),
            },
        )

    return run


def _text(data: bytes, _: Context) -> Decoded:
    line = nonin_text.decode(data)
    fields: Fields = {"spo2": line.spo2, "pulse_rate": line.pulse, "event_mark": line.event_mark}
    return Decoded(line.outcome, fields | ({"time_of_day": line.time_of_day} if line.time_of_day else {}))


DECODERS: Final[dict[str, Decoder]] = {
    "bci.packet": _bci_packet,
    "bci.stream": _bci_stream,
    "beurer.po60": _po60,
    "beurer.po60-stream": _po60_stream,
    "choicemmed.values": _choicemmed,
    "contec.ble": _contec_ble,
    "contec.v7": _contec_v7,
    "creative.pc60": _pc60,
    "jumper.oximeter": _jumper,
    "nonin.ascii": _text,
    "nonin.df1": _df1,
    "nonin.df2": _blocks(nonin_blocks.decode_format_2),
    "nonin.df7": _blocks(nonin_blocks.decode_format_7),
    "nonin.df8": _df8,
    "viatom.info": _viatom_info,
    "viatom.night": _viatom_night,
    "viatom.oxy": _viatom,
}
"""By the name that vectors give them."""
