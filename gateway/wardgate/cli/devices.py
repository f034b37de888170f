"""`wardgate devices`: the catalogue, for people, for programs, and as the page SUPPORTED.md."""

from __future__ import annotations

import json

from wardgate.cli.options import add_json, command
from wardgate_drivers.model.catalogue import CATALOGUE
from wardgate_drivers.model.declaration import Broadcast, Model, Serial


def main(words: list[str]) -> int:
    parser = command("devices", "List the devices Wardgate knows, with the model id for the configuration.")
    parser.add_argument("what", choices=("list", "supported"), help="list the catalogue; or write SUPPORTED.md's text")
    add_json(parser)
    options = parser.parse_args(words)
    if options.what == "supported":
        print(supported(), end="")
        return 0
    rows = [_row(model) for model in CATALOGUE]
    if options.json:
        print(json.dumps(rows))
        return 0
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        print(f"{row['id']:{width}}  {row['kind']:8}  {row['maker']} {row['name']}, {row['link']}")
        if row["wake"]:
            print(f"{'':{width}}  to make it talk: {row['wake']}")
    return 0


def supported() -> str:
    """The text of SUPPORTED.md."""
    head = (
        "# Supported devices\n\n"
        "Generated from the catalogue by `make supported`. No device on this page has been tried in the flesh yet: "
        "the drivers are written from public documents and checked against the vectors in `tests/vectors`, which say "
        "of each frame whether it was captured from a device, taken from a document, or constructed.\n\n"
        "| model id | device | link | pairing | memory | users | to make it talk |\n|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(_line(model) for model in CATALOGUE)


def _line(model: Model) -> str:
    cells = (
        f"`{model.id}`",
        f"{model.maker} {model.name} ({model.kind.value})",
        _link(model),
        model.bond.value,
        model.history.value,
        str(model.user_slots or "not told apart"),
        model.wake,
    )
    return f"| {' | '.join(cells)} |\n"


def _row(model: Model) -> dict[str, str]:
    return {
        "id": model.id,
        "kind": model.kind.value,
        "maker": model.maker,
        "name": model.name,
        "link": _link(model),
        "bond": model.bond.value,
        "wake": model.wake,
    }


def _link(model: Model) -> str:
    match model.link:
        case Serial(baud=baud):
            return f"serial line at {baud} baud"
        case Broadcast():
            return "Bluetooth, broadcast only"
        case _:
            return "Bluetooth"
