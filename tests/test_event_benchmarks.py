"""The benchmarks on events run on tiny panels, compare the numbers, and judge as they say."""

from __future__ import annotations

import json
import sys
import warnings
from dataclasses import replace

import numpy as np
import pytest

import eventpanel.api as ep
from benchmarks import event_harness, event_process
from benchmarks.contenders import Timed
from benchmarks.event_command import HEAD, cells
from benchmarks.event_harness import EventRow, measure
from benchmarks.event_panels import BEFORE, PANELS, Size, once, recurring
from benchmarks.event_process import Failed, Limited, TooSlow, others, ours
from benchmarks.event_ready import LAGS, TIMES, lag_column, outcome_column, ready
from benchmarks.event_works import WORKS, EventWork, Peer
from benchmarks.harness import Pace

TINY = Size(60, 14)
ONCE = Pace(least=1, most=1, seconds=0.0)
BY_KEY = {work.key: work for work in WORKS}


@pytest.mark.parametrize("work", WORKS, ids=lambda work: work.key)
def test_every_work_of_ours_runs_on_a_tiny_panel(work: EventWork) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ep.EstimationWarning)
        found = work.run(PANELS[work.panel](TINY))
    assert {*found} >= {0}
    assert {*found} <= {*work.times, -1}
    assert np.isfinite(found[0]).all()


def answering(text: str, **fields: object) -> Limited:
    """A process that answers each line with the same text."""
    code = f"import sys\nfor _ in sys.stdin: print({text!r}, flush=True)"
    made = Limited("stated", "python", [sys.executable, "-c", code], same=(0, 1))
    return replace(made, **fields)  # type: ignore[arg-type]


def answer(seconds: float, *coef: float) -> str:
    return json.dumps({"seconds": seconds, "coef": coef, "errors": [0.1] * len(coef)})


WORK = replace(BY_KEY["panel_match"], times=(0, 1))
OURS = answering(answer(1.0, 2.0, 1.0), name="eventpanel", language="ours")


def judged(*peers: Limited) -> list[EventRow]:
    named = [replace(peer, name=f"peer {i}", held=[]) for i, peer in enumerate(peers)]
    return measure(WORK, TINY, replace(OURS, held=[]), named, [], ONCE)


def test_the_fastest_peer_judges() -> None:
    slow, fast = answering(answer(3.0, 2.0, 1.0)), answering(answer(0.5, 2.0, 1.0))
    assert [row.met for row in judged(slow)] == [True]
    assert [(row.met, row.ratio) for row in judged(slow, fast)] == [(False, 3.0), (False, 0.5)]


def test_a_peer_that_differs_is_named() -> None:
    good, wrong = judged(answering(answer(3.0, 2.0, 1.0)), answering(answer(3.0, 2.0, 1.001)))
    assert (good.met, wrong.met) == (True, False)
    assert good.agreement == 0.0
    assert "differ" in wrong.note


def test_a_peer_of_another_definition_is_not_compared() -> None:
    (row,) = judged(answering(answer(3.0, 7.0, 7.0), same=(), note="other weights"))
    assert (row.met, row.agreement, row.note) == (True, None, "other weights")


def test_a_peer_that_misses_a_number_does_not_agree() -> None:
    (row,) = judged(answering(answer(3.0, 2.0, float("nan"))))
    assert row.met is False


def test_what_fails_and_what_is_too_slow_are_shown() -> None:
    failed, slow = judged(answering('{"failed": "ValueError: no"}'), answering(answer(121.0, 2.0, 1.0)))
    assert failed.note.startswith("failed: ValueError: no")
    assert (failed.ratio, failed.met) == (None, True)
    assert (slow.over, slow.ratio) == (True, 120.0)
    assert cells([slow])[1][HEAD.index("peer's")] == "> 120 s"


def test_a_process_that_does_not_answer_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_process, "LIMIT", 0.2)
    monkeypatch.setattr(event_process, "START", 0.0)
    silent = Limited("silent", "python", [sys.executable, "-c", "import time; time.sleep(60)"])
    with pytest.raises(TooSlow):
        silent.once()
    (process,) = silent.held
    silent.close()
    assert process.poll() is not None
    ended = Limited("ended", "python", [sys.executable, "-c", "input()"])
    with pytest.raises((Failed, TooSlow)):
        ended.once()
    ended.close()


def test_what_takes_long_runs_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(event_harness, "LONG", 2.0)
    (row,) = judged(answering(answer(3.0, 2.0, 1.0)))
    assert (row.rounds, row.ratio, row.agreement) == (0, 3.0, 0.0)


def test_ours_answers_from_a_process_of_its_own() -> None:
    contender = ours(WORK, TINY)
    try:
        found = contender.once()
    finally:
        contender.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ep.EstimationWarning)
        here = WORK.run(recurring(TINY))
    assert isinstance(found, Timed)
    assert found.errors is not None
    want = [here[k] for k in BY_KEY["panel_match"].times]
    assert list(zip(found.coef, found.errors, strict=True)) == want


def test_peers_that_are_not_installed_are_named() -> None:
    work = replace(BY_KEY["sun_abraham"], peers=[Peer("no-such-package", lambda frame: {}, ())])
    assert others(work, TINY, "") == ([], ["no-such-package", "R fixest"])


def test_panels_are_seeded_and_of_their_kind() -> None:
    again, held = recurring(TINY), recurring(TINY)
    assert again.equals(held)
    assert held.groupby("unit")["event"].sum().max() > 1
    single = once(TINY)
    turned = single.groupby("unit")["status"].diff()
    assert {*turned.dropna()} == {0.0, 1.0}
    on = single[single["status"] > 0].groupby("unit")["year"].min()
    assert on.equals(single.groupby("unit")["first"].first().loc[on.index].rename("year"))
    assert on.min() >= BEFORE


def test_ready_columns_are_those_of_the_raw_panel() -> None:
    frame = recurring(TINY)
    made = ready(frame)
    by_key = frame.set_index(["unit", "year"])
    for place in np.random.default_rng(1).integers(len(made), size=30):
        row = made.iloc[place]
        unit, year = int(row["unit"]), int(row["year"])
        for k in LAGS:
            np.testing.assert_equal(row[lag_column(k)], by_key["event"].get((unit, year - k), np.nan))
        for k in TIMES:
            np.testing.assert_equal(row[outcome_column(k)], by_key["y"].get((unit, year + k), np.nan))
    keys = list(zip(frame["unit"].tolist(), frame["year"].tolist(), strict=True))
    recent = [by_key["event"].reindex([(unit, year - k) for unit, year in keys]).to_numpy() for k in range(3)]
    assert (made["window"].to_numpy() == np.nanmax(np.array(recent), axis=0)).all()
