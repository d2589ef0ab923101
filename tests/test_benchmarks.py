"""The benchmarks run at a tiny size, agree with a peer, and judge as they say."""

from __future__ import annotations

import json
from dataclasses import dataclass

import numpy as np
import pandas as pd
import pytest

from benchmarks import our_curve, ours, peers, tables
from benchmarks.command import measure
from benchmarks.contenders import Language, Timed
from benchmarks.harness import AGREEMENT, Pace, Row, run
from benchmarks.machine import Machine, Unavoidable
from benchmarks.prepare import Prepared, Setting
from benchmarks.workloads import FIRST, Shape, Specification, curve, dyads, event_columns, specifications
from benchmarks.works import WORKS
from eventpanel.robustness.specifications import specifications as combinations_of

MACHINE = Machine(bandwidth=1e10, gemm=1e11, start=0.1)
ONCE = Pace(least=1, most=1, seconds=0.0)
FIELDS = {"work", "ours_s", "peer", "peer_s", "ratio", "target", "met", "ours_min_s", "peer_min_s", "limit_s"}
FEW_CLUSTERS = pytest.mark.filterwarnings("ignore::eventpanel.api.EstimationWarning")
BY_KEY = {work.key: work for work in WORKS}


def test_two_works_agree_with_a_peer_and_with_regressions_one_by_one() -> None:
    chosen = [BY_KEY["importer-year"], BY_KEY["leave-one-out"]]
    rows = measure(chosen, Setting(Shape(importers=24, exporters=4), fixest="", quick=True), MACHINE, ONCE)
    assert {"statsmodels", "one"} <= {row.peer.split()[0] for row in rows}
    assert all(row.agreement is not None and row.agreement <= AGREEMENT for row in rows)
    written = json.loads(json.dumps([row.as_dict() for row in rows]))
    assert all({*FIELDS, "agreement", "note"} <= row.keys() for row in written)
    assert all(row["ours_s"] > 0 and row["peer_s"] > 0 and row["limit_s"] > 0 for row in written)
    assert all(row.work in tables.text(rows) and row.work in tables.markdown(rows) for row in rows)


@dataclass(frozen=True)
class Stated:
    """A contender whose time and coefficient are stated."""

    language: Language
    seconds: float
    coef: float = 1.0
    peak: float = float("nan")
    name: str = "stated"
    note: str = ""

    def once(self) -> Timed:
        return Timed(self.seconds, np.array([self.coef]), self.peak)

    def close(self) -> None:
        pass


def judged(key: str, ours: Stated, *peers: Stated) -> list[Row]:
    prepared = Prepared("title", ours, [[peer] for peer in peers], most_memory=3.0)
    return run(BY_KEY[key], prepared, MACHINE, ONCE)


OURS = Stated("ours", 1.0)


@pytest.mark.parametrize(
    ("key", "ours", "peers", "met"),
    [
        ("dyads", OURS, [Stated("python", 11.0), Stated("python", 30.0), Stated("R", 2.0)], True),
        ("dyads", OURS, [Stated("python", 9.0), Stated("python", 30.0), Stated("R", 2.0)], False),
        ("dyads", OURS, [Stated("python", 11.0), Stated("R", 0.9)], False),
        ("dyads", OURS, [Stated("python", 11.0, coef=1 + 2e-8), Stated("R", 2.0)], False),
        ("dyads", OURS, [Stated("python", 11.0, coef=float("nan")), Stated("R", 2.0)], False),
        ("dyads", OURS, [Stated("python", 11.0)], True),
        ("leave-one-out", OURS, [Stated("ours", 0.6)], True),
        ("leave-one-out", OURS, [Stated("ours", 0.4)], False),
        ("large", Stated("ours", 1.0, peak=2.9), [Stated("R", 2.1)], True),
        ("large", Stated("ours", 1.0, peak=3.1), [Stated("R", 2.1)], False),
        ("large", Stated("ours", 1.0, peak=2.9), [Stated("python", 99.0)], None),
    ],
)
def test_a_target_is_judged_by_the_fastest_peer_it_names(
    key: str, ours: Stated, peers: list[Stated], met: bool | None
) -> None:
    assert {row.met for row in judged(key, ours, *peers)} == {met}


def test_a_peer_that_differs_is_named_and_does_not_count() -> None:
    good, wrong = judged("importer-year", OURS, Stated("python", 25.0), Stated("python", 30.0, coef=1.1))
    assert (good.met, wrong.met) == (True, False)
    assert "differ" in wrong.note
    assert "differ" not in good.note


def test_what_is_missing_is_said() -> None:
    (row,) = judged("dyads", OURS, Stated("python", 11.0))
    assert "R fixest not installed" in row.note
    (row,) = run(BY_KEY["large"], Prepared("title", None, note="no such call"), MACHINE, ONCE)
    assert (row.met, row.peer, row.note) == (False, "", "no such call")


def test_the_limit_is_the_largest_of_what_cannot_be_avoided() -> None:
    assert MACHINE.limit(Unavoidable(touched=2e10, operations=1e11)) == 2.0
    assert MACHINE.limit(Unavoidable(operations=3e11, starts=True)) == 3.0
    assert MACHINE.limit(Unavoidable(starts=True)) == 0.1


def test_the_suite_has_a_thousand_specifications_and_the_data_are_mostly_zeros() -> None:
    assert len(set(specifications())) == 1000
    trade = dyads(Shape())
    assert len(trade.ready) == 68_544
    assert 0.95 < (trade.ready["deals"] == 0).mean() < 0.98


@FEW_CLUSTERS
def test_the_curve_has_two_thousand_valid_specifications_under_the_names_of_the_study() -> None:
    every = curve()
    asked = our_curve.case(dyads(Shape(importers=16, exporters=3)).record, every, draws=19)
    found = combinations_of(asked)
    assert not found.refused
    assert {one.label for one in found.valid} == {our_curve.label(one) for one in every}
    assert len(found.valid) == len(set(every)) == 2000
    some = {our_curve.label(one): ours.design(one) for one in every[::97]}
    assert {one.label: one.question.design for one in found.valid if one.label in some} == some


def test_a_shorter_window_has_the_inner_event_columns() -> None:
    short = Specification(threshold=3.0, around=1, controls=("gdp",))
    assert short.regressors == [*event_columns(3.0)[1:4], *event_columns(3.0)[6:9], "gdp"]


@pytest.mark.slow
@FEW_CLUSTERS
def test_the_curve_estimates_what_regressions_one_by_one_estimate() -> None:
    record = dyads(Shape(importers=16, exporters=3)).record
    short = ("importer", "exporter", "year")
    every = [
        Specification(outcome=outcome, around=around, effects=effects)
        for outcome in ("deals", "value")
        for around in (2, 1)
        for effects in (Specification().effects, short)
    ]
    made = our_curve.chosen(our_curve.curve(record, every, draws=19), every)
    held = ours.panel(record)
    alone = [ours.regression(held, ours.design(one))[one.around] for one in every]
    np.testing.assert_allclose(made, alone, rtol=AGREEMENT)


@pytest.mark.filterwarnings("ignore")  # The peer's.
@pytest.mark.skipif(not peers.HAS_PYFIXEST, reason="pyfixest is not installed")
def test_a_peer_with_draws_estimates_what_it_estimates_without_and_its_draws_have_no_event() -> None:
    asked, way = Specification(around=1, controls=("gdp",)), peers.demeaners()["rust"]
    ready = peers.needed(dyads(Shape(importers=12, exporters=3)).ready, [asked])
    drawn = peers.flipped(ready, asked, 2)
    np.testing.assert_allclose(peers.feols_drawn(drawn, asked, 2, way), peers.feols(ready, asked, way), rtol=AGREEMENT)
    sizes = drawn[["draw0", "draw1"]].pow(2).groupby(drawn["importer"]).sum()
    np.testing.assert_allclose(sizes["draw0"], sizes["draw1"])
    assert not np.allclose(drawn["draw0"], drawn["draw1"])


def test_ready_made_events_are_those_of_the_raw_record() -> None:
    trade = dyads(Shape(importers=6, exporters=2))
    record = trade.record.set_index(["exporter", "importer", "year"])
    rows = trade.record[trade.record["year"].between(FIRST, FIRST + 13)]
    for k, name in zip(range(-2, 3), event_columns(5.0)[:5], strict=True):
        keys = pd.MultiIndex.from_arrays([rows["exporter"], rows["importer"], rows["year"] - k])
        raw = record.reindex(keys)
        want = (raw["unrest"] > 5) & (raw["polity2"] < 7)
        assert trade.ready[name].tolist() == want.astype(float).tolist()
