"""The process in which atheris fuzzes one codec: python -m tests.fuzz.inside DECODER [libFuzzer's words...].

It imports nothing of ours before atheris watches imports: what it counts is what inputs reach in the drivers' code.
"""

from __future__ import annotations

import importlib
import sys
from typing import Any


def main() -> None:
    """Never returns: libFuzzer ends the process."""
    decoder, words = sys.argv[1], sys.argv[2:]
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["wardgate_drivers"], enable_loader_override=False):
        fuzzing: Any = importlib.import_module("tests.support.fuzzing")
    choices = fuzzing.contexts(decoder)

    def change(data: bytes, most: int, seed: int) -> bytes:
        changed: bytes = atheris.Mutate(data, most)
        if seed % 4 or len(changed) < 2:
            return changed
        context, frame = choices[changed[0] % len(choices)], changed[1:]
        near = next((i for i, (a, b) in enumerate(zip(frame, data[1:], strict=False)) if a != b), len(frame))
        mended: bytes = changed[:1] + fuzzing.repaired(decoder, frame, context, near)
        return mended[:most]

    # libFuzzer's merge starts this anew through a shell.
    again = f"{sys.executable} -m tests.fuzz.inside {decoder}"
    atheris.Setup([again, *words], lambda data: fuzzing.examine(decoder, data), custom_mutator=change)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
