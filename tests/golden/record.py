"""Declare that recorded weeks give other alerts from now on: `python -m tests.golden.record --why "..." [WEEK ...]`.

It writes what this version tells, beside the reasons that still fit, and notes the change. A message without a reason
makes the test fail: reason it out by hand and write it into the file, or mend the rule.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

import msgspec

from tests.golden.replay import WEEKS, Change, Told, Week, load, rule_set, told
from wardgate import config


def declared(week: Week, why: str) -> Week:
    """The week as it is told now; the same week when nothing has changed."""
    reasons = {msgspec.structs.replace(one, why=""): one.why for one in week.expected}
    now = tuple(msgspec.structs.replace(one, why=reasons.get(one, "")) for one in told(week))
    versions = {rule.name: rule.version for rule in rule_set(week)}
    if (now, versions) == (week.expected, week.rules):
        return week
    change = Change(rules=week.rules, why=why)
    return msgspec.structs.replace(week, expected=now, rules=versions, changes=(*week.changes, change))


def text(week: Week) -> str:
    """The file: one reading and one message a line."""
    raw = msgspec.to_builtins(week)
    lists = {name: raw.pop(name) for name in ("readings", "expected", "changes")}
    raw["watch"] = _given(raw["watch"], msgspec.to_builtins(config.Watch()))
    head = json.dumps(raw, indent=1, ensure_ascii=False).removesuffix("}").rstrip()
    body = ",\n".join(f' "{name}": [\n{_lines(items)}\n ]' for name, items in lists.items())
    return f"{head},\n{body}\n}}\n"


def _given(settings: dict[str, Any], usual: dict[str, Any]) -> dict[str, Any]:
    """What differs from the defaults."""
    found = {name: value for name, value in settings.items() if value != usual[name]}
    return {n: _given(v, usual[n]) if isinstance(v, dict) else v for n, v in found.items()}


def _lines(items: list[object]) -> str:
    return ",\n".join(f"  {json.dumps(item, ensure_ascii=False)}" for item in items)


def main() -> None:
    """Rewrite the files."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--why", required=True, help="why other alerts are right now")
    parser.add_argument("week", nargs="*", type=Path, default=sorted(WEEKS.glob("*.json")))
    options = parser.parse_args()
    for path in options.week:
        before = load(path)
        after = declared(before, options.why)
        if after != before:
            path.write_text(text(after), encoding="utf-8")
            unexplained: list[Told] = [one for one in after.expected if not one.why]
            said = f"{path.name}: {len(after.expected)} messages, {len(unexplained)} without a reason"
            sys.stdout.write(f"{said}\n")


if __name__ == "__main__":
    main()
