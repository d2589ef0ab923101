"""The page on the family says what the code does."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.family import load_family
from eventpanel.brookings.switches import PRINTED, Switches

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "brookings.md").read_text("utf-8")
LINE = re.compile(r"^\| (D\d+) \| `(\w+)` \| ([^|]*) \| `(\w+)` \| `(\w+)` \| ([^|]*) \|$", re.MULTILINE)


def test_every_switch_is_on_the_page_with_its_values() -> None:
    told = {name: (title, re.findall(r"`(\w+)`", values), *rest) for title, name, values, *rest in LINE.findall(PAGE)}
    fields = Switches.model_fields
    assert told == {
        name: (
            one.title,
            list(get_args(one.annotation)),
            str(one.default),
            str(getattr(PRINTED, name)),
            one.description,
        )
        for name, one in fields.items()
    }


def test_decisions_1_to_13_have_a_switch() -> None:
    titles = {one.title for one in Switches.model_fields.values()}
    assert titles == {f"D{number}" for number in range(1, 14)}


def test_the_built_in_study_sets_every_switch_as_the_default_is() -> None:
    assert load_family("brookings").switches == Switches()
    assert load_family("brookings").switches.model_fields_set == set(Switches.model_fields)


def test_every_exhibit_of_the_paper_is_in_the_catalogue_once_and_names_switches_that_exist() -> None:
    numbers = [exhibit.number for exhibit in CATALOGUE]
    tables = [f"Table {n}" for n in range(1, 6)] + [f"Table A.{n}" for n in range(1, 21)]
    figures = [f"Figure {n}" for n in range(1, 6)] + [f"Figure A.{n}" for n in range(2, 8)]
    assert sorted(set(tables + figures) - set(numbers)) == []
    assert len(set(numbers)) == len(numbers)
    assert {name for exhibit in CATALOGUE for name in exhibit.uses} <= set(Switches.model_fields)
