"""Record Access Control Point (0x2A52): asking a device for what it has stored.

    0  opcode    1 report, 2 delete, 3 abort, 4 count, 5 count reply, 6 response
    1  operator  0 null, 1 all, 2 up to, 3 from, 4 range, 5 first, 6 last
    2  operand   count reply: 2 bytes, the number; response: request opcode, result; else the filter, if any

Source: Bluetooth SIG, GATT Specification Supplement, Record Access Control Point; Pulse Oximeter Service 1.0.1
(which uses "all" only).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.errors import FrameError, Reason

_ANSWER_OPERAND: Final = 2


class Opcode(IntEnum):
    """What is asked or answered."""

    REPORT = 1
    DELETE = 2
    ABORT = 3
    COUNT = 4
    COUNT_REPLY = 5
    RESPONSE = 6


class Operator(IntEnum):
    """Which records are meant."""

    NULL = 0
    ALL = 1
    UP_TO = 2
    FROM = 3
    RANGE = 4
    FIRST = 5
    LAST = 6


class Result(IntEnum):
    """How a request went."""

    RESERVED = 0
    """Any code that the service does not name: an answer all the same, and no success."""
    SUCCESS = 1
    OPCODE_NOT_SUPPORTED = 2
    INVALID_OPERATOR = 3
    OPERATOR_NOT_SUPPORTED = 4
    INVALID_OPERAND = 5
    NO_RECORDS_FOUND = 6
    ABORT_UNSUCCESSFUL = 7
    PROCEDURE_NOT_COMPLETED = 8
    OPERAND_NOT_SUPPORTED = 9

    @classmethod
    def _missing_(cls, value: object) -> Result:
        return cls.RESERVED


@dataclass(frozen=True, slots=True)
class Control:
    """One command or answer. `count` only in a count reply, `request` and `result` only in a response."""

    opcode: Opcode
    operator: Operator
    operand: bytes = b""
    count: int | None = None
    request: Opcode | None = None
    result: Result | None = None
    trailing_bytes: int = 0


def command(opcode: Opcode, operator: Operator = Operator.ALL) -> bytes:
    """The bytes to write."""
    return bytes((opcode, operator))


def decode(data: bytes) -> Control:
    """A command or an answer.

    Raises:
        FrameError: `truncated`, or `bad-value` for an opcode or operator that does not exist.
    """
    cursor = Cursor(data)
    raw_opcode, raw_operator = cursor.take(2)
    is_answer = raw_opcode in (Opcode.COUNT_REPLY, Opcode.RESPONSE)
    operand = cursor.take(_ANSWER_OPERAND if is_answer else cursor.left)
    try:
        opcode, operator = Opcode(raw_opcode), Operator(raw_operator)
        if opcode is Opcode.COUNT_REPLY:
            return Control(opcode, operator, count=int.from_bytes(operand, "little"), trailing_bytes=cursor.left)
        if opcode is Opcode.RESPONSE:
            request, result = Opcode(operand[0]), Result(operand[1])
            return Control(opcode, operator, request=request, result=result, trailing_bytes=cursor.left)
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error
    return Control(opcode, operator, operand=operand)
