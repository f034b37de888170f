"""axe-core, fetched once by npm into a cache: it judges pages in tests and is part of no package of ours."""

from __future__ import annotations

import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

import pytest
from selenium import webdriver

VERSION: Final = "4.14.1"
_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "wardgate-tests"
TAGS: Final = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")


def axe_source() -> str:
    """The script. Fails, saying what is needed, where it can be neither found nor fetched."""
    script = _CACHE / f"axe-core-{VERSION}.min.js"
    if not script.exists():
        _fetch(script)
    return script.read_text(encoding="utf-8")


def _fetch(script: Path) -> None:
    npm = shutil.which("npm")
    if npm is None:
        pytest.fail("Accessibility tests fetch axe-core by npm: apt install npm", pytrace=False)
    _CACHE.mkdir(parents=True, exist_ok=True)
    place = Path(tempfile.mkdtemp(dir=_CACHE))
    packed = subprocess.run(
        [npm, "pack", "--silent", f"axe-core@{VERSION}"], cwd=place, capture_output=True, text=True, check=False
    )
    if packed.returncode:
        pytest.fail(f"axe-core {VERSION} cannot be fetched by npm: {packed.stderr.strip()}", pytrace=False)
    archive, beside = place / packed.stdout.split()[-1], place / "axe.min.js"
    with tarfile.open(archive) as tar:
        member = tar.extractfile("package/axe.min.js")
        assert member
        beside.write_bytes(member.read())
    beside.replace(script)  # another process may be doing the same
    shutil.rmtree(place)


_JUDGE: Final = """
const done = arguments[1];
axe.run(document, {runOnly: arguments[0], resultTypes: ['violations', 'incomplete'], elementRef: true}).then(result => {
  const known = rule => node => rule.id === 'color-contrast' && node.element.closest('svg.chart');
  const short = (rule, nodes) => nodes.map(node => `${rule.id}: ${node.target} ${node.any.map(a => a.message)}`);
  done([result.violations.flatMap(r => short(r, r.nodes)),
        result.incomplete.flatMap(r => short(r, r.nodes.filter(n => !known(r)(n))))]);
});
"""


def judge(window: webdriver.Chrome) -> tuple[list[str], list[str]]:
    """axe's word on the page as it stands: what is wrong, and of what it cannot be sure.

    Contrast inside charts is left out of the second: axe never judges it there, and the tokens have their own test.
    """
    window.execute_script(axe_source())
    wrong, unsure = window.execute_async_script(_JUDGE, list(TAGS))
    return wrong, unsure
