"""Each switch moves the headlines one at a time, and the table says by how much."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest

from eventpanel.brookings.headlines import Headline
from eventpanel.brookings.moves import draw_moves, files_of_moves, grids_of_moves, moves, options, steps_of
from eventpanel.brookings.switches import Switches
from tests.brookings.toy_exhibits import BY_CONTROLS, BY_CUTOFF, NOBS, REFUSED, STD_ERROR, TOY, toy_materials

HEADLINE = Headline("Low x AI", TOY, "A. China", "(1)", "Low x AI")


def row_of(table: pd.DataFrame, switch: str, option: str) -> pd.Series:
    (place,) = np.flatnonzero((table["switch"] == switch) & (table["option"] == option))
    return table.iloc[int(place)]


def test_options_are_all_but_the_one_that_stands() -> None:
    for name, field in Switches.model_fields.items():
        every = get_args(field.annotation)
        if every:
            assert {*options(Switches(), name), getattr(Switches(), name)} == set(every)
            assert getattr(Switches(), name) not in options(Switches(), name)
    assert 2019 not in options(Switches(regime_base=2019), "regime_base")
    assert 2019 in options(Switches(), "regime_base")


def test_every_switch_of_the_exhibit_is_moved_once_and_no_other() -> None:
    table = moves(toy_materials(), Switches(), [HEADLINE])
    assert table.groupby("switch", sort=False).size().to_dict() == {
        "regime_cutoff": 3,
        "regime_base": 2,
        "countries": 1,
        "interact_controls": 2,
    }
    assert table["decision"].tolist() == ["D1"] * 5 + ["D2"] + ["D3"] * 2


def test_changes_are_those_of_the_exhibit() -> None:
    table = moves(toy_materials(), Switches(), [HEADLINE])
    for cutoff in ("polity_6", "polity_10"):
        row = row_of(table, "regime_cutoff", cutoff)
        assert row["value"] == BY_CUTOFF["polity_7"]
        assert row["change"] == pytest.approx(BY_CUTOFF[cutoff] - BY_CUTOFF["polity_7"])
        assert row["change_in_std_errors"] == pytest.approx(row["change"] / STD_ERROR)
    assert row_of(table, "interact_controls", "none")["change"] == pytest.approx(BY_CONTROLS["none"])
    row = row_of(table, "countries", "top_100")
    assert (row["nobs"], row["nobs_with_option"], row["change"]) == (NOBS, NOBS - 1, 0.0)


def test_what_is_not_there_is_missing_and_says_why() -> None:
    table = moves(toy_materials(), Switches(), [HEADLINE])
    for where, why in (
        (("regime_base", "2000"), "with the option: No regimes in 2000."),
        (("regime_cutoff", "row"), "with the option: could not be estimated"),
    ):
        row = row_of(table, *where)
        assert np.isnan(row["value_with_option"])
        assert np.isnan(row["change"])
        assert row["remark"] == why


def test_a_headline_watches_the_switches_it_names() -> None:
    one = HEADLINE._replace(switches=("interact_controls",))
    assert set(moves(toy_materials(), Switches(), [one])["switch"]) == {"interact_controls"}
    assert moves(toy_materials(), Switches(), [HEADLINE._replace(switches=("reading",))]).empty


def test_a_number_without_a_standard_error_has_no_change_in_standard_errors() -> None:
    one = HEADLINE._replace(term="p-value", switches=("countries",))
    table = moves(toy_materials(), Switches(), [one])
    assert table["change"].tolist() == [0.0]
    assert table["change_in_std_errors"].isna().all()


def test_an_exhibit_that_cannot_be_made_says_so_on_both_sides() -> None:
    one = Headline("Arms", REFUSED, "", "(1)", "b")
    (remark,) = moves(toy_materials(), Switches(), [one])["remark"]
    assert remark == "as set: There are no data on arms.; with the option: There are no data on arms."


def test_exhibits_are_made_once_for_the_same_switches() -> None:
    made: list[str] = []
    both = [HEADLINE, HEADLINE._replace(name="p", term="p-value")]
    moves(toy_materials(), Switches(), both, made.append)
    assert len(made) == 1 + 8
    assert steps_of(Switches(), both) == len(made)
    assert steps_of(Switches(), []) == 0


def test_the_figure_has_a_row_for_each_option() -> None:
    headlines = [HEADLINE, Headline("Arms", REFUSED, "", "(1)", "b")]
    table = moves(toy_materials(), Switches(), headlines)
    axes = draw_moves(table, 0.9, "TOY DATA").axes
    labels = [[text.get_text() for text in one.get_yticklabels()] for one in axes]
    assert [len(one) for one in labels] == [8, 1]
    assert "D1 regime_cutoff = row (none)" in labels[0]
    drawn = next(line for line in axes[0].lines if np.size(line.get_xdata()) == 8)
    assert np.allclose(np.asarray(drawn.get_xdata()), table["value_with_option"][:8], equal_nan=True)


def test_files_and_tables_say_the_same() -> None:
    table = moves(toy_materials(), Switches(), [HEADLINE])
    files = files_of_moves(table, 0.9, "TOY DATA")
    assert sorted(files) == ["moves.csv", "moves.md", "moves.png"]
    assert files["moves.png"].startswith(b"\x89PNG")
    (grid,) = grids_of_moves(table)
    assert len(grid.rows) == len(table)
    assert grid.rows[0][:5] == ("D1 regime_cutoff: polity_7 to polity_6", "0.2220", "0.2620", "0.0400", "0.40")
    assert files["moves.csv"].decode().count("TOY DATA") == len(table)
    assert files_of_moves(table.iloc[:0], 0.9, "TOY DATA") == {}
