"""What `make evidence` writes: every detector is fed, kinds are counted, pictures and pages are well formed."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from benchmarks.evidence import calibration, nights, pages, picture, tables
from benchmarks.evidence.aims import judge
from benchmarks.evidence.compare import ALL, SUBJECTS, measure, named_rightly, pooled, users
from benchmarks.evidence.detectors import EVERY, KINDS, Entry, Said, say
from benchmarks.evidence.run import Ran
from wardgate_sim.cohort import Episode, Patient, cohort
from wardgate_sim.cohort.types import DAY_S, Kind

TWO: tuple[Kind, Kind] = ("heart_failure", "respiratory")


@pytest.fixture(scope="module")
def somebody() -> Patient:
    return next(p for p in cohort(11, 30, days=60) if p.conditions == {"heart_failure", "copd"})


@pytest.mark.parametrize("entry", EVERY, ids=lambda entry: str(entry.name))
def test_every_detector_is_fed_and_says_numbers(entry: Entry, somebody: Patient) -> None:
    said = say(entry, somebody)
    times_s, scores = said.scored
    channels = {s.time_s: s.channel for s in somebody.samples}
    room = entry.name.partition(".")[0]
    assert times_s.size > 20
    assert np.isfinite(scores).all()
    assert room == "fusion" or {channels[t] for t in times_s.tolist()} == {room}
    assert (said.kinds >= 0).all() == (room == "fusion")


def a_ran(world: str) -> Ran:
    """Two patients with one episode each; every detector shouts in the week before the first and at nothing else."""
    days = np.arange(0, 120.0)
    patients, said = [], []
    for i, kind in enumerate(TWO):
        patients.append(
            Patient(
                conditions=frozenset({"heart_failure"}),
                target_low_pct=94,
                target_high_pct=98,
                dry_weight_kg=None,
                beta_blocker=False,
                careful=True,
                start_s=0,
                end_s=120 * DAY_S,
                samples=(),
                episodes=(Episode(60 * DAY_S, 70 * DAY_S, 80 * DAY_S, kind, gains=True),),
            )
        )
        loud = (days >= 63) & (days < 70) & (i == 0)
        kinds = np.where(days < 66, KINDS.index(TWO[1]), KINDS.index(TWO[0]))
        said.append(Said((days * DAY_S, np.where(loud, 5.0, days % 2)), kinds))
    return Ran(world, tuple(patients), {entry.name: tuple(said) for entry in EVERY})


def test_the_kind_is_counted_at_the_first_alert_and_at_the_last() -> None:
    counts = named_rightly(a_ran("published"), "fusion.patient", 4.0)
    assert counts[TWO[0]] == (1, 0, 1)
    assert counts[TWO[1]] == (0, 0, 0)


def test_pages_and_figures_of_what_was_measured() -> None:
    rans = [a_ran("published"), a_ran("rough")]
    every = pooled(rans)
    results = {s.name: {ran.world: measure(s, ran) for ran in (*rans, every)} for s in SUBJECTS}
    weight = results["weight"][ALL]
    assert [m.points[-1].sensitivity for m in weight] == [1.0] * len(weight)
    assert weight[0].points[-1].median_lead_days == pytest.approx(7)
    assert all(d.low == d.high == 0 for m in weight[1:] for d in m.behind)
    page = pages.detection(results, every, pages.made({"published": 2}, 1))
    assert "TUNING" in page
    assert page.count("### ") == len(SUBJECTS) * 3
    aims = judge(results, every, [])
    assert not any(aim.met for aim in aims if "ahead" in aim.what)  # nobody is ahead of what says the same
    assert "**missed**" in pages.aims(aims)
    assert json.loads(json.dumps(tables.as_json(weight[0])))["points"][0]["sensitivity"] == 1.0


def test_users_are_split_by_their_habits_and_nobody_is_lost() -> None:
    everybody = a_ran("published")
    assert len(users(everybody, careful=True).patients) == 2
    assert users(everybody, careful=False).patients == ()
    assert len(users(everybody, careful=True).said["fusion.patient"]) == 2


def test_a_picture_is_well_formed_and_names_its_lines() -> None:
    rates, found = np.array([0.01, 0.3, 1, 20]), np.array([0, 0.2, 0.5, 1])
    text = picture.curves("One & two", [picture.Line("a<b", rates, found, ours=True), picture.Line("c", rates, found)])
    words = [element.text for element in ET.fromstring(text).iter() if element.text]
    assert {"One & two", "a<b", "c", "false alerts a patient-year"} <= set(words)


def test_the_calibration_table_has_a_figure_for_each_published_one() -> None:
    rows = calibration.table(cohort(12, 45))
    assert len(rows) > 20
    assert all(row.published and row.source and "nan" not in row.here for row in rows)


def test_nights_take_the_place_of_what_they_said_before_among_the_aims(tmp_path: Path) -> None:
    page = tmp_path / "aims.md"
    page.write_text(
        "# Aims\n\n| aim | measured |  |\n| --- | --- | --- |\n| all: kinds | 84 % | met |\n", encoding="utf-8"
    )
    for f1 in ("0.90", "0.97"):
        nights.tell(page, [f"{nights.ROW}F1 at least 0.93 | {f1} | met |"])
    lines = page.read_text(encoding="utf-8").splitlines()
    assert lines[-2:] == ["| all: kinds | 84 % | met |", "| nights: F1 at least 0.93 | 0.97 | met |"]
    nights.tell(tmp_path / "nowhere.md", [])
    assert not (tmp_path / "nowhere.md").exists()
