"""The one error a codec raises, with the reasons it can have."""

from __future__ import annotations

from enum import StrEnum


class Reason(StrEnum):
    """Why a frame was refused."""

    TRUNCATED = "truncated"
    BAD_LENGTH = "bad-length"
    BAD_CHECKSUM = "bad-checksum"
    BAD_HEADER = "bad-header"
    BAD_SYNC = "bad-sync"
    BAD_VALUE = "bad-value"
    NO_FRAME = "no-frame"


class FrameError(ValueError):
    """A frame that cannot be trusted. Count it, keep the bytes, make nothing of it."""

    def __init__(self, reason: Reason, detail: str) -> None:
        super().__init__(f"{reason}: {detail}")
        self.reason = reason
        self.detail = detail
