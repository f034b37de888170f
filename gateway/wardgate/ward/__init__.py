"""The reference ward: subscribes, checks, commits, acknowledges."""

from wardgate.ward.line import format_line
from wardgate.ward.seen import SeenError
from wardgate.ward.silence import Silence
from wardgate.ward.ward import Ward

__all__ = ["SeenError", "Silence", "Ward", "format_line"]
