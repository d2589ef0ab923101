"""Rows that make no panel are refused, and a panel is never changed in place."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.conflicts import no_conflicts, stack_conflicts
from eventpanel.datasets.errors import ColumnError, DuplicateKeyError, FrequencyError, NumberError, PanelError
from eventpanel.datasets.panel import TREND, Panel


def frame(**columns: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"importer": ["KEN", "KEN", "UGA"], "year": [2011, 2010, 2010], **columns})


def test_rows_are_sorted_and_the_callers_frame_stays() -> None:
    given = frame(deals=[1, 2, 3])
    panel = Panel(given, ("importer",), "year")
    assert panel.frame["deals"].tolist() == [2, 1, 3] and given["deals"].tolist() == [1, 2, 3]
    assert panel.keys == ("importer", "year") and panel.variables == ("deals",)


def test_unit_may_be_one_name() -> None:
    assert Panel(frame(), "importer", "year").unit == ("importer",)  # type: ignore[arg-type]


def test_duplicate_keys_are_named() -> None:
    twice = pd.concat([frame(), frame()])
    with pytest.raises(DuplicateKeyError) as caught:
        Panel(twice, ("importer",), "year")
    assert "3 combinations of importer, year" in str(caught.value)
    assert "KEN 2011" in caught.value.where and "aggregate" in caught.value.remedy


def test_the_same_year_as_text_and_number_is_a_duplicate() -> None:
    mixed = pd.DataFrame({"importer": ["KEN", "KEN"], "year": pd.Series(["2010", 2010], dtype=object)})
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        Panel(mixed, ("importer",), "year")


def test_missing_key_columns_and_keys() -> None:
    with pytest.raises(ColumnError) as caught:
        Panel(frame(), ("exporter", "importer"), "year")
    assert "exporter" in str(caught.value) and "columns: importer, year" in caught.value.where
    with pytest.raises(PanelError) as gone:
        Panel(frame().assign(importer=pd.Series(["KEN", None, "UGA"], dtype=object)), ("importer",), "year")
    assert "1 rows of 'importer'" in gone.value.where and gone.value.remedy


def test_mixed_frequencies() -> None:
    mixed = frame().assign(year=pd.Series(["2010", "2011Q1", "2012"], dtype=object))
    with pytest.raises(FrequencyError, match="2011Q1"):
        Panel(mixed, ("importer",), "year")


def test_facts_without_periods() -> None:
    panel = Panel(pd.DataFrame({"importer": ["KEN"], "area": [1.0]}), ("importer",), None)
    assert panel.frequency is None and panel.keys == ("importer",)


def test_numbers_are_asked_for_by_name() -> None:
    panel = Panel(frame(deals=["1", "2", "x"], protests=[0, 1, 2]), ("importer",), "year")
    assert panel.number("protests").dtype == float
    with pytest.raises(NumberError) as caught:
        panel.number("deals")
    assert "'deals'" in str(caught.value) and "'x' in row 2" in caught.value.where
    with pytest.raises(ColumnError, match=r"columns: importer, year, deals, protests\n"):
        panel.column("polity")
    more = panel.frame.assign(**{f"{TREND}importer {one}": 0.0 for one in range(40)})
    with pytest.raises(ColumnError, match=r"columns: importer, year, deals, protests\n"):
        panel.with_frame(more).column("polity")


def test_with_frame_checks_again() -> None:
    panel = Panel(frame(), ("importer",), "year")
    with pytest.raises(DuplicateKeyError):
        panel.with_frame(pd.concat([panel.frame, panel.frame]))


def test_conflict_tables_stack() -> None:
    one = pd.DataFrame({name: ["x"] for name in no_conflicts().columns})
    assert len(stack_conflicts([no_conflicts(), one, one])) == 2
    assert list(stack_conflicts([]).columns) == list(no_conflicts().columns)


@pytest.mark.parametrize(
    "values",
    [["b", "a", None, "b", "c"], [3, -1, 3, 900_000, 2], [2.5, np.nan, -1.0, 2.5, 0.0], ["a", "a", "b", "c", "c"]],
)
def test_codes_are_places_among_sorted_values(values: list[object]) -> None:
    held = pd.DataFrame({"importer": list("vwxyz"), "year": 2010, "column": values})
    panel = Panel(held, ("importer",), "year")
    codes, labels = pd.factorize(held["column"], sort=True)
    assert panel.codes("column").codes.tolist() == codes.tolist()
    assert panel.codes("column").labels.tolist() == list(labels)
    own = np.array([1, 1, 0, 0, 1])
    both = pd.Series(list(zip(own.tolist(), panel.crossed("column").tolist(), strict=True)))
    crossed = panel.crossed("group^column", {"group": own})
    assert pd.factorize(crossed)[0].tolist() == pd.factorize(both)[0].tolist()


def test_numbers_of_a_panel_cannot_be_written_on() -> None:
    panel = Panel(pd.DataFrame({"importer": ["KEN"], "year": [2010], "deals": [1.0]}), ("importer",), "year")
    with pytest.raises(ValueError, match="read-only"):
        panel.values("deals")[0] = 2.0
