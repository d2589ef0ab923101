"""Moderators: timing, cutoff, refusals."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import DesignError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.moderator import Moderator, group_order, moderator_groups

YEARS = [2006, 2007, 2008, 2010]
GROUPS = ("autocracy", "democracy")


def panel() -> Panel:
    rows = [("A", y, p) for y, p in zip(YEARS, [6.0, 7.0, 3.0, 8.0], strict=True)]
    rows += [("B", y, p) for y, p in zip(YEARS, [np.nan, 6, 9, np.nan], strict=True)]
    return Panel(pd.DataFrame(rows, columns=["importer", "year", "polity"]), ("importer",), "year")


def groups(**arguments: object) -> list[object]:
    moderator = Moderator(name="regime", column="polity", groups=GROUPS, **arguments)  # type: ignore[arg-type]
    return [value if isinstance(value, str) else None for value in moderator_groups(panel(), moderator)]


def test_base_year_holds_for_all_years() -> None:
    got = groups(timing="base", base=2007, by="importer", below=7)
    assert got == ["democracy"] * 4 + ["autocracy"] * 4


def test_cutoff_below_6_and_below_7_differ() -> None:
    assert groups(timing="base", base=2007, by="importer", below=6)[4:] == ["democracy"] * 4


def test_lag_is_one_period_on_the_calendar() -> None:
    # 2010 has no 2009 before it; missing stays missing.
    got = groups(timing="lagged", by="importer", below=7)
    assert got == [None, "autocracy", "democracy", None, None, None, "autocracy", None]


def test_contemporaneous_is_labelled_post_treatment() -> None:
    moderator = Moderator(name="r", column="polity", timing="contemporaneous", below=7, groups=GROUPS)
    assert "post-treatment" in moderator.describe()
    assert groups(timing="contemporaneous", below=7)[:4] == ["autocracy", "democracy", "autocracy", "democracy"]


def test_fixed_must_not_change() -> None:
    with pytest.raises(DesignError, match="changes over time"):
        groups(timing="fixed", below=7)


def test_named_groups_set_the_order_and_the_choice() -> None:
    frame = pd.DataFrame({"e": ["C", "U", "D"], "year": 2000})
    pairs = Panel(frame, ("e",), "year")
    moderator = Moderator(name="supplier", column="e", timing="fixed", groups=("U", "C"))
    got = moderator_groups(pairs, moderator)
    assert got.isna().tolist() == [False, True, False]
    assert group_order(got, moderator) == ("U", "C")
    with pytest.raises(DesignError, match="never takes the value 'X'"):
        moderator_groups(pairs, Moderator(name="s", column="e", timing="fixed", groups=("U", "X")))


@pytest.mark.parametrize(
    "arguments",
    [
        {"timing": "base", "by": "importer"},
        {"timing": "lagged", "by": "importer", "base": 2007},
        {"timing": "lagged"},
        {"timing": "fixed", "below": 7},
        {"timing": "later"},
        {"timing": "lagged", "by": "importer", "lag": 0},
    ],
)
def test_settings_that_do_not_fit_are_refused(arguments: dict[str, object]) -> None:
    with pytest.raises(DesignError):
        Moderator(name="regime", column="polity", **arguments)  # type: ignore[arg-type]
