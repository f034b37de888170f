"""`wardgate config`: check a file, or print every setting with its meaning and default."""

from __future__ import annotations

import json
import typing
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Meta, Struct

from wardgate.checked import struct_of
from wardgate.cli.options import BAD_CONFIG, add_config, add_json, command, complain
from wardgate.config import Config, ConfigError, NotAssigned, load


def main(words: list[str]) -> int:
    parser = command("config", "Check a configuration, or explain every setting.")
    parser.add_argument("what", choices=("check", "explain"), help="check the file, or explain what can stand in it")
    add_config(parser)
    add_json(parser)
    options = parser.parse_args(words)
    if options.what == "explain":
        print(explain())
        return 0
    return check(options.config, as_json=options.json)


def check(path: Path, *, as_json: bool) -> int:
    """Say whether the file can be used; name every problem."""
    try:
        config = load(path)
    except NotAssigned:
        said = {"file": str(path), "ok": True, "patient": False}
        print(json.dumps(said) if as_json else f"{path} is good. No patient was given to this hub yet.")
        return 0
    except ConfigError as error:
        if as_json:
            print(json.dumps({"file": str(path), "ok": False, "problems": error.problems}))
        else:
            complain(str(error))
        return BAD_CONFIG
    if as_json:
        print(json.dumps({"file": str(path), "ok": True, "hash": config.fingerprint()}))
    else:
        devices = ", ".join(f"{d.id} ({d.model})" for d in config.device) or "none"
        print(f"{path} is good. Hub {config.hub.id}, devices: {devices}.")
    return 0


def explain() -> str:
    """Every section and setting, in the shape of the file itself."""
    return "\n".join(_section(Config, "", repeated=False)).strip() + "\n"


def _section(section: type[Struct], place: str, *, repeated: bool) -> list[str]:
    lines = []
    if place:
        lines += ["", f"# {(section.__doc__ or '').strip()}", f"[[{place}]]" if repeated else f"[{place}]"]
    hints = typing.get_type_hints(section, include_extras=True)
    inner = []
    for field in msgspec.structs.fields(section):
        hint = hints[field.name]
        below = struct_of(hint)
        if below is not None:
            where = f"{place}.{field.name}" if place else field.name
            inner += _section(below, where, repeated=typing.get_origin(hint) is tuple)
        else:
            lines += [f"# {_meaning(hint)}", _setting(field)]
    return lines + inner


def _setting(field: msgspec.structs.FieldInfo) -> str:
    if field.required:
        return f"{field.name} =   # has to be given"
    if field.default is None:
        return f"# {field.name} =   # default: not set"
    if field.default is msgspec.NODEFAULT and callable(field.default_factory):
        return f"{field.name} = {json.dumps(field.default_factory())}"
    return f"{field.name} = {json.dumps(field.default)}"


def _meaning(hint: Any) -> str:
    """The description in a field's annotation."""
    for argument in typing.get_args(hint):
        if isinstance(argument, Meta) and argument.description:
            return argument.description
        inner = _meaning(argument)
        if inner:
            return inner
    return ""
