"""Exhibits as text: counts are whole, and titles say what the deals are where they are not AI."""

from __future__ import annotations

from dataclasses import replace

import pytest

from eventpanel.brookings.exhibit import Coefficient, Column, Content
from eventpanel.brookings.family import NOT_AI, load_family
from eventpanel.brookings.made import AS_SET, Made, Version, make_exhibits, marked
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.written import files_of, grids_of
from tests.brookings.toy_exhibits import REFUSED, TOY, toy_materials


def test_counts_print_whole_and_nothing_else_does() -> None:
    cells = (
        Coefficient("deals", 1636.0, is_count=True),
        Coefficient("none", float("nan"), is_count=True),
        Coefficient("share", 1.0),
        Coefficient("estimate", 2.0, 1.0, 9.0),
    )
    content = Content(columns=(Column(panel="", head="(1)", coefficients=cells),))
    (grid,) = grids_of(TOY, Version(name=AS_SET, switches=(), content=content))
    assert grid.rows == (
        ("deals", "1,636"),
        ("none", ""),
        ("share", "1.0000"),
        ("estimate", "2.0000"),
        ("", "(1.0000)"),
    )


def made(term: str, title: str = "Toy") -> Made:
    content = Content(columns=(Column(panel="", head="(1)", coefficients=(Coefficient(term, 1.0),)),))
    return Made(exhibit=replace(TOY, title=title), versions=(Version(name=AS_SET, switches=(), content=content),))


def test_exhibits_that_speak_of_ai_say_what_the_deals_are_in_every_file() -> None:
    (one,) = marked(make_exhibits([TOY], toy_materials(), Switches()), "arms deals")
    assert one.exhibit.title == "Toy | bias [AI here stands for: arms deals]"
    files = files_of(one, None, "TOY DATA")
    assert all(b"AI here stands for: arms deals" in files[f"table_3.{kind}"] for kind in ("md", "tex"))


@pytest.mark.parametrize(
    ("term", "title", "speaks"),
    [
        ("AI same year as unrest", "Toy", True),
        ("deals", "Imports of AI", True),
        ("Arms same year as unrest", "Arms", False),
        ("Said of a MAIN street", "Aid", False),
        ("share", "Technology (AI Global Surveillance Index 2019)", False),
    ],
)
def test_only_those_that_speak_of_ai_are_marked(term: str, title: str, speaks: bool) -> None:
    (one,) = marked([made(term, title)], "arms deals")
    assert ("stands for" in one.exhibit.title) == speaks


def test_deals_that_are_ai_are_not_marked() -> None:
    every = make_exhibits([TOY, REFUSED], toy_materials(), Switches())
    assert marked(every, "") == every
    assert load_family("brookings").stands_for == ""
    assert load_family("brookings").banner == load_family("brookings").label


def test_public_deals_are_never_called_ai_without_a_word() -> None:
    study = load_family("brookings-public")
    assert study.banner == f"AI here stands for: arms and surveillance deals. {study.label}"
    assert load_family("brookings-public", ["deals="]).stands_for == NOT_AI
