"""Models that other installed packages bring: which, and what was left out."""

from __future__ import annotations

from wardgate.cli.checks.check import Check, problem, well
from wardgate_drivers.model.lookup import from_elsewhere


def models() -> list[Check]:
    """Nothing where no package brings any."""
    found = from_elsewhere()
    checks = [
        problem("models", f"A model was left out: {what}.", "Mend or remove the package that brings it.")
        for what in found.problems
    ]
    if found.models:
        checks.append(well("models", f"From other packages: {', '.join(model.id for model in found.models)}."))
    return checks
