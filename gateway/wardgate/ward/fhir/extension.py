"""What FHIR has no element for: the message's own fields, as extensions below one URL.

Every field of a message that stands in no element stands here under its own name, also one that a later version of
the contract adds. A field with its default value is left out, as the default says the same.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any, Final

import msgspec
from msgspec import Struct

Json = dict[str, Any]
BASE: Final = "urn:wardgate:1:fhir:"
MESSAGE: Final = BASE + "message"
_STRING: Final = re.compile(
    r"[\u0021-\ud7ff\ue000-\ufffd](?:[\u0020-\ud7ff\ue000-\ufffd]*[\u0021-\ud7ff\ue000-\ufffd])?"
)
"""What every FHIR server keeps as it is: no control characters, no blank at either end, not empty."""
_BLANK: Final = re.compile(r"[\u007f-\u00a0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
_NULL: Final = "null"
_EMPTY: Final = {"empty-list": list[Any], "empty-object": dict[str, Any]}


def is_plain(text: str) -> bool:
    """Whether a FHIR string may hold it."""
    return len(text) < 10_000 and _STRING.fullmatch(text) is not None and _BLANK.search(text) is None


def instant(at: datetime) -> str:
    """As FHIR writes it, in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def of_struct(struct: Struct, elsewhere: Iterable[str], url: str = MESSAGE) -> Json:
    """The extension with all fields of a message but those that stand in elements; a dot leads into a struct."""
    return {"url": url, "extension": _fields(struct, frozenset(elsewhere))}


def fields_of(element: Json, url: str = MESSAGE) -> Json | None:
    """What `of_struct` has put into a resource or an element; None when it has put nothing there."""
    for extension in element.get("extension", []):
        if extension["url"] == url:
            return {inner["url"]: _value(inner) for inner in extension["extension"]}
    return None


def _fields(struct: Struct, elsewhere: frozenset[str]) -> list[Json]:
    found = []
    for field in msgspec.structs.fields(struct):
        value = getattr(struct, field.name)
        by_default = not field.required and value == field.default and field.name != "schema"
        if field.name in elsewhere or by_default:
            continue
        inside = frozenset(name.partition(".")[2] for name in elsewhere if name.startswith(field.name + "."))
        found.append(_extension(field.name, value, inside))
    return found


def _extension(name: str, value: object, elsewhere: frozenset[str] = frozenset()) -> Json:
    match value:
        case Struct():
            fields = _fields(value, elsewhere)
            return {"url": name, "extension": fields} if fields else {"url": name} | _simple({})
        case dict() if value:
            pairs = [[_extension("key", key), _extension("value", inner)] for key, inner in value.items()]
            return {"url": name, "extension": [{"url": "entry", "extension": pair} for pair in pairs]}
        case list() | tuple() if value:
            return {"url": name, "extension": [_extension("item", item) for item in value]}
        case _:
            return {"url": name} | _simple(value)


def _simple(value: object) -> Json:
    match value:
        case None:
            return {"valueCode": _NULL}
        case bool():
            return {"valueBoolean": value}
        case int() | float():
            return {"valueDecimal": value}
        case datetime():
            return {"valueInstant": instant(value)}
        case str() if is_plain(value):
            return {"valueString": value}
        case str():
            return {"valueBase64Binary": base64.b64encode(json.dumps(value).encode()).decode()}
        case dict():
            return {"valueCode": "empty-object"}
        case list() | tuple():
            return {"valueCode": "empty-list"}
        case _:
            raise TypeError(f"no message has a {type(value).__name__}")


def _value(extension: Json) -> Any:
    if "extension" in extension:
        inner = extension["extension"]
        kinds = {one["url"] for one in inner}
        if kinds == {"item"}:
            return [_value(one) for one in inner]
        if kinds == {"entry"}:
            return dict(_pair(one) for one in inner)
        return {one["url"]: _value(one) for one in inner}
    if "valueCode" in extension:
        return None if extension["valueCode"] == _NULL else _EMPTY[extension["valueCode"]]()
    if "valueBase64Binary" in extension:
        return json.loads(base64.b64decode(extension["valueBase64Binary"]))
    (value,) = (value for key, value in extension.items() if key != "url")
    return value


def _pair(entry: Json) -> tuple[str, Any]:
    parts = {one["url"]: _value(one) for one in entry["extension"]}
    return parts["key"], parts["value"]
