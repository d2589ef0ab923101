"""Series cut short are flagged; honest declines are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import ColumnError
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.truncated import TruncationRule, truncated

PARTNERS = 64


def flows(partners: dict[int, int], factor: dict[int, float], first: int = 2003, last: int = 2020) -> Panel:
    """Imports of Afghanistan by exporter: sizes as uneven as real ones, growing by a twentieth a year.

    ``partners`` cuts a year to its smallest partners; ``factor`` scales a year with all its partners.
    """
    rng = np.random.default_rng(7)
    sizes = np.sort(np.exp(rng.normal(2.0, 1.6, PARTNERS)))
    rows = []
    for year in range(first, last + 1):
        kept = partners.get(year, PARTNERS - int(rng.integers(0, 6)))
        values = sizes[-kept:] if year not in partners else sizes[:kept]
        grown = values * 1.05 ** (year - first) * factor.get(year, 1.0)
        rows += [(f"X{place:02d}", "AFG", year, value) for place, value in enumerate(grown)]
    frame = pd.DataFrame(rows, columns=["exporter", "importer", "year", "imports"])
    return Panel(frame, ("exporter", "importer"), "year", (Source("comtrade", "Imports"),))


def by_importer(panel: Panel) -> Panel:
    sums = panel.frame.groupby(["importer", "year"]).agg(imports=("imports", "sum"), partners=("imports", "size"))
    sums = sums.reset_index()
    return Panel(sums, ("importer",), "year", panel.sources)


AFGHANISTAN = {2012: 2, 2013: 3, 2014: 2}


def test_afghanistan() -> None:
    """2 to 3 partners and 0.1 to 5 % of its median, as in the files of Comtrade for 2012 to 2014."""
    panel = flows(AFGHANISTAN, {})
    sums = by_importer(panel).frame.set_index("year")["imports"]
    share = sums[list(AFGHANISTAN)] / sums.median()
    assert ((share > 0.0001) & (share < 0.05)).all()
    for table in (truncated(panel, "imports"), truncated(by_importer(panel), "imports", partners="partners")):
        (line,) = table.to_dict("records")
        assert (line["source"], line["value"], line["years"], line["rows"]) == ("comtrade", "AFG", "2012-2014", 3)
        assert "2 to 3 partners, usually 6" in str(line["problem"]) and "publisher's file" in str(line["resolution"])


def test_few_partners_are_enough_even_if_they_are_the_large_ones() -> None:
    panel = flows({}, {})
    frame = panel.frame
    large = frame.groupby(["importer", "year"])["imports"].rank(ascending=False) <= 10
    cut = panel.with_frame(frame[large | (frame["year"] != 2010)])
    assert truncated(cut, "imports")["years"].tolist() == ["2010"]


@pytest.mark.parametrize("factor", [0.5, 0.1, 0.01])
def test_a_collapse_with_all_partners_is_not_flagged(factor: float) -> None:
    assert truncated(flows({}, {2012: factor, 2013: factor}), "imports").empty


def test_without_partners_a_collapse_cannot_be_told_from_a_cut() -> None:
    """A limit of the rule: with values alone it flags what falls below a twentieth."""
    sums = by_importer(flows({}, {2012: 0.01}))
    assert truncated(sums, "imports")["years"].tolist() == ["2012"]
    assert truncated(by_importer(flows({}, {2012: 0.1})), "imports").empty


def test_half_the_partners_and_a_tenth_of_the_value_is_no_cut() -> None:
    assert truncated(flows({2012: PARTNERS // 2}, {}), "imports").empty


def test_growth_over_decades_is_no_cut() -> None:
    years = np.arange(1950, 2021)
    partners = np.round(4 + 180 / (1 + np.exp(-(years - 1990) / 8)))
    frame = pd.DataFrame(
        {"importer": "AFG", "year": years, "partners": partners, "imports": np.exp(0.12 * (years - 1950))}
    )
    assert truncated(Panel(frame, ("importer",), "year"), "imports", partners="partners").empty


def test_small_numbers_of_partners_say_nothing() -> None:
    frame = pd.DataFrame({"importer": "TUV", "year": range(2000, 2015), "partners": 7, "imports": 10.0})
    frame.loc[7, "partners"] = 1
    assert truncated(Panel(frame, ("importer",), "year"), "imports", partners="partners").empty


def test_too_short_a_series_says_nothing_and_one_cut_for_most_of_its_years_is_not_seen() -> None:
    """Limits of the rule, stated in its docstring."""
    assert truncated(flows(AFGHANISTAN, {}, 2011, 2014), "imports").empty
    assert truncated(flows(dict.fromkeys(range(2003, 2021), 3), {}), "imports").empty


def test_other_limits_and_runs_of_years() -> None:
    panel = flows({2006: 30, 2012: 2, 2014: 2}, {})
    assert truncated(panel, "imports")["years"].tolist() == ["2012", "2014"]
    strict = TruncationRule(partners=0.6)
    assert truncated(panel, "imports", rule=strict)["years"].tolist() == ["2006", "2012", "2014"]


def test_missing_flows_are_no_partners_and_quarters_work() -> None:
    panel = flows({}, {})
    frame = panel.frame.assign(imports=panel.frame["imports"].mask(panel.frame["exporter"] >= "X03"))
    mixed = panel.frame.where(panel.frame["year"] != 2012, frame)
    assert truncated(panel.with_frame(mixed.astype({"year": "int64"})), "imports")["years"].tolist() == ["2012"]
    quarters = pd.DataFrame(
        {"importer": "AFG", "time": pd.period_range("2010Q1", periods=16, freq="Q"), "imports": 9.0}
    )
    quarters.loc[8, "imports"] = 0.1
    assert truncated(Panel(quarters, ("importer",), "time"), "imports")["years"].tolist() == ["2012Q1"]


def test_flows_need_an_importer_and_a_year() -> None:
    facts = Panel(pd.DataFrame({"importer": ["AFG"], "imports": [1.0]}), ("importer",), None)
    with pytest.raises(ColumnError, match="importer and a year"):
        truncated(facts, "imports")
    with pytest.raises(ColumnError, match="'nothing'"):
        truncated(by_importer(flows({}, {})), "nothing")


def test_nothing_at_all() -> None:
    empty = by_importer(flows({}, {})).with_frame(by_importer(flows({}, {})).frame.head(0))
    assert truncated(empty, "imports").empty
