"""Heart Rate Measurement (0x2A37)."""

from __future__ import annotations


def measurement(
    heart_rate: int, *, contact: bool | None = None, energy_kj: int | None = None, rr_s: tuple[float, ...] = ()
) -> bytes:
    """Two bytes of rate only where one does not do; `contact` None leaves its bits unset, as a Polar H10 does."""
    flags = (heart_rate > 0xFF) | (contact is not None) << 2 | bool(contact) << 1
    body = heart_rate.to_bytes(2 if heart_rate > 0xFF else 1, "little")
    if energy_kj is not None:
        flags |= 0x08
        body += energy_kj.to_bytes(2, "little")
    if rr_s:
        flags |= 0x10
        body += b"".join(round(rr * 1024).to_bytes(2, "little") for rr in rr_s)
    return bytes([flags]) + body
