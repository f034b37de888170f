"""The codecs' dataclasses in the words of the byte vectors: one function a decoder, one file a family."""

from __future__ import annotations

from typing import Final

from wardgate_drivers.vector_fields import cuffs, oximeters, scales, standard, standard_more
from wardgate_drivers.vector_fields.common import Context, Decoded, Decoder, Fields, UnsupportedDecoderError

DECODERS: Final[dict[str, Decoder]] = {
    **standard.DECODERS,
    **standard_more.DECODERS,
    **cuffs.DECODERS,
    **oximeters.DECODERS,
    **scales.DECODERS,
}
"""By the name that vectors give them."""

__all__ = ["DECODERS", "Context", "Decoded", "Decoder", "Fields", "UnsupportedDecoderError"]
