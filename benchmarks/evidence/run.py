"""Run every detector over cohorts, on all processors."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from benchmarks.evidence.detectors import EVERY, Entry, Said, say
from wardgate_sim.cohort import Patient, cohort

_PART = 10


@dataclass(frozen=True, slots=True)
class Ran:
    """Patients of one world (their samples left out) and what each detector said over each of them."""

    world: str
    patients: tuple[Patient, ...]
    said: dict[str, tuple[Said, ...]]


@dataclass(frozen=True, slots=True)
class _Task:
    world: str
    seed: int
    first: int
    count: int
    names: tuple[str, ...]


def run(
    sizes: dict[str, int], seed: int, entries: Sequence[Entry] = EVERY, told: Callable[[int, int], None] | None = None
) -> list[Ran]:
    """So many patients of each world. `told` hears how many parts of how many are done."""
    names = tuple(entry.name for entry in entries)
    tasks = [
        _Task(world, seed, first, min(_PART, size - first), names)
        for world, size in sizes.items()
        for first in range(0, size, _PART)
    ]
    parts: list[Ran] = []
    with multiprocessing.get_context("fork").Pool(os.cpu_count()) as pool:
        for done, part in enumerate(pool.imap(_work, tasks), 1):
            parts.append(part)
            if told:
                told(done, len(tasks))
    return [joined([part for part in parts if part.world == world], world) for world in sizes]


def joined(parts: Sequence[Ran], world: str) -> Ran:
    """Several as one."""
    names = parts[0].said
    return Ran(
        world,
        tuple(patient for part in parts for patient in part.patients),
        {name: tuple(said for part in parts for said in part.said[name]) for name in names},
    )


def _work(task: _Task) -> Ran:
    patients = cohort(task.seed, task.count, world=task.world, first=task.first)
    entries = [entry for entry in EVERY if entry.name in task.names]
    said = {entry.name: tuple(say(entry, patient) for patient in patients) for entry in entries}
    return Ran(task.world, tuple(replace(patient, samples=()) for patient in patients), said)
