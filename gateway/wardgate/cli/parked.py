"""`wardgate parked`: the messages that stood in the way of others and were set aside, and sending them again."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, bare_or_exit, command, complain
from wardgate.clock import utc_from_s
from wardgate.control.client import HubAway, call
from wardgate.control.protocol import ControlError
from wardgate.store.rows import ParkedRow


def main(words: list[str]) -> int:
    """Exit status 0 when it is done, 1 when it cannot be, 2 for wrong usage, 69 when no hub answers."""
    parser = command("parked", "Show the messages that were set aside, or send one of them again.")
    parser.add_argument("what", choices=("list", "retry"), help="list them, or send one again")
    parser.add_argument("number", nargs="?", type=int, help="which one, for retry")
    add_config(parser)
    options = parser.parse_args(words)
    if (options.what == "retry") != (options.number is not None):
        parser.error("retry needs the number of one message, list needs none")
    config = bare_or_exit(options.config)
    place = config.control_socket
    try:
        if options.what == "retry":
            print(call(place, "parked_retry", seq=options.number).sentence)
        else:
            print("\n".join(lines(call(place, "parked"), ZoneInfo(config.hub.timezone))))
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    return 0


def lines(rows: tuple[ParkedRow, ...], zone: ZoneInfo) -> list[str]:
    """As a person reads them, newest first."""
    if not rows:
        return ["No message is set aside."]
    return [
        f"{row.seq}  {row.kind}{f' of {row.device}' if row.device else ''}, "
        f"{utc_from_s(row.at_s).astimezone(zone):%d %B %Y %H:%M}: {row.reason}"
        for row in rows
    ]
