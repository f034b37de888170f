"""Several pathways in one patient: one plan, one alert, no measurement asked for twice."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from tests.support.watching import MORNING, Home, make_reading
from wardgate import config
from wardgate.cli.main import main
from wardgate.config import ConfigError, parse
from wardgate.watch.plan import in_words, make_plan

HUB = """
[hub]
id = "wg-7f3k"
patient = "Copper Heron 93"
assignment = "a-1"
[broker]
host = "127.0.0.1"
[[device]]
id = "scale"
model = "and-uc-352ble"
address = "AA:BB:CC:DD:EE:01"
"""


def read(text: str) -> config.Config:
    return parse(HUB + text, Path("wardgate.toml"))


def test_without_pathways_everything_is_as_it_was() -> None:
    plan = make_plan(config.Watch())
    assert plan.limit("target_low_pct") == 94.0
    assert plan.limit("gain_3_days_kg") == 2.0
    assert plan.cadence_h(config.Device(id="scale", model="and-uc-352ble"), "weight") == 24.0
    assert {"weight.guideline_esc", "saturation.spot_target", "pressure.persistent_low"} <= plan.rules.keys()
    assert set(plan.rules.values()) == {()}
    assert plan.reminds


def test_a_rule_that_stands_in_for_one_that_does_not_run_speaks_for_itself() -> None:
    """Towards the end of life only what was agreed tells anybody: there is nobody to stand in for."""
    watch = config.Watch(pathways=("heart-failure", "comfort", "copd"), agreed=("saturation.spot_target",))
    (said,) = [line for line in in_words(make_plan(watch), ()) if "spot_target" in line]
    assert said.strip().startswith("saturation.spot_target for heart-failure, copd and comfort: target_low_pct 88 %")
    without = config.Watch(pathways=("heart-failure", "copd"))
    (said,) = [line for line in in_words(make_plan(without), ()) if "spot_target" in line]
    assert "for heart-failure and copd, only while saturation.own_level cannot judge" in said


def test_the_narrower_target_and_the_shorter_cadence_win() -> None:
    plan = make_plan(config.Watch(pathways=("heart-failure", "covid-oximetry", "copd")))
    assert (plan.limit("target_low_pct"), plan.limit("target_high_pct")) == (88.0, 92.0)
    assert plan.settings["target_low_pct"].source == "copd 1"
    assert dict(plan.settings["target_low_pct"].instead_of) == {"heart-failure 1": 94.0, "covid-oximetry 2": 95.0}
    saturation = plan.asked["saturation"]
    assert (saturation.cadence_h, saturation.serves) == (8.0, ("heart-failure", "covid-oximetry", "copd"))
    assert len([channel for channel in plan.asked if channel == "saturation"]) == 1
    assert plan.conditions == {"heart_failure", "covid", "copd"}


def test_what_stands_in_the_configuration_wins_and_is_shown_so() -> None:
    settings = read(
        '[watch]\npathways = ["heart-failure", "hypertension"]\n[watch.pressure]\nsystolic_low_mmhg = 92\n'
        "[watch.weight]\ngain_3_days_kg = 2.5\n"
    )
    plan = make_plan(settings.watch)
    assert plan.limit("systolic_low_mmhg") == 92.0
    assert plan.settings["systolic_low_mmhg"].source == "configuration"
    words = "\n".join(in_words(plan, settings.device))
    assert "gain_3_days_kg 2.5 kg (configuration; heart-failure 1 says 2)" in words
    assert "hypertension 1 says 100" in words
    assert "Weight: every day (heart-failure 1) with scale." in words
    assert "Blood pressure: every 12 hours (hypertension 1); no device for it is configured." in words


def test_a_rule_outside_the_pathways_is_off_until_its_limit_is_given() -> None:
    assert "weight.guideline_esc" not in make_plan(config.Watch(pathways=("copd",))).rules
    given = config.Watch(pathways=("copd",), weight=config.Weight(gain_3_days_kg=2.0))
    assert make_plan(given).rules["weight.guideline_esc"] == ()


def test_levels_for_a_healthy_lung_never_call_for_a_patient_with_a_lower_target() -> None:
    """92 % is help at once in COVID oximetry at home, and well where 88 to 92 % is prescribed."""
    rule = "saturation.oximetry_at_home"
    assert make_plan(config.Watch(pathways=("covid-oximetry",))).rules[rule] == ("covid-oximetry",)
    assert rule in make_plan(config.Watch(pathways=("covid-oximetry", "heart-failure"))).rules
    assert rule not in make_plan(config.Watch(pathways=("covid-oximetry", "copd"))).rules
    own = config.Saturation(target_low_pct=90, target_high_pct=94)
    assert rule not in make_plan(config.Watch(pathways=("covid-oximetry",), saturation=own)).rules


def test_comfort_softens() -> None:
    """Few measurements, nobody is reminded, and the ward is told only of what was agreed."""
    plan = make_plan(config.Watch(pathways=("heart-failure", "copd", "comfort")))
    assert not plan.reminds
    assert {asked.cadence_h for asked in plan.asked.values()} == {None}
    assert "blood_pressure" not in plan.asked
    assert plan.rules == {}
    assert plan.limit("target_low_pct") == 88.0
    agreed = config.Watch(pathways=("heart-failure", "copd", "comfort"), agreed=("saturation.spot_target",))
    assert make_plan(agreed).rules == {"saturation.spot_target": ("heart-failure", "copd", "comfort")}
    assert "nothing: no alarm has been agreed" in "\n".join(in_words(plan, ()))
    assert "Nobody is reminded" in "\n".join(in_words(plan, ()))


def test_a_device_may_have_its_own_cadence() -> None:
    plan = make_plan(config.Watch(pathways=("frailty",)))
    scale = config.Device(id="scale", model="and-uc-352ble")
    assert plan.cadence_h(scale, "weight") == 168.0
    assert plan.cadence_h(config.Device(id="scale", model="and-uc-352ble", cadence_h=72.0), "weight") == 72.0
    assert plan.cadence_h(scale, "saturation") is None


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[watch]\npathways = ["hart-failure"]', "there is no pathway `hart-failure`. Did you mean `heart-failure`?"),
        ('[watch]\nconditions = ["asthma-x"]', "watch.conditions: `asthma-x` is not known."),
        ('[watch]\nagreed = ["spot_target"]', "watch.agreed: `spot_target` is not known. Did you mean"),
        (
            '[watch]\npathways = ["copd"]\n[watch.saturation]\ntarget_low_pct = 94',
            "They are 94 (configuration) and 92 (copd 1).",
        ),
        ('[[watch.shadow]]\nname = "a"\nrule = "weight.esc"', "watch.shadow `a`: `weight.esc` is no rule."),
        (
            '[[watch.shadow]]\nname = "a"\nrule = "weight.guideline_esc"\nlimits = {gain_kg = 1}',
            "`gain_kg` is no limit of weight.guideline_esc. Did you mean `gain_3_days_kg`?",
        ),
        (
            '[[watch.shadow]]\nname = "a"\nrule = "weight.guideline_us"\n' * 2,
            "watch.shadow: two are called `a`.",
        ),
        ('[[watch.note]]\nat = 2026-11-01T08:00:00Z\nnote = "diuretic"', "`diuretic` is no note. Did you mean"),
        ('[[watch.note]]\nat = 2026-11-01T08:00:00Z\nnote = "dry_weight:7"', "has to look like dry_weight:78.5"),
    ],
)
def test_a_watch_that_cannot_be_is_refused(text: str, sentence: str) -> None:
    with pytest.raises(ConfigError) as caught:
        read(text)
    assert sentence in "\n".join(caught.value.problems)


def test_the_command_says_the_plan(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "wardgate.toml"
    file.write_text(HUB + '[watch]\npathways = ["heart-failure", "copd"]\n')
    assert main(["plan", "--config", str(file)]) == 0
    said = capsys.readouterr().out
    assert "Heart failure (heart-failure 1):" in said
    assert "target_low_pct 88 % (copd 1; heart-failure 1 says 94)" in said
    assert main(["plan", "--config", str(file), "--json"]) == 0
    assert '"heart-failure"' in capsys.readouterr().out


async def test_one_alert_names_every_pathway_it_serves(tmp_path: Path) -> None:
    home = Home(tmp_path / "both.db", watch=config.Watch(pathways=("heart-failure", "copd")))
    await home.watcher.start()
    await home.saturations((0, 90), (12, 87), (24, 86))
    await home.weights((3, 78.0), (4, 81.0))
    saturation, weight = home.alerts()
    assert (saturation.kind, saturation.pathways) == ("low-saturation", ("heart-failure", "copd"))
    assert (weight.kind, weight.pathways) == ("weight-gain", ("heart-failure",))
    await home.store.close()


async def test_comfort_tells_the_ward_of_nothing_that_was_not_agreed(tmp_path: Path) -> None:
    home = Home(tmp_path / "comfort.db", watch=config.Watch(pathways=("heart-failure", "comfort")))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 82.0))
    await home.take(make_reading("saturation", MORNING + timedelta(days=2), spo2=80))
    assert home.alerts() == []
    await home.store.close()


async def test_an_alert_that_the_plan_no_longer_watches_is_ended_and_says_so(tmp_path: Path) -> None:
    home = Home(tmp_path / "changed.db", watch=config.Watch(pathways=("heart-failure",)))
    await home.watcher.start()
    await home.weights((0, 78.0), (1, 82.0))
    await home.store.close()
    home.watch = config.Watch(pathways=("heart-failure", "comfort"))
    home.__post_init__()
    await home.watcher.start()
    assert home.states() == ["raised", "resolved"]
    assert home.alerts()[-1].sentence.startswith("The plan was changed and no longer watches this.")
    assert home.store.open_alerts() == []
    await home.restart()
    assert home.states() == ["raised", "resolved"]
    await home.store.close()
