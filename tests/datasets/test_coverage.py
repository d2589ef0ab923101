"""Four answers: each row of each column says value, true zero, not covered or censored, and keeps saying it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.answers import Answer, Watched
from eventpanel.datasets.coverage import coverage_table
from eventpanel.datasets.derive import any_of, log1p, ratio, total
from eventpanel.datasets.errors import ColumnError, MergeError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records, count
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.events import Event
from eventpanel.estimators.window import EventWindow

V, Z, N, C, G = Answer.VALUE, Answer.ZERO, Answer.NOT_COVERED, Answer.CENSORED, Answer.NO_VALUE


def keys(importer: str, first: int, last: int) -> pd.DataFrame:
    return pd.DataFrame({"importer": importer, "year": range(first, last + 1)})


def deals(years: tuple[int, ...] = (2010, 2010, 2012)) -> Records:
    """Deals of Kenya, watched 2010 and 2011, seen in part in 2012."""
    rows = pd.DataFrame({"exporter": "CHN", "importer": "KEN", "year": list(years)})
    return Records(
        rows,
        keys("KEN", 2010, 2011),
        Source("deals", "My deals"),
        censored=keys("KEN", 2012, 2012),
        why="orders without a delivery yet",
    )


def answers(panel: Panel, name: str) -> list[Answer]:
    return [Answer(number) for number in panel.answers(name)]


def scores(values: list[float | None], name: str = "polity") -> Panel:
    frame = keys("KEN", 2010, 2009 + len(values)).assign(**{name: pd.Series(values)})
    return Panel(frame, ("importer",), "year", (Source("scores", "My scores"),))


def merged() -> Panel:
    panel = merge(spine(2009, 2013, importers=["KEN"]), count(deals(), "deals"), cardinality="1:1")
    return merge(panel, scores([5, None, 0, 7]), cardinality="1:1")


def test_a_merge_keeps_which_answer_it_is() -> None:
    assert answers(merged(), "deals") == [N, V, Z, C, N]
    assert answers(merged(), "polity") == [N, V, G, Z, V]


def test_a_censored_count_is_missing_not_zero_and_not_the_part_that_was_seen() -> None:
    panel = merged()
    assert panel.frame["deals"].isna().tolist() == [True, False, False, True, True]
    assert panel.censored("deals").tolist() == [False, False, False, True, False]
    listed = panel.conflicts[panel.conflicts["source"] == "deals"]
    assert listed[["value", "years", "resolution"]].to_numpy().tolist() == [["KEN", "2012-2012", "not counted"]]


def test_rows_are_named_by_their_keys_not_by_their_place() -> None:
    panel = merged()
    late = panel.with_frame(panel.frame[panel.frame["year"] >= 2011])
    assert answers(late, "deals") == [Z, C, N]
    turned = panel.with_frame(panel.frame.iloc[::-1])
    assert answers(turned, "deals") == answers(panel, "deals")


def test_a_number_put_in_later_is_a_number_and_one_taken_out_a_gap() -> None:
    panel = merged()
    values = panel.frame["deals"].fillna(3.0).mask(panel.frame["year"] == 2010)
    assert answers(panel.with_frame(panel.frame.assign(deals=values)), "deals") == [V, G, Z, V, V]


def test_a_panel_merged_into_another_brings_its_frames() -> None:
    wide = merge(spine(2008, 2014, importers=["KEN", "UGA"]), merged(), cardinality="1:1")
    kenya = wide.frame["importer"] == "KEN"
    assert [Answer(number) for number in wide.answers("deals")[kenya]] == [N, N, V, Z, C, N, N]
    assert set(wide.answers("deals")[~kenya]) == {N}


def test_one_row_serves_several_exporters() -> None:
    pairs = spine(2010, 2012, importers=["KEN"], exporters=["CHN", "USA"])
    panel = merge(pairs, count(deals(), "deals", exporters=["CHN", "USA"]), cardinality="1:1")
    panel = merge(panel, scores([5, None]), cardinality="m:1")
    assert answers(panel, "deals") == [V, Z, C, Z, Z, C]
    assert answers(panel, "polity") == [V, G, N] * 2


def test_facts_without_years_and_quarters_have_answers_too() -> None:
    facts = Panel(pd.DataFrame({"importer": ["KEN"], "area": [580.0]}), ("importer",), None)
    panel = merge(spine(2010, 2011, importers=["KEN", "UGA"]), facts, cardinality="m:1")
    assert answers(panel, "area") == [V, V, N, N]
    quarters = pd.DataFrame({"importer": "KEN", "time": ["2010Q1", "2010Q2", "2010Q3"], "protests": [1, 0, None]})
    left = Panel(quarters[["importer", "time"]], ("importer",), "time")
    right = Panel(quarters.iloc[1:], ("importer",), "time")
    assert answers(merge(left, right, cardinality="1:1"), "protests") == [N, Z, G]


def test_text_is_a_value() -> None:
    kinds = Panel(keys("KEN", 2010, 2011).assign(kind=pd.Series(["none", None], dtype=object)), ("importer",), "year")
    assert answers(merge(spine(2010, 2012, importers=["KEN"]), kinds, cardinality="1:1"), "kind") == [V, G, N]


def test_columns_of_a_merged_panel_keep_their_order() -> None:
    names = [f"score_{letter}" for letter in "qzambycx"]
    own = spine(2010, 2011, importers=["KEN"])
    scores = Panel(own.frame.assign(**dict.fromkeys(names, 1.0)), ("importer",), "year")
    twice = merge(own, merge(own, scores, cardinality="1:1"), cardinality="1:1")
    assert coverage_table(twice)["variable"].tolist() == names


def test_a_column_of_ones_own_has_the_rows_as_its_frame() -> None:
    panel = scores([1, 0, None])
    assert answers(panel, "polity") == [V, Z, G]
    with pytest.raises(ColumnError):
        panel.answers("nothing")


@pytest.mark.parametrize("make", [any_of, total])
def test_columns_made_from_columns_say_what_their_parts_say(make: Callable[[Panel, str, list[str]], Panel]) -> None:
    panel = make(merged(), "both", ["deals", "polity"])
    # 2011: deals are zero and polity has a gap; 2012: deals are censored.
    assert answers(panel, "both")[0] == N and answers(panel, "both")[2:4] == [G, C]
    assert answers(make(panel, "again", ["both"]), "again")[2:4] == [G, C]
    assert "both" not in set(panel.coverage["variable"])


def test_the_worst_part_says_why() -> None:
    panel = log1p(ratio(merged(), "rate", ["polity", "deals"]), "log_rate", ["rate"])
    # 2011: polity has a gap, and deals are zero; 2013: deals are not covered.
    assert answers(panel, "rate") == [N, V, G, C, N] == answers(panel, "log_rate")
    without = panel.with_frame(panel.frame.drop(columns=["rate", "deals"]))
    assert answers(without, "log_rate") == [N, V, G, C, N]


def test_a_column_may_bear_the_name_of_its_part() -> None:
    panel = total(total(merged(), "deals", ["deals"]), "deals", ["deals", "polity"])
    assert answers(panel, "deals") == [N, V, G, C, N]
    assert panel.censored("deals").tolist() == [False, False, False, True, False]


def edge_list() -> Panel:
    """Imports of which flows under 1 % are left out: an absent pair is neither zero nor missing."""
    flows = pd.DataFrame(
        {"exporter": ["CHN", "USA", "USA"], "importer": "KEN", "year": [2010, 2010, 2011], "flow": 5.0}
    )
    grid = pd.DataFrame({"exporter": ["CHN", "USA"]}).merge(keys("KEN", 2010, 2011), how="cross")
    absent = grid.merge(flows, how="left")
    absent = absent.loc[absent["flow"].isna(), ["exporter", "importer", "year"]]
    frame = Watched("edges", ("flow",), grid, absent, "under 1 % of imports")
    return Panel(flows, ("exporter", "importer"), "year", (Source("edges", "Edges"),), watched=(frame,))


def test_an_absent_edge_is_censored() -> None:
    pairs = spine(2010, 2012, importers=["KEN"], exporters=["CHN", "USA"])
    panel = merge(pairs, edge_list(), cardinality="1:1")
    assert answers(panel, "flow") == [V, C, N, V, V, N]
    assert panel.frame["flow"].isna().sum() == 3


def test_a_number_where_the_source_is_censored_is_refused() -> None:
    edges = edge_list()
    whole = replace(edges.watched[0], censored=edges.frame[["exporter", "importer", "year"]])
    with pytest.raises(MergeError) as caught:
        merge(
            spine(2010, 2012, importers=["KEN"], exporters=["CHN", "USA"]),
            replace(edges, watched=(whole,)),
            cardinality="1:1",
        )
    assert "holds numbers where it is censored" in str(caught.value)
    assert "CHN KEN 2010" in caught.value.where and "empty" in caught.value.remedy


def test_tables_count_every_row_once() -> None:
    panel = merged()
    table = coverage_table(panel)
    counts = table.set_index("variable")[["nonzero", "zero", "censored", "no_value", "not_covered"]]
    assert counts.index.tolist() == ["deals", "polity"]
    assert counts.to_numpy().tolist() == [[1, 1, 1, 0, 2], [2, 1, 0, 1, 1]]
    assert table[["source", "first", "last"]].to_numpy().tolist() == [["deals", 2010, 2011], ["scores", 2010, 2013]]
    by_year = coverage_table(panel, variables=["deals"], by=["year"])
    assert by_year["year"].tolist() == [2009, 2010, 2011, 2012, 2013]
    assert by_year["censored"].tolist() == [0, 0, 0, 1, 0]
    pd.testing.assert_frame_equal(panel.coverage, coverage_table(panel, by=["importer"]))


def test_tables_follow_the_rows_of_the_panel() -> None:
    panel = merged()
    few = panel.with_frame(panel.frame[panel.frame["year"] == 2012][["importer", "year", "deals"]])
    assert few.coverage[["variable", "censored", "zero"]].to_numpy().tolist() == [["deals", 1, 0]]
    assert np.isnan(few.coverage["first"].iloc[0])


def test_tables_of_a_panel_that_was_not_merged() -> None:
    assert scores([1, 0, None]).coverage.empty
    table = coverage_table(scores([1, 0, None]))
    assert table[["source", "variable", "nonzero", "zero", "no_value"]].to_numpy().tolist() == [["", "polity", 1, 1, 1]]


@pytest.mark.parametrize(("asked", "word"), [({"by": ["region"]}, "region"), ({"variables": ["x"]}, "'x'")])
def test_tables_of_what_is_not_there(asked: dict[str, list[str]], word: str) -> None:
    with pytest.raises(ColumnError, match=word):
        coverage_table(merged(), **asked)


def test_counts_equal_those_of_a_plain_count() -> None:
    """The table against loops over rows, on a panel of pairs with every answer."""
    rng = np.random.default_rng(4)
    pairs = spine(2006, 2015, importers=["KEN", "UGA", "SSD", "TZA"], exporters=["CHN", "USA", "FRA"])
    rows = pairs.frame[rng.random(len(pairs.frame)) < 0.7].reset_index(drop=True)
    values = rng.choice([0.0, 1.0, 2.0, np.nan], len(rows))
    partly = rows[rng.random(len(rows)) < 0.3]
    values[partly.index] = np.nan
    watched = Watched("s", ("x",), rows[["exporter", "importer", "year"]], partly[["exporter", "importer", "year"]])
    right = Panel(rows.assign(x=values), ("exporter", "importer"), "year", (Source("s", "S"),), watched=(watched,))
    panel = merge(pairs, right, cardinality="1:1")
    there = dict(zip(rows.itertuples(index=False, name=None), values, strict=True))
    part = set(partly.itertuples(index=False, name=None))
    expected: dict[tuple[str, str], dict[str, int]] = {}
    for key in panel.frame[["exporter", "importer", "year"]].itertuples(index=False, name=None):
        value = there.get(key)
        name = "not_covered" if value is None else "censored" if key in part else "no_value"
        if value is not None and not np.isnan(value):
            name = "zero" if value == 0 else "nonzero"
        cell = expected.setdefault(
            key[:2], dict.fromkeys(["nonzero", "zero", "censored", "no_value", "not_covered"], 0)
        )
        cell[name] += 1
    counted = panel.coverage.set_index(["exporter", "importer"])
    assert len(counted) == len(expected) == 12
    for unit, cells in expected.items():
        assert counted.loc[unit, list(cells)].to_dict() == cells


def test_estimates_never_take_a_censored_outcome_for_zero() -> None:
    rng = np.random.default_rng(1)
    importers = ["KEN", "UGA", "TZA", "RWA", "BDI", "ETH", "SOM", "ZMB"]
    grid = spine(2000, 2015, importers=importers)
    protests = grid.frame.assign(protests=rng.poisson(1.0, len(grid.frame)))
    known = grid.frame[grid.frame["year"] < 2014]
    rows = known.sample(frac=2, replace=True, random_state=2).assign(exporter="CHN")
    censored = grid.frame[grid.frame["year"] >= 2014]
    records = Records(rows, known, Source("deals", "Deals"), censored=censored, why="orders without a delivery yet")
    panel = merge(grid, count(records, "deals"), cardinality="1:1")
    panel = merge(panel, Panel(protests, ("importer",), "year"), cardinality="1:1")
    panel = any_of(panel, "any_deal", ["deals"])
    for outcome in ("deals", "any_deal"):
        design = Design(
            outcome=outcome,
            event=Event(column="protests", kind="dose"),
            window=EventWindow(leads=1, lags=1, reference=None),
            fixed_effects=("importer", "year"),
            covariance=Clustered("importer", "reghdfe"),
        )
        with pytest.warns(UserWarning):
            estimate = distributed_lag(panel, design)
        lost = estimate.ledger.groupby("cause")["rows"].sum()
        assert lost[f"censored value of the outcome {outcome}"] == 2 * len(importers)
        assert panel.frame.loc[estimate.sample, "year"].max() == 2013


def test_a_panel_without_sources_pays_nothing() -> None:
    panel = scores([1, 0, None])
    assert panel.watched == () and not panel.censored("polity").any()
    assert not any(key[0] == "answers" for key in panel._known if isinstance(key, tuple))
