"""Templates: a package's own, and those that all pages share. Undefined names and unescaped text show at once."""

from __future__ import annotations

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined

from wardgate.faces.assets import SHARED, Assets
from wardgate.faces.scale import BOTTOM_PX, TOP_PX


def environment(assets: Assets, *packages: str) -> Environment:
    """The templates of these packages over the shared ones; `asset(name)` gives a static file's address."""
    made = Environment(
        loader=ChoiceLoader([PackageLoader(package) for package in (*packages, SHARED)]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.globals.update(asset=assets.address, TOP=TOP_PX, BOTTOM=BOTTOM_PX)
    return made
