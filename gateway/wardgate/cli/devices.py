"""`wardgate devices`: the catalogue, and the tools for whoever adds a device to it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from wardgate.cli.options import add_json, command
from wardgate_drivers.model.catalogue import CATALOGUE
from wardgate_drivers.model.declaration import Broadcast, Model, Serial


def main(words: list[str]) -> int:
    parser = command("devices", "The devices Wardgate knows, and tools for adding one.")
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)
    add_json(tools.add_parser("list", help="the catalogue, with the model id for the configuration"))
    tools.add_parser("supported", help="the text of SUPPORTED.md")
    check = tools.add_parser("check", help="run vector files against the codecs")
    check.add_argument("path", nargs="+", type=Path, metavar="PATH", help="a vector file, or a directory of them")
    return _run(parser.parse_args(words))


def _run(options: argparse.Namespace) -> int:
    match options.tool:
        case "check":
            from wardgate.cli.devices_check import check_all

            return check_all(options.path)
        case "supported":
            print(supported(), end="")
            return 0
        case _:
            return _list(as_json=options.json)


def _list(*, as_json: bool) -> int:
    rows = [_row(model) for model in CATALOGUE]
    if as_json:
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
