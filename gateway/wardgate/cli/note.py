"""`wardgate note`: tell the hub of a change of treatment or device, or of the next reading, for its detectors."""

from __future__ import annotations

from wardgate.cli.options import HUB_AWAY, PROBLEM, add_config, bare_or_exit, command, complain
from wardgate.control.client import HubAway, call
from wardgate.control.protocol import ControlError
from wardgate.pathways.notes import NOTES, note_problem


def main(words: list[str]) -> int:
    """Exit status 0 when it is kept, 1 when the hub refuses, 2 when there is no such note, 69 when no hub answers."""
    parser = command("note", "Tell the hub of a change of treatment or device.")
    parser.add_argument("note", help=f"one of: {', '.join(NOTES)}, dry_weight:KG")
    add_config(parser)
    options = parser.parse_args(words)
    problem = note_problem(options.note)
    if problem is not None:
        complain(problem)
        return 2
    config = bare_or_exit(options.config)
    try:
        print(call(config.control_socket, "note", note=options.note).sentence)
    except HubAway as error:
        complain(error.sentence, error.what_to_do)
        return HUB_AWAY
    except ControlError as error:
        complain(error.sentence, error.what_to_do)
        return PROBLEM
    return 0
