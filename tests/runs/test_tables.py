"""Two versions of a table: keys, tolerance, rows and columns that only one has."""

from __future__ import annotations

import random

import pytest

from eventpanel.datasets.errors import WrongLayoutError
from eventpanel.runs.tables import DIFFERS, IDENTICAL, WITHIN, Cell, TableChange, compare_tables
from tests.runs.folders import ESTIMATES


def against(old: str, new: str, tolerance: float = 1e-8) -> TableChange:
    """The table of estimates, and itself with one part replaced."""
    assert old in ESTIMATES
    return compare_tables(ESTIMATES.encode(), ESTIMATES.replace(old, new).encode(), "t.csv", tolerance)


def test_the_same_bytes_are_identical() -> None:
    assert compare_tables(ESTIMATES.encode(), ESTIMATES.encode(), "t.csv") == TableChange(IDENTICAL)


# The scale of a value is the largest of both sizes and its standard error: 0.5 here, 0.1 for the lag.
@pytest.mark.parametrize(
    ("old", "new", "verdict"),
    [
        ("0.5,0.1", "0.5000000049,0.1", WITHIN),
        ("0.5,0.1", "0.5000000051,0.1", DIFFERS),
        ("-0.02,0.1", "-0.0200000009,0.1", WITHIN),
        ("-0.02,0.1", "-0.0200000011,0.1", DIFFERS),
        # A standard error has its own scale, a p-value that of probabilities.
        ("-0.02,0.1", "-0.02,0.1000000011", DIFFERS),
        ("0.00001", "0.0000100099", WITHIN),
        ("0.00001", "0.0000100101", DIFFERS),
        ("-0.02,0.1", "-0.02,", DIFFERS),
        ("-0.02,0.1", "-0.02,inf", DIFFERS),
        ("lag", "lags", DIFFERS),
        ("0.5,0.1", "0.50,0.1", WITHIN),
    ],
)
def test_numbers_agree_within_their_scale(old: str, new: str, verdict: str) -> None:
    assert against(old, new).verdict == verdict


def test_tolerance_zero_asks_for_equal_numbers() -> None:
    assert against("0.5,0.1", "0.50,0.1", 0).verdict == WITHIN
    assert against("0.5,0.1", "0.5000000000000001,0.1", 0).verdict == DIFFERS


def test_the_largest_difference_within_is_named() -> None:
    found = against("0.5,0.1", "0.500000001,0.1")
    assert found.where == "same: value"
    # 1e-9 over a scale of 0.500000001.
    assert found.largest == pytest.approx(2e-9, rel=1e-6)


def test_a_cell_that_differs_says_row_column_then_and_now() -> None:
    assert against("-0.02", "-0.03").cells == (Cell("lag", "value", "-0.02", "-0.03"),)


def test_rows_that_come_and_go_are_named_and_the_others_still_match() -> None:
    found = against("same,0,0.5,0.1,0.00001\n", "new,5,1,1,0.3\n")
    assert found.cells == (Cell("same", "", "there", "no such row"), Cell("new", "", "no such row", "there"))


def test_columns_that_come_and_go_are_named() -> None:
    found = against("p_value", "p")
    assert found.cells == (Cell("", "p_value", "there", "no such column"), Cell("", "p", "no such column", "there"))


def test_the_order_of_rows_does_not_matter() -> None:
    head, *rows = [f"{unit},{year},{unit * 2}{year / 7}\n" for unit in "AB" for year in range(9)]
    before = ["unit,year,text\n", head, *rows]
    after = ["unit,year,text\n", *random.Random(1).sample([head, *rows], len(rows) + 1)]
    assert after != before
    assert compare_tables("".join(before).encode(), "".join(after).encode(), "t.csv").verdict == WITHIN


def test_whole_numbers_are_keys_however_they_are_written() -> None:
    then, now = b"unit,year,x\nA,1,0.5\nA,2,0.6\n", b"unit,year,x\nA,1.0,0.5\nA,2.0,0.7\n"
    assert compare_tables(then, now, "t.csv").cells == (Cell("A, 2", "x", "0.6", "0.7"),)


def test_rows_that_nothing_tells_apart_match_by_their_order() -> None:
    then, now = b"unit,x\nA,0.5\nA,0.5\n", b"unit,x\nA,0.5\nA,0.6\n"
    assert compare_tables(then, now, "t.csv").cells == (Cell("A, row 2", "x", "0.5", "0.6"),)


def test_texts_that_look_like_numbers_of_python_are_texts() -> None:
    then, now = b"unit,code\nA,NA\nB,nan\n", b"unit,code\nA,NA\nB,\n"
    assert compare_tables(then, now, "t.csv").cells == (Cell("B", "code", "nan", ""),)


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"a,b\n1,2\n1,2,3,4\n"])
def test_what_is_no_table_is_an_error(content: bytes) -> None:
    with pytest.raises(WrongLayoutError, match=r"t\.csv is not a table"):
        compare_tables(content, ESTIMATES.encode(), "t.csv")
