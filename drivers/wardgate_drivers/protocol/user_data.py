"""User Data Service: being let in as a user before a scale tells that user's measurements.

Source: Bluetooth SIG, User Data Service 1.0.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Final

from wardgate_drivers import uuids
from wardgate_drivers.codec import user_control_point
from wardgate_drivers.codec.user_control_point import Opcode, Result
from wardgate_drivers.errors import FrameError
from wardgate_drivers.link.conversation import Conversation
from wardgate_drivers.link.errors import ConsentError
from wardgate_drivers.link.sink import Consent

ANSWER_S: Final = 5.0


async def consent_as_configured(talk: Conversation) -> None:
    """Ask to be let in as the patient, with the slot and the code of the configuration.

    Raises:
        ConsentError: they are not configured, or the scale does not accept them.
    """
    if not talk.has(uuids.USER_CONTROL_POINT):
        return
    consent = talk.sink.consent()
    if consent is None:
        raise ConsentError(
            "The scale tells measurements only to whoever knows its user. "
            "Set user_index and consent_code of this scale in the configuration."
        )
    await _ask(talk, consent)


def consent_as(consent: Consent) -> Callable[[Conversation], Awaitable[None]]:
    """For a scale whose one user and code are built in."""

    async def ask(talk: Conversation) -> None:
        if talk.has(uuids.USER_CONTROL_POINT):
            await _ask(talk, consent)

    return ask


async def _ask(talk: Conversation, consent: Consent) -> None:
    await talk.listen(uuids.USER_CONTROL_POINT)
    await talk.write(uuids.USER_CONTROL_POINT, user_control_point.consent(consent.user_index, consent.code))
    result = await _answer(talk)
    if result is not Result.SUCCESS:
        said = "did not answer" if result is None else f"said {result.name.lower().replace('_', ' ')}"
        raise ConsentError(
            f"The scale did not let the hub in as user {consent.user_index}: it {said}. "
            "Check user_index and consent_code of this scale in the configuration."
        )


async def _answer(talk: Conversation) -> Result | None:
    """The answer to a consent; None when none came."""
    while (frame := await talk.next_frame(ANSWER_S)) is not None:
        try:
            answer = user_control_point.decode(frame)
        except FrameError as error:
            talk.rejected(error, frame)
            continue
        if answer.opcode is Opcode.RESPONSE and answer.request is Opcode.CONSENT:
            return answer.result
    return None
