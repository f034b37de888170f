"""Look for bytes that break a codec: `make fuzz`, or python -m tests.fuzz.run [--runs N] [--keep] [DECODER...].

atheris changes inputs by what they reach in the code. One process a decoder; it starts from the byte vectors and from
what is kept. With --keep what reached something new is added to the corpus (the smallest set that reaches all of it).
Ends with 1 if an input broke something; that input is printed, and is kept in any case.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.support.fuzzing import CORPUS, VECTORS, input_of, kept
from wardgate_drivers import vectors

LONGEST: Final = 600
"""Bytes of an input: some whole frames of any maker after each other."""
HANGS_S: Final = 5


def main() -> int:
    """Fuzz these decoders, or all."""
    words = argparse.ArgumentParser(prog="python -m tests.fuzz.run")
    words.add_argument("decoder", nargs="*", help="names as the byte vectors have them; none: all")
    words.add_argument("--runs", type=int, default=100_000, help="inputs a decoder (100000)")
    words.add_argument("--keep", action="store_true", help="add to tests/fuzz/corpus what reached something new")
    given = words.parse_args()
    if importlib.util.find_spec("atheris") is None:
        words.error("atheris is not there. Run: .venv/bin/uv pip install -e '.[fuzz]'")
    unknown = set(given.decoder) - vectors.supported()
    if unknown:
        words.error(f"there is no decoder {', '.join(sorted(unknown))}")
    broken = [d for d in given.decoder or sorted(vectors.supported()) if not _run(d, given.runs, keep=given.keep)]
    _say(f"{len(broken)} broken" + (f": {', '.join(broken)}" if broken else ""))
    return 1 if broken else 0


def _run(decoder: str, runs: int, *, keep: bool) -> bool:
    """Whether nothing broke."""
    with tempfile.TemporaryDirectory() as name:
        room = Path(name)
        seeds, found, crashes = room / "seeds", room / "found", room / "crash-"
        _write(seeds, [*kept(decoder), *map(input_of, VECTORS.get(decoder, []))])
        found.mkdir()
        began_s = time.monotonic()
        words = [f"-runs={runs}", f"-max_len={LONGEST}", f"-timeout={HANGS_S}", f"-artifact_prefix={crashes}"]
        done = _inside(decoder, [*words, str(found), str(seeds)])
        seconds = time.monotonic() - began_s
        if done.returncode == 0 and keep:
            smallest = room / "smallest"
            smallest.mkdir()
            _inside(decoder, ["-merge=1", f"-max_len={LONGEST}", str(smallest), str(seeds), str(found)])
            _keep(decoder, [file.read_bytes() for file in smallest.iterdir()])
        inputs = re.search(r"Done (\d+)", done.stderr)
        reached = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
        _say(
            f"{decoder:26} {int(inputs[1]) if inputs else 0:>10} inputs {seconds:7.1f} s  "
            f"reached {reached[-1][0] if reached else '?':>4}  {'well' if done.returncode == 0 else 'BROKEN'}"
        )
        for crash in room.glob("crash-*"):
            _keep(decoder, [crash.read_bytes()])
            _say(f"  {crash.read_bytes().hex()}")
        if done.returncode:
            _say(done.stdout[-3000:] + done.stderr[-1000:])
        return done.returncode == 0


def _inside(decoder: str, words: list[str]) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "tests.fuzz.inside", decoder, *words]
    return subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _write(folder: Path, inputs: list[bytes]) -> None:
    folder.mkdir()
    for number, given in enumerate(inputs):
        (folder / f"{number:05d}").write_bytes(given)


def _keep(decoder: str, inputs: list[bytes]) -> None:
    """Into the corpus, but what the byte vectors say already."""
    said = {input_of(vector) for vector in VECTORS.get(decoder, [])}
    lines = sorted({given.hex() for given in (*kept(decoder), *inputs) if given and given not in said})
    CORPUS.mkdir(exist_ok=True)
    if lines:
        (CORPUS / f"{decoder}.txt").write_text("\n".join(lines) + "\n", encoding="ascii")


if __name__ == "__main__":
    sys.exit(main())
