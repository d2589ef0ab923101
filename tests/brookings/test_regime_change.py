"""Figure A.7: groups counted by hand, its p-value, its picture; Table A.1: the items of the paper."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest

from eventpanel.brookings.exhibit import Content, numbers
from eventpanel.brookings.nelda_items import EXHIBITS as ITEM_EXHIBITS
from eventpanel.brookings.proportions import Groups, p_values
from eventpanel.brookings.regime_change import ABOVE, BELOW, EXHIBITS
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from tests.brookings.made_countries import random_materials, with_columns, without
from tests.brookings.test_institutions import by_hand, elsewhere

(FIGURE,) = EXHIBITS
(ITEMS,) = ITEM_EXHIBITS


@cache
def materials() -> Materials:
    return random_materials(3)


@cache
def made_of(switches: str) -> Content:
    return FIGURE.make(materials(), Switches.model_validate_json(switches))


def made(switches: Switches) -> Content:
    return made_of(switches.model_dump_json())


def test_groups_are_those_counted_by_hand() -> None:
    rows = by_hand("CHN", Switches()).query("weak")
    frame = materials().countries.frame
    episodes = set(frame.query("autocratization == 1 and 2000 <= year <= 2020")["importer"])
    high = rows[rows["x"] > rows["x"].median()]
    low = rows[rows["x"] <= rows["x"].median()]
    hits = high["importer"].isin(episodes).sum(), low["importer"].isin(episodes).sum()
    groups = made(Switches()).more["groups"]
    assert list(groups["countries"]) == [len(high), len(low)]
    assert list(groups["changes"]) == list(hits)
    shares: Any = numbers(made(Switches())).set_index("term")
    share = hits[0] / len(high)
    assert shares.loc[ABOVE, "estimate"] == share
    assert shares.loc[ABOVE, "std_error"] == pytest.approx(np.sqrt(share * (1 - share) / len(high)))
    assert shares.loc["difference", "estimate"] == pytest.approx(share - shares.loc[BELOW, "estimate"])
    assert shares.loc["difference", "nobs"] == len(rows)


@pytest.mark.parametrize("name", ["student", "welch", "fisher", "chi_square", "barnard", "boschloo"])
def test_the_p_value_is_that_of_the_switch(name: str) -> None:
    content = made(Switches.model_validate({"figure_a7_test": name}))
    groups = content.more["groups"]
    sizes, hits = (tuple(map(int, groups[column])) for column in ("countries", "changes"))
    tests = p_values(Groups(sizes, hits)).set_index("test")["p_value"]  # type: ignore[arg-type]
    assert numbers(content).set_index("term").loc["p-value", "estimate"] == tests[name]


def test_those_switches_change_it_that_it_names_and_no_others() -> None:
    here = numbers(made(Switches()))
    same = [here.equals(numbers(made(switches))) for switches in elsewhere(FIGURE)]
    assert same == [False] * len(FIGURE.uses) + [True]


def test_a_share_of_zero_has_no_standard_error() -> None:
    content = FIGURE.make(with_columns(materials(), autocratization=0.0), Switches())
    shares: Any = numbers(content).set_index("term")
    assert shares.loc[ABOVE, "estimate"] == 0.0
    assert np.isnan(shares.loc[ABOVE, "std_error"])
    assert FIGURE.draw is not None
    FIGURE.draw(content, 0.9, "Invented")


def test_a_country_without_a_known_year_is_left_out() -> None:
    frame = materials().countries.frame
    gone = with_columns(materials(), autocratization=frame["autocratization"].mask(frame["importer"] == "XAB"))
    assert numbers(FIGURE.make(gone, Switches()))["nobs"][0] == numbers(made(Switches()))["nobs"][0] - 1
    with pytest.raises(NotAvailableError, match="lack autocratization"):
        FIGURE.make(without(materials(), "autocratization"), Switches())


def test_the_figure_has_a_bar_and_an_interval_for_each_group() -> None:
    assert FIGURE.draw is not None
    content = made(Switches())
    axes = FIGURE.draw(content, 0.9, "Invented numbers").axes[0]
    heights = [bar.get_height() for bar in axes.patches]  # type: ignore[attr-defined]
    assert heights == pytest.approx(list(numbers(content)["estimate"][:2]))
    counted = content.more["groups"]
    assert [text.get_text() for text in axes.texts] == [
        f"{hits} of {size}" for hits, size in zip(counted["changes"], counted["countries"], strict=True)
    ]


def test_table_a1_has_the_items_of_the_paper() -> None:
    # Table A.1 of NBER w31676; a star: no is the better answer.
    printed = {
        "Fair elections": "1* 3 4 5 6* 7 9* 11* 13* 14* 15* 32* 34*",
        "Free media": "16* 28*",
        "Peaceful elections": "29* 30* 31* 33* 35* 36*",
        "Election monitors": "45 46 47* 48* 49* 57*",
    }
    content = ITEMS.make(materials(), Switches())
    found: Any = numbers(content)
    starred: Any = found["term"].str.split(n=1).str[0] + np.where(found["estimate"] == 1.0, "*", "")
    assert {panel: " ".join(starred[found["panel"] == panel]) for panel in found["panel"].unique()} == printed
    assert len(found) == content.more["items"]["label"].nunique() == 27
    assert ITEMS.uses == ()
