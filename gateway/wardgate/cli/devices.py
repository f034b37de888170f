"""`wardgate devices`: the catalogue, and the tools for whoever adds a device to it."""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from wardgate.cli.devices_supported import link_words, read_vectors, supported
from wardgate.cli.options import add_json, command, complain
from wardgate_drivers.model.catalogue import all_models
from wardgate_drivers.model.declaration import Model
from wardgate_drivers.model.lookup import from_elsewhere


def main(words: list[str]) -> int:
    parser = command("devices", "The devices Wardgate knows, and tools for adding one.")
    tools = parser.add_subparsers(dest="tool", metavar="TOOL", required=True)
    add_json(tools.add_parser("list", help="the catalogue, with the model id for the configuration"))
    page = tools.add_parser("supported", help="the text of SUPPORTED.md")
    page.add_argument(
        "--vectors", type=Path, metavar="DIRECTORY", default=Path("tests/vectors"), help="default: tests/vectors"
    )
    check = tools.add_parser("check", help="run vector files against the codecs")
    check.add_argument("path", nargs="+", type=Path, metavar="PATH", help="a vector file, or a directory of them")
    sniff = tools.add_parser("sniff", help="listen for Bluetooth devices around, and say which models they are")
    sniff.add_argument("--seconds", type=float, default=30.0, help="how long (default: 30)")
    record = tools.add_parser(
        "record",
        help="record what an unknown device offers and sends, as a vector file to send in",
        description="Record an unknown device. The file names no address and no serial number; the measurements you "
        "take meanwhile are in it.",
    )
    record.add_argument("address", help="the device's Bluetooth address, as `wardgate devices sniff` shows it")
    record.add_argument("file", type=Path, help="the vector file to write; it must not exist")
    record.add_argument("--device", default="unknown device", help="make and model, as printed on it")
    record.add_argument("--seconds", type=float, default=60.0, help="how long to listen to it (default: 60)")
    record.add_argument("--pair", action="store_true", help="pair with it: when it sends nothing to strangers")
    record.add_argument("--set-clock", action="store_true", help="give it the time: some send nothing before")
    record.add_argument("--broadcast", action="store_true", help="do not connect, only take down what it shouts")
    return _run(parser.parse_args(words))


def _run(options: argparse.Namespace) -> int:
    match options.tool:
        case "check":
            from wardgate.cli.devices_check import check_all

            return check_all(options.path)
        case "sniff" | "record":
            from wardgate.cli import devices_record

            return devices_record.sniff(options.seconds) if options.tool == "sniff" else devices_record.record(options)
        case "supported":
            vectors = read_vectors(options.vectors)
            if not vectors:
                complain(f"There are no vectors in {options.vectors}.", "Run it in the project's directory.")
                return 2
            print(supported(vectors), end="")
            return 0
        case _:
            return _list(as_json=options.json)


def _list(*, as_json: bool) -> int:
    for problem in from_elsewhere().problems:
        complain(f"A model was left out: {problem}.")
    rows = [_row(model) for model in all_models()]
    if as_json:
        print(json.dumps(rows))
        return 0
    width = max(len(row["id"]) for row in rows)
    for row in rows:
        print(f"{row['id']:{width}}  {row['kind']:11}  {row['maker']} {row['name']}, {row['link']}")
        if row["wake"]:
            print(f"{'':{width}}  to make it talk: {row['wake']}")
    return 0


def _row(model: Model) -> dict[str, str]:
    return {
        "id": model.id,
        "kind": model.kind.value,
        "maker": model.maker,
        "name": model.name,
        "link": link_words(model),
        "bond": model.bond.value,
        "wake": model.wake,
    }
