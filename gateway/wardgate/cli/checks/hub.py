"""The hub itself: does it run, and does it answer?"""

from __future__ import annotations

from pathlib import Path
from typing import Final

from wardgate.cli.checks.check import Check, problem, well
from wardgate.config import Bare, Config
from wardgate.control.client import call
from wardgate.control.messages import Status
from wardgate.control.protocol import ControlError
from wardgate.page.verdict import inner_troubles

_NAME: Final = "hub"


def _troubles(config: Config | Bare) -> list[str]:
    """What nobody but the running hub can know; nothing of a hub that has no patient, or is of another version."""
    try:
        status: Status = call(Path(config.hub.control_socket), "status")
    except ControlError:
        return []
    return list(inner_troubles(status.hub, status.delivery))


def hub(config: Config | Bare) -> Check:
    """Ask the hub for a sign of life over its control socket."""
    try:
        pong = call(Path(config.hub.control_socket), "ping")
    except ControlError as error:
        if isinstance(error.__cause__, PermissionError):
            return problem(
                _NAME,
                f"This user may not ask the hub at {config.hub.control_socket}.",
                "Run this command with sudo, or join the group: sudo adduser $USER wardgate",
            )
        return problem(
            _NAME,
            error.sentence,
            "Run: sudo systemctl restart wardgate. If it stops again: sudo journalctl -u wardgate -n 50",
        )
    troubled = _troubles(config)
    if troubled:
        return problem(
            _NAME,
            f"The hub runs, and says: {' '.join(troubled)}",
            "Messages that were set aside: wardgate parked list. A configuration that does not hold: the ward has to "
            "send it again. Anything else: send a report for support, wardgate support-bundle",
        )
    return well(_NAME, f"The hub{f' {pong.hub}' if pong.hub else ''} runs and answers (version {pong.version}).")
