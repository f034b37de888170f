"""The hazard log is complete, and every test it names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

LOG = Path("docs/safety/hazard-log.yaml").read_text(encoding="utf-8")
ENTRIES = {text[:3]: text for text in re.split(r"^- id: ", LOG, flags=re.MULTILINE)[1:]}
FIELDS = ["hazard", "control", "state", "missing", "tests"]


def field(entry: str, name: str) -> str:
    """The text of a field, without its line breaks."""
    found = re.search(rf"^  {name}:(.*?)(?=^  \w+:|\Z)", entry, flags=re.MULTILINE | re.DOTALL)
    assert found
    return " ".join(found[1].split())


def named_in(entry: str) -> list[str]:
    return re.findall(r"^    - (\S+)$", entry, flags=re.MULTILINE)


def test_every_hazard_has_its_entry() -> None:
    assert list(ENTRIES) == [f"H{number:02}" for number in range(1, 29)]


@pytest.mark.parametrize("hazard", ENTRIES)
def test_an_entry_says_everything(hazard: str) -> None:
    entry = ENTRIES[hazard]
    assert re.findall(r"^  (\w+):", entry, flags=re.MULTILINE) == FIELDS
    state, missing = field(entry, "state"), field(entry, "missing")
    assert state in {"controlled", "partly", "not yet"}
    assert bool(missing) is (state != "controlled")
    assert field(entry, "hazard")
    assert field(entry, "control")
    assert named_in(entry) or state == "not yet"


@pytest.mark.parametrize("named", sorted({test for entry in ENTRIES.values() for test in named_in(entry)}))
def test_a_named_test_exists(named: str) -> None:
    file, _, name = named.partition("::")
    tree = ast.parse(Path(file).read_text(encoding="utf-8"))
    assert name in {n.name for n in ast.walk(tree) if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)}
