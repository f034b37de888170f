"""Viatom/Wellue O2Ring: what it says of itself, and its recordings."""

from __future__ import annotations

from collections.abc import Sequence

from wardgate_sim.encode.civil import Civil

Sample = tuple[int, int] | None
"""SpO2 and pulse; None without a finger."""


def info(now: Civil, serial: str, battery_percent: int, files: Sequence[str]) -> bytes:
    """The data of the answer to 14: text, all values strings, a comma behind each recording, zeros at the end."""
    told = {
        "Region": "CE",
        "Model": "1652",
        "HardwareVer": "AA",
        "SoftwareVer": "1.4.0",
        "SN": serial,
        "CurTIME": "{:04d}-{:02d}-{:02d},{:02d}:{:02d}:{:02d}".format(*now),
        "CurBAT": f"{battery_percent}%",
        "CurBatState": "0",
        "CurMode": "0",
        "FileList": "".join(f"{name}," for name in files),
    }
    return ("{" + ",".join(f'"{name}":"{value}"' for name, value in told.items()) + "}").encode("ascii") + bytes(4)


def name(start: Civil) -> str:
    """A recording's name is when it began."""
    return "{:04d}{:02d}{:02d}{:02d}{:02d}{:02d}".format(*start)


def recording(start: Civil, samples: Sequence[Sample], step_s: int = 4) -> bytes:
    """Version 3: 40 bytes in front, then SpO2, pulse (two bytes), movement and one more of every sample."""
    known = [sample[0] for sample in samples if sample is not None]
    average, lowest = (round(sum(known) / len(known)), min(known)) if known else (0xFF, 0xFF)
    size = 40 + 5 * len(samples)
    front = bytes([3, 0]) + start.year.to_bytes(2, "little") + bytes(start[1:]) + size.to_bytes(4, "little")
    front += (step_s * len(samples)).to_bytes(2, "little") + bytes(2) + bytes([average, lowest])
    return front.ljust(40, b"\0") + b"".join(map(_sample, samples))


def _sample(sample: Sample) -> bytes:
    if sample is None:
        return bytes([0xFF, 0xFF, 0xFF, 0, 0])
    spo2, pulse = sample
    return bytes([spo2]) + pulse.to_bytes(2, "little") + bytes(2)
