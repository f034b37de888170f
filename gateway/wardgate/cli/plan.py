"""`wardgate plan`: what is measured, how often, and when the ward is told, in words."""

from __future__ import annotations

import msgspec

from wardgate.cli.options import PROBLEM, add_config, add_json, command, complain, load_or_exit
from wardgate.overlay import Overlay
from wardgate.watch.plan import in_words, make_plan


def main(words: list[str]) -> int:
    parser = command(
        "plan",
        "Say what the configured pathways, and what the ward has set since, make of this patient's monitoring.",
    )
    add_config(parser)
    add_json(parser)
    options = parser.parse_args(words)
    file = load_or_exit(options.config)
    try:
        overlay = Overlay(file)
    except OSError as error:
        complain(f"What the ward has set cannot be read ({error}).", "Run the command with sudo.")
        return PROBLEM
    if overlay.problem:
        complain(f"What the ward configured is left out: {overlay.problem}")
    if overlay.left_out:
        complain(f"Of what the ward configured this is left out: {overlay.left_out}")
    config = overlay.config
    plan = make_plan(config.watch)
    print(msgspec.json.encode(plan).decode() if options.json else "\n".join(in_words(plan, config.device)))
    return 0
