"""The reference ward: subscribes, checks, commits, acknowledges."""

from wardgate.ward.line import format_line
from wardgate.ward.seen import SeenError
from wardgate.ward.ward import Ward

__all__ = ["SeenError", "Ward", "format_line"]
