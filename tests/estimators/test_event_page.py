"""The tables of docs/methods/events.md are what the program does."""

from __future__ import annotations

import re

import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.audit import audit_events
from eventpanel.estimators.event_table import code_events
from eventpanel.estimators.events import Event, Overlap, Threshold
from eventpanel.estimators.record import record
from eventpanel.estimators.window import EventWindow
from tests.sources import ROOT

PAGE = (ROOT / "docs" / "methods" / "events.md").read_text("utf-8")
ABOVE = Threshold(rule="absolute", value=0)
VALUES = [0, 0, 3, 1, 0, 2, 0, 0, 0, 4]
DATA = Panel(pd.DataFrame({"unit": "A", "year": range(2000, 2010), "x": VALUES}), ("unit",), "year")
PASSED = Event(column="x", kind="threshold", threshold=ABOVE)


def rows(head: str) -> dict[str, list[str]]:
    """Rows of the table with this head, by their first cell."""
    table = PAGE.split(f"\n| {head} |")[1].split("\n\n")[0].splitlines()[2:]
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in table]
    return {first: rest for first, *rest in cells}


def setting(text: str, name: str) -> int | None:
    found = re.search(rf"`{name}=(\d)`", text)
    return None if found is None else int(found[1])


def points(values: list[float]) -> list[str]:
    return ["." if pd.isna(value) else f"{value:g}" for value in values]


@pytest.mark.parametrize(("text", "cells"), list(rows("coding").items())[1:])
def test_codings(text: str, cells: list[str]) -> None:
    kind = text.split('"')[1]
    threshold = ABOVE if kind in ("threshold", "onset", "spell") else None
    event = Event(column="x", kind=kind, threshold=threshold, quiet=setting(text, "quiet") or 1)  # type: ignore[arg-type]
    assert cells == points(record(DATA, event).coded.tolist())


@pytest.mark.parametrize(("text", "cells"), rows("rule").items())
def test_overlap_rules(text: str, cells: list[str]) -> None:
    overlap = Overlap(rule=text.split('"')[1], periods=setting(text, "periods"))  # type: ignore[arg-type]
    event = Event(column="x", kind="threshold", threshold=ABOVE, overlap=overlap)
    table = code_events(DATA, event)
    aside = (table["set_aside"] == 1).fillna(value=False)
    assert cells == ["a" if one else code for one, code in zip(aside, points(table["coded"].tolist()), strict=True)]


@pytest.mark.parametrize(("text", "cells"), rows("column").items())
def test_the_table_of_everything(text: str, cells: list[str]) -> None:
    name = text.split("`")[1]
    values = code_events(DATA, PASSED)[name]
    wanted = ["yes" if value else "" for value in values] if name == "left_censored" else points(values.tolist())
    assert cells == wanted


@pytest.mark.parametrize(("text", "cells"), rows("event").items())
def test_the_audit(text: str, cells: list[str]) -> None:
    name = text.split("`")[1]
    values = audit_events(DATA, PASSED, EventWindow(leads=1, lags=1, reference=None)).events[name]
    wanted = points(values.tolist()) if name == "since_previous" else ["yes" if value else "" for value in values]
    assert cells == wanted
