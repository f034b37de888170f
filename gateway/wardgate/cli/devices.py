"""`wardgate devices`: the catalogue."""

from __future__ import annotations

import json

from wardgate.cli.options import add_json, command
from wardgate_drivers.model.catalogue import CATALOGUE
from wardgate_drivers.model.declaration import Broadcast, Model, Serial


def main(words: list[str]) -> int:
    parser = command("devices", "List the devices Wardgate knows, with the model id for the configuration.")
    parser.add_argument("what", choices=("list",), help="list the catalogue")
    add_json(parser)
    options = parser.parse_args(words)
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
