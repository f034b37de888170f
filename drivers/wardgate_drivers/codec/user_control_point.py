"""User Control Point (0x2A9F) of the User Data Service: telling a device for whom it works.

    0  opcode   1 register a new user, 2 consent, 3 delete a user's data, 0x20 response
    1  operand  register: consent code 2 bytes; consent: user 1 byte, consent code 2 bytes;
                response: request opcode, result, and for a registration that went well the new user 1 byte

    result      1 success, 2 opcode not supported, 3 invalid parameter, 4 operation failed, 5 user not authorized

Source: Bluetooth SIG, User Data Service 1.0.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from wardgate_drivers.codec.cursor import Cursor
from wardgate_drivers.errors import FrameError, Reason


class Opcode(IntEnum):
    """What is asked or answered."""

    REGISTER = 0x01
    CONSENT = 0x02
    DELETE = 0x03
    RESPONSE = 0x20


class Result(IntEnum):
    """How a request went."""

    RESERVED = 0
    """Any code that the service does not name: an answer all the same, and no success."""
    SUCCESS = 1
    OPCODE_NOT_SUPPORTED = 2
    INVALID_PARAMETER = 3
    OPERATION_FAILED = 4
    USER_NOT_AUTHORIZED = 5

    @classmethod
    def _missing_(cls, value: object) -> Result:
        return cls.RESERVED


@dataclass(frozen=True, slots=True)
class Control:
    """One command or answer. None for what it does not carry."""

    opcode: Opcode
    user_index: int | None = None
    consent: int | None = None
    request: Opcode | None = None
    result: Result | None = None
    trailing_bytes: int = 0


def consent(user_index: int, code: int) -> bytes:
    """The bytes to write for being let in as a user with the code that the device or its owner gave."""
    return bytes((Opcode.CONSENT, user_index)) + code.to_bytes(2, "little")


def decode(data: bytes) -> Control:
    """A command or an answer.

    Raises:
        FrameError: `truncated`, or `bad-value` for an opcode that does not exist.
    """
    cursor = Cursor(data)
    try:
        opcode = Opcode(cursor.uint(1))
        user, code, request, result = _operand(opcode, cursor)
    except FrameError:
        raise
    except ValueError as error:
        raise FrameError(Reason.BAD_VALUE, str(error)) from error
    return Control(opcode, user, code, request, result, cursor.left)


def _operand(opcode: Opcode, cursor: Cursor) -> tuple[int | None, int | None, Opcode | None, Result | None]:
    if opcode is Opcode.REGISTER:
        return None, cursor.uint(2), None, None
    if opcode is Opcode.CONSENT:
        return cursor.uint(1), cursor.uint(2), None, None
    if opcode is Opcode.DELETE:
        return None, None, None, None
    request, result = cursor.take(2)
    answered, outcome = Opcode(request), Result(result)
    is_registered = answered is Opcode.REGISTER and outcome is Result.SUCCESS
    return cursor.uint(1) if is_registered else None, None, answered, outcome
