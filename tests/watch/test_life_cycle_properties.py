"""What holds for any life of any alert, over drawn findings."""

from __future__ import annotations

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.watching import MORNING
from wardgate import config
from wardgate.config import Watch
from wardgate.contract.messages import Alert
from wardgate.watch.alerts import CLEAR_S, Episode, step
from wardgate.watch.assess import Assessment
from wardgate.watch.rules import LOW_SATURATION, RANK, Sample, rules
from wardgate_signal.finding import Finding, Level

HUB = config.Hub(id="hub-1", patient="Copper Heron 93", assignment="assignment-1")
RULE = next(rule for rule in rules(Watch()) if rule.kind == LOW_SATURATION)
START_S = MORNING.timestamp()
lives = st.lists(
    st.tuples(
        st.floats(0.05, 40.0),
        st.sampled_from([Level.ALERT, Level.WATCH, Level.OK]),
        st.floats(0.0, 12.0),
    ),
    min_size=1,
    max_size=80,
)
Lives = list[tuple[float, Level, float]]
Moment = tuple[float, Level, float, Episode | None, Alert | None, Episode | None]


def live(drawn: Lives) -> list[Moment]:
    """(hour, level, severity, episode before, message, episode after) for each reading."""
    hour = 0.0
    episode: Episode | None = None
    found: list[Moment] = []
    for i, (gap_h, level, severity) in enumerate(drawn):
        hour += gap_h
        worst = severity if level is Level.ALERT else 0.0
        inputs = {
            "spo2_pct": 94.0 - worst,
            "before_pct": 90.0,
            "target_low_pct": 94.0,
            "target_high_pct": 98.0,
            "very_low_pct": 91.0,
        }
        finding = Finding(RULE.name, RULE.version, level, 1.0, worst, level is Level.OK, inputs, ())
        sample = Sample(START_S + hour * 3600, f"reading-{i}", {"spo2": inputs["spo2_pct"]})
        at = Assessment(sample, ((RULE, finding),), (), None, {RULE.name: (sample.reading_id,)})
        done = step(LOW_SATURATION, episode, at, HUB, MORNING + timedelta(hours=hour))
        found.append((hour, level, worst, episode, done.alert, done.episode))
        episode = done.episode
    return found


@given(drawn=lives)
@settings(max_examples=300, deadline=None)
def test_worsening_always_passes_and_nothing_else_does(drawn: Lives) -> None:
    for _, level, severity, before, told, _ in live(drawn):
        if level is not Level.ALERT:
            assert told is None or told.state == "resolved"
        elif before is None:
            assert told is not None
            assert (told.state, told.revision, told.inputs["severity"]) == ("raised", 1, severity)
        else:
            worse = severity >= before.peak + RULE.worse_by
            higher = severity >= 6.0 and before.alert.priority != "high"
            assert (told is not None) == (worse or higher)


@given(drawn=lives)
@settings(max_examples=300, deadline=None)
def test_messages_are_bounded_whatever_the_patient_does(drawn: Lives) -> None:
    """H16. One beginning and one end in a day; between them one message for each step up of twelve points."""
    story = live(drawn)
    days = story[-1][0] / (CLEAR_S / 3600.0)
    told = [alert for *_, alert, _ in story if alert is not None]
    assert sum(alert.state == "raised" for alert in told) <= days + 1
    for episode in {alert.id for alert in told}:
        mine = [alert for alert in told if alert.id == episode]
        assert [alert.revision for alert in mine] == list(range(1, len(mine) + 1))
        assert mine[0].state == "raised"
        assert all(alert.state == "updated" for alert in mine[1:-1])
        assert sum(alert.state == "updated" for alert in mine) <= 12 / RULE.worse_by + 1
        ranks = [RANK[alert.priority] for alert in mine]
        assert ranks == sorted(ranks)


@given(drawn=lives)
@settings(max_examples=300, deadline=None)
def test_it_ends_only_after_two_clear_readings_and_a_day(drawn: Lives) -> None:
    story = live(drawn)
    for i, (hour, *_, told, after) in enumerate(story):
        if told is not None and told.state == "resolved":
            assert after is None
            assert [level for _, level, *_ in story[i - 1 : i + 1]] == [Level.OK, Level.OK]
            last_bad = max(h for h, level, *_ in story[:i] if level is Level.ALERT)
            assert hour - last_bad >= 24.0 - 1e-6
