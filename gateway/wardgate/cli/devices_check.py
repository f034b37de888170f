"""`wardgate devices check`: byte vectors against the codecs, each that fails with what was expected and got."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from wardgate.cli.options import PROBLEM
from wardgate_drivers.vector_fields import UnsupportedDecoderError
from wardgate_drivers.vectors import expected_and_got

log: Final = logging.getLogger(__name__)


class _NoVectorFileError(Exception):
    """What stands in the way of reading a file."""


def check_all(paths: Sequence[Path]) -> int:
    """Check every vector of every file. A file that cannot be read is a failure of its own."""
    passed = failed = 0
    for name, expected, got in _results(paths):
        if expected is None:
            passed += 1
            continue
        failed += 1
        print(f"{name}\n  expected: {expected}\n  got:      {got}")
    print(f"{passed} passed, {failed} failed")
    return PROBLEM if failed else 0


def _results(paths: Sequence[Path]) -> Iterator[tuple[str, str | None, str]]:
    """Id, what was expected (None: it passed) and what came."""
    for path in _files(paths):
        if path.is_dir():
            yield str(path), "a vector file in it", "none"
            continue
        try:
            vectors = _read(path)
        except _NoVectorFileError as error:
            yield str(path), 'a file {"vectors": [...]}', str(error)
            continue
        for number, vector in enumerate(vectors, 1):
            named = isinstance(vector, Mapping) and isinstance(vector.get("id"), str)
            yield (vector["id"] if named else f"{path}, vector {number}"), *_result(vector)


def _read(path: Path) -> list[Any]:
    try:
        held = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise _NoVectorFileError("there is no such file or folder") from error
    except OSError as error:
        raise _NoVectorFileError(f"it cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _NoVectorFileError(f"it is no text: {error}") from error
    except ValueError as error:
        raise _NoVectorFileError(f"it is no JSON: {error}") from error
    except RecursionError as error:
        raise _NoVectorFileError("it is nested too deep") from error
    vectors = held.get("vectors") if isinstance(held, dict) else None
    if not isinstance(vectors, list):
        raise _NoVectorFileError("it holds no such list")
    return vectors


def _files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        yield from (path.is_dir() and sorted(path.rglob("*.json"))) or (path,)


def _result(vector: Any) -> tuple[str | None, str]:
    try:
        expected, got = expected_and_got(vector)
    except UnsupportedDecoderError as error:
        return _whole(vector), f"there is no codec for `{error.args[0]}`"
    except (KeyError, ValueError, TypeError, AttributeError) as error:
        log.debug("a vector that cannot be checked", exc_info=True)
        return "a vector of the format, and a codec that takes it", _said(error)
    except Exception as error:
        # One codec that breaks must not hide what the others do.
        log.exception("a codec broke")
        return _whole(vector), _said(error)
    if not expected and not got:
        return None, ""
    return _flat(expected), _flat(got)


def _whole(vector: Mapping[str, Any]) -> str:
    expect = vector["expect"]
    fields = expect.get("fields") or {}
    return _flat({name: value for name, value in expect.items() if name != "fields"} | fields)


def _flat(fields: Mapping[str, Any]) -> str:
    return json.dumps(fields, ensure_ascii=False, default=str)


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"
