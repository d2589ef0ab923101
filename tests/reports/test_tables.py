"""Tables: what stands where, and names that would break the page."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.covariance import Robust
from eventpanel.estimators.window import EventWindow
from eventpanel.reports.printed import result_text
from eventpanel.reports.results import estimates_table, summarise
from eventpanel.reports.results import tests_table as joint_tests
from eventpanel.reports.tables import grid, latex, markdown, number
from eventpanel.reports.terminal import aligned
from tests.reports.results import HOSTILE, estimate, result

REFERENCE = EventWindow(leads=2, lags=2, reference=-1)


def test_a_grid_has_a_row_for_each_event_time_and_a_column_for_each_group() -> None:
    table = grid(result(("low", "high")))
    assert table.columns == ("", "low", "high", "low - high")
    names = [row[0] for row in table.rows if row[0]]
    assert names == ["2 before", "1 before", "Same period", "1 after", "2 after", "Sum of the path"]
    assert all(len(row) == len(table.columns) for row in (*table.rows, *table.counts))


def test_the_difference_column_is_the_difference() -> None:
    table = grid(result(("low", "high")))
    for row in table.rows[::2]:
        first, second, difference = (float(cell) for cell in row[1:])
        assert difference == pytest.approx(first - second, abs=1.1e-4)  # four decimals each


def test_the_reference_is_zero_by_name_in_every_column() -> None:
    table = grid(result(("low", "high"), REFERENCE))
    where = [row[0] for row in table.rows].index("1 before")
    assert table.rows[where][1:3] == ("0", "0")
    assert table.rows[where + 1][1:3] == ("(reference)", "(reference)")
    assert any("event time -1, set to zero" in note for note in table.notes)


def test_binned_ends_are_named() -> None:
    table = grid(result((), EventWindow(leads=1, lags=1, reference=-1, ends="bin")))
    names = [row[0] for row in table.rows if row[0]]
    assert names[0] == "2 before or more"
    assert names[-2] == "2 after or more"


def test_controls_stand_below_the_path() -> None:
    table = grid(result(("low", "high"), controls=("control",)))
    assert [row[0] for row in table.rows if row[0]][-1] == "control (all groups)"


def test_counts_are_those_of_the_groups() -> None:
    one = result(("low", "high"))
    counts = {row[0]: row[1:] for row in grid(one).counts}
    assert sum(int(cell) for cell in counts["Rows"][:2]) == one.estimate.nobs
    assert sum(int(cell) for cell in counts["Clusters"][:2]) == one.estimate.n_clusters
    assert counts["Rows"][2] == ""


def test_without_clusters_units_are_counted() -> None:
    one = estimate(("low", "high"))
    table = grid(summarise("name", "Title", replace(one, design=replace(one.design, covariance=Robust("HC1"))), ()))
    assert [row[0] for row in table.counts][:3] == ["Rows", "Units", "Units with an event"]


def test_markdown_rows_have_as_many_cells_as_the_head_whatever_the_names() -> None:
    text = markdown([result(HOSTILE)], "A | title\n# no head", "LABEL <b>")
    lines = [line for line in text.splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {5}
    assert [line for line in text.splitlines() if line.startswith("# ")] == [r"# A \| title \# no head"]
    assert "<" not in text
    assert r"a\|b\_c &amp; 50% \{x\}" in text


def test_latex_escapes_every_sign_and_balances() -> None:
    text = latex([result(HOSTILE)], "A title\n\\input{x}", "LABEL & more")
    body = [line for line in text.splitlines() if not line.startswith("%")]
    assert r"a|b\_c \& 50\% \{x\} \$y\$ \#1 \textasciitilde{} \textasciicircum{} \textbackslash{}" in text
    assert r"\textless{}script\textgreater{}" in text
    assert r"\input" not in "\n".join(body)
    assert r"\textbf{LABEL \& more}" in text
    plain = re.sub(r"\\[\\{}&%$#_]", "", "\n".join(body))
    assert plain.count("{") == plain.count("}")
    assert not re.search(r"(?<!\\)[$#_%]", plain)
    rows = [line for line in body if line.endswith(r"\\")]
    assert {len(re.findall(r"(?<!\\)&", row)) for row in rows} == {3}


def test_the_terminal_shows_every_group_and_number() -> None:
    one = result(("low", "high"), REFERENCE, controls=("control",))
    text = result_text(one)
    for words in ("\nlow\n", "\nhigh\n", "\nlow - high\n", "1 before (reference)", "\nOther terms\n", "  control "):
        assert words in text
    for value in one.estimate.coef:
        assert f"{value:.4f}" in text


def test_columns_are_aligned() -> None:
    lines = aligned(["name", "n"], [["a", 1], ["bcd", 1000.0], ["e", float("nan")]], indent="").splitlines()
    assert lines == ["name     n", "a        1", "bcd   1000", "e"]


@pytest.mark.parametrize(
    ("value", "scale", "text"),
    [
        (0.0, np.nan, "0.0000"),
        (1e12, np.nan, "1e+12"),
        (-3e-7, np.nan, "-3e-07"),
        (-3e-7, 0.5, "-0.0000"),
        (0.5, 2e-7, "0.5"),
        (np.nan, 1.0, ""),
    ],
)
def test_numbers_are_neither_hidden_nor_swollen(value: float, scale: float, text: str) -> None:
    assert number(value, scale) == text


def test_small_effects_do_not_read_as_zero() -> None:
    table = grid(result((), factor=1e-8))
    assert all(float(row[1]) != 0 for row in table.rows[::2])
    assert not any("(0.0000)" in row for row in table.rows)


def test_a_missing_standard_error_is_said_to_be_missing() -> None:
    one = estimate()
    vcov = one.vcov.copy()
    vcov[0, :] = vcov[:, 0] = 0.0
    table = grid(summarise("name", "Title", replace(one, vcov=vcov)))
    assert table.rows[1] == ("", "(n.a.)")


def test_estimates_hold_path_sum_and_difference() -> None:
    table = estimates_table([result(("low", "high"))], "LABEL")
    assert table.groupby("part", sort=False).size().to_dict() == {
        "path": 10,
        "sum": 2,
        "difference": 5,
        "sum of difference": 1,
    }
    sums = table[table["part"] == "sum"]["value"].tolist()
    path = table[table["part"] == "path"]
    assert sums == pytest.approx([path.loc[path["group"] == g, "value"].sum() for g in ("low", "high")])
    assert (table["label"] == "LABEL").all()


def test_tests_name_their_groups() -> None:
    nulls = joint_tests([result(("low", "high"))])["null"].tolist()
    assert [null for null in nulls if null.startswith("no difference")] == [
        "no difference at any event time, low - high"
    ]
    assert sum("leads" in null for null in nulls) == 3


def test_a_group_that_is_not_there_cannot_be_compared() -> None:
    with pytest.raises(DesignError, match="'middle'"):
        summarise("name", "Title", estimate(("low", "high")), ("low", "middle"))
