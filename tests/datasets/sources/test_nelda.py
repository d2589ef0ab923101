"""NELDA: answers turned to the better one, years without elections, several elections, and the indices."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from eventpanel.datasets.errors import DuplicateKeyError, InputError, NumberError, WrongLayoutError
from eventpanel.datasets.indices import summary_index
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.regime.nelda import (
    GROUPS,
    QUESTIONS,
    column_of,
    institutional_indices,
    read,
)

NAMES = [f"nelda{number}" for number in range(1, 59)]
KEYS = ["stateid", "ccode", "country", "electionid", "year", "mmdd", "types", "notes"]
PARLIAMENT, PRESIDENT = "Legislative/Parliamentary", "Executive"
ITEMS = [column_of(question) for question in QUESTIONS]


def election(code: str, year: int, mmdd: str, kind: str = PARLIAMENT, **answers: str) -> dict[str, str]:
    """A row in which every question is answered no, but those stated."""
    keys = dict(zip(KEYS, ["", code, "", f"{code}-{year}-{mmdd}-{kind[0]}", str(year), mmdd, kind, "é"], strict=True))
    return {**keys, **dict.fromkeys(NAMES, "no"), "nelda43": "Somebody", **answers}


ROWS = [
    election("501", 2007, "1227", PRESIDENT, nelda3="yes", nelda11="yes", nelda29="YES", nelda30="yes"),
    election("501", 2007, "1228", nelda3="yes", nelda11="unclear", nelda29="no", nelda30="N/A"),
    election("501", 2010, "304", nelda3="no", nelda30="N/A"),
    election("345", 2005, "101"),
    election("345", 2008, "101"),
    election("265", 1990, "318"),
    election("366", 1985, "101"),
]


def write(folder: Path, rows: list[dict[str, str]] = ROWS, separator: str = "\t") -> Path:
    path = folder / "NELDA.csv"
    table = pd.DataFrame(rows)
    path.write_text(table.to_csv(sep=separator, index=False), encoding="latin-1")
    return path


def country(panel: Panel, iso3: str, *columns: str) -> list[list[float]]:
    rows = panel.frame[(panel.frame["importer"] == iso3) & (panel.frame["year"] >= 2005)]
    return rows[["year", *columns]].astype(float).to_numpy().tolist()


def test_the_list_of_the_paper() -> None:
    # NBER working paper 31676, table A.1: 27 items, 21 of them coded as "no".
    assert len(QUESTIONS) == 27 == len(set(map(abs, QUESTIONS)))
    assert {name: len(group) for name, group in GROUPS.items()} == {
        "fair_elections": 13, "media": 2, "peaceful": 6, "monitors": 6,
    }  # fmt: skip
    assert sorted(abs(question) for question in QUESTIONS if question > 0) == [3, 4, 5, 7, 45, 46]


def test_the_better_answer_is_one(tmp_path: Path) -> None:
    panel = read(write(tmp_path), several="last")
    assert country(panel, "KEN", "nelda3_yes", "nelda29_no", "nelda4_yes", "nelda1_no")[2] == [2007, 1, 1, 0, 1]
    unclear = panel.frame.query("importer == 'KEN' and year == 2007")[["nelda11_no", "nelda30_no"]]
    assert unclear.isna().to_numpy().all()
    indicator = read(write(tmp_path), several="last", answers="indicator")
    assert country(indicator, "KEN", "nelda11_no", "nelda30_no")[2] == [2007, 0, 0]


@pytest.mark.parametrize(("several", "peace"), [("mean", 0.5), ("worst", 0.0), ("last", 1.0)])
def test_several_elections_of_a_year(tmp_path: Path, several: str, peace: float) -> None:
    panel = read(write(tmp_path), several=several)  # type: ignore[arg-type]
    rows = country(panel, "KEN", "elections", "executive_elections", "legislative_elections", "nelda29_no")
    assert rows[2] == [2007, 2, 1, 1, peace]


def test_a_watched_year_without_a_row_had_no_election(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    assert [row[1] for row in country(panel, "KEN", "elections")] == [0, 0, 2, 0, 0, 1]
    without = panel.frame[panel.frame["elections"] == 0]
    assert len(without) and without[ITEMS].isna().to_numpy().all()
    lowest = read(write(tmp_path), without_election="lowest")
    without = lowest.frame[lowest.frame["elections"] == 0]
    assert (without[ITEMS] == 0).to_numpy().all()
    held = panel.frame["elections"] > 0
    pd.testing.assert_frame_equal(lowest.frame[held], panel.frame[held])


def test_states_that_never_voted_are_covered_only_if_asked_for(tmp_path: Path) -> None:
    own, every = read(write(tmp_path)), read(write(tmp_path), states="all")
    assert "SAU" not in set(own.frame["importer"]) and "SAU" in set(every.frame["importer"])
    assert "Countries of the file, 1990-2010" in own.sources[0].coverage
    assert "All states, 1990-2010" in every.sources[0].coverage
    assert every.frame["elections"].sum() == own.frame["elections"].sum() == len(ROWS) - 1


def test_codes_of_states_that_ended(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    held = panel.frame[panel.frame["elections"] > 0]
    assert {("SCG", 2005), ("SRB", 2008), ("DDR", 1990)} <= set(zip(held["importer"], held["year"], strict=True))
    listed = panel.conflicts.set_index("value")["resolution"]
    assert listed.to_dict() == {"345": "read as its successor", "366": "rows left out"}


def test_every_format_says_the_same(tmp_path: Path) -> None:
    plain = read(write(tmp_path))
    table = pd.DataFrame(ROWS)
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet()
    for row in [list(table.columns), *table.to_numpy().tolist()]:
        page.append([float(cell) if str(cell).isdigit() else cell for cell in row])
    book.save(tmp_path / "NELDA.xlsx")
    numbers = table.assign(**{name: pd.to_numeric(table[name]) for name in ("ccode", "year", "mmdd")})
    numbers.to_stata(tmp_path / "id & q-wide_share.dta", write_index=False)
    paths = [tmp_path / "NELDA.xlsx", tmp_path / "id & q-wide_share.dta", write(tmp_path, separator=",")]
    for path in paths:
        pd.testing.assert_frame_equal(read(path).frame, plain.frame)


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="answers other than yes, no") as caught:
        read(write(tmp_path, [*ROWS, election("501", 2012, "1", nelda47="maybe")]))
    assert "'maybe' in data row 8" in caught.value.where and "nelda47" in caught.value.what
    with pytest.raises(DuplicateKeyError, match="501-2007-1227-E"):
        read(write(tmp_path, [*ROWS, ROWS[0]]))
    with pytest.raises(WrongLayoutError, match="lacks the columns nelda57"):
        read(write(tmp_path, [{key: value for key, value in row.items() if key != "nelda57"} for row in ROWS]))


def drawn(folder: Path) -> Path:
    """Elections with answers that follow a common quality."""
    random = np.random.default_rng(1)
    rows = []
    for code in ("501", "500", "510", "2", "220"):
        for year in range(1990, 2010, 2):
            good = random.normal()
            better = {
                f"nelda{abs(question)}": ("yes", "no")[int((good + random.normal() > 0) != (question > 0))]
                for question in QUESTIONS
            }
            rows.append(election(code, year, "101", **better))
    return write(folder, rows)


@pytest.mark.parametrize("weighting", ["inverse_covariance", "equal", "first_component"])
def test_indices_by_group_and_over_all(tmp_path: Path, weighting: str) -> None:
    panel = read(drawn(tmp_path), answers="indicator", index=weighting)  # type: ignore[arg-type]
    found = institutional_indices(panel, weighting=weighting)  # type: ignore[arg-type]
    assert list(found) == [*GROUPS, "institutions"]
    for name, index in found.items():
        np.testing.assert_allclose(panel.frame[name], index.values)
        assert index.weights.sum() == pytest.approx(1, abs=1e-12)
    assert panel.frame.loc[panel.frame["elections"] == 0, list(found)].isna().to_numpy().all()
    told = panel.conflicts[panel.conflicts["resolution"] == "index kept as it is"]
    assert told["value"].tolist() == [name for name, index in found.items() for _ in index.notes]


def test_the_index_of_a_group_is_that_of_its_items(tmp_path: Path) -> None:
    panel = read(drawn(tmp_path), answers="indicator", without_election="lowest", index="inverse_covariance")
    items = panel.frame[[column_of(question) for question in GROUPS["monitors"]]]
    np.testing.assert_allclose(panel.frame["monitors"], summary_index(items).values)
    # Every item is at its lowest without an election, so those years share one value.
    without = panel.frame.loc[panel.frame["elections"] == 0, "monitors"]
    assert without.nunique() == 1 and without.iloc[0] < 0


def test_an_index_that_cannot_be_made_says_which_and_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="There is no index 'fair_elections'") as caught:
        read(write(tmp_path, [election("501", year, "101") for year in (2000, 2005)]), index="equal")
    assert "indicator" in caught.value.remedy
