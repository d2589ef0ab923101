"""Freedom House: three layouts, periods that are no calendar years, cells with two ratings, territories apart."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from eventpanel.datasets.errors import DuplicateKeyError, NumberError, WrongLayoutError
from eventpanel.datasets.sources.regime.freedom_house import read

Cell = str | int | None
# The header as published: editions, years under review, measures; "CL " with its blank.
EDITIONS: list[Cell] = ["Survey Edition", "Jan.-Feb. 1973", None, None, "1982", None, None, "2013", None, None]
YEARS: list[Cell] = ["Year(s) Under Review", 1972, None, None, "Jan.1981-Aug. 1982", None, None, 2012, None, None]
MEASURES: list[Cell] = [None, *["PR", "CL ", "Status"] * 3]
COUNTRIES: list[list[Cell]] = [
    ["Kenya", 5, 4, "PF", 5, 5, "PF", 4, 4, "PF"],
    ["South Africa", "2(5)", "3(6)", "F (NF)", 5, 6, "NF", 2, 2, "F"],
    ["South Sudan", "-", "-", "-", "-", "-", "-", 6, 5, "NF"],
    ["USSR", 6, 6, "NF", 6, 7, "NF", "-", "-", "-"],
]
TERRITORIES: list[list[Cell]] = [
    ["Hong Kong", "-", "-", "-", 4, 2, "PF", 5, 2, "PF"],
    ["Tibet", "-", "-", "-", "-", "-", "-", 7, 7, "NF"],
]
LIST: list[Cell] = [
    "Country/Territory", "Region", "C/T", "Edition", "Status", "PR rating", "CL rating",
    "A1", "A", "PR", "CL", "Total",
]  # fmt: skip


def workbook(path: Path, sheets: dict[str, list[list[Cell]]]) -> Path:
    book = openpyxl.Workbook(write_only=True)
    book.create_sheet("Introduction").append(["Historical status and ratings"])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def ratings(folder: Path, countries: list[list[Cell]] = COUNTRIES, measures: list[Cell] = MEASURES) -> Path:
    head = [EDITIONS, YEARS]
    sheets = {
        "Country Ratings, Statuses ": [*head, measures, *countries],
        "Territory Ratings, Statuses": [*head, measures, *TERRITORIES],
    }
    return workbook(folder / "Country_and_Territory_Ratings_and_Statuses_FIW_1973-2013.xlsx", sheets)


def scores(folder: Path, *rows: list[Cell]) -> Path:
    sheet: list[list[Cell]] = [["All data, 2013-2025 editions"], LIST, *rows]
    return workbook(folder / "All_data_FIW_2013-2025.xlsx", {"FIW13-25": sheet})


KENYA: list[Cell] = ["Kenya", "Africa", "c", 2025, "PF", 4, 4, 2, 7, 21, 30, 51]
SYRIA: list[Cell] = ["Syria", "MENA", "c", 2025, "NF", 7, 7, 0, 0, -3, 8, 5]
TIBET: list[Cell] = ["Tibet", "Asia", "t", 2025, "NF", 7, 7, 0, 0, -2, 2, 0]


def test_three_rows_of_header_become_one_row_a_year(tmp_path: Path) -> None:
    panel = read(ratings(tmp_path))
    assert panel.frame.to_numpy().tolist()[:3] == [
        ["KEN", 1972, 5, 4, 1],
        ["KEN", 1982, 5, 5, 1],
        ["KEN", 2012, 4, 4, 1],
    ]
    assert panel.variables == ("political_rights", "civil_liberties", "freedom_status")
    assert panel.frame.query("importer == 'SSD'")["year"].tolist() == [2012]
    assert panel.frame.query("importer == 'SUN'")["year"].tolist() == [1972, 1982]
    assert "1972-2012, none for 1981" in panel.sources[0].coverage


def test_a_cell_with_two_ratings_is_missing_and_reported(tmp_path: Path) -> None:
    panel = read(ratings(tmp_path))
    africa = panel.frame.query("importer == 'ZAF'")
    assert africa["freedom_status"].fillna(-1).tolist() == [-1, 0, 2]
    assert africa.loc[africa["year"] == 1972, list(panel.variables)].isna().to_numpy().all()
    torn = panel.conflicts[panel.conflicts["problem"] == "two ratings in one cell"]
    assert torn[["value", "years", "rows", "resolution"]].to_numpy().tolist() == [
        ["South Africa", "1972", 1, "left missing"]
    ]


def test_territories_are_apart_unless_asked_for(tmp_path: Path) -> None:
    path = ratings(tmp_path)
    without, with_them = read(path), read(path, territories=True)
    assert "HKG" not in set(without.frame["importer"])
    listed = without.conflicts[without.conflicts["problem"] == "rated as a territory"]
    assert listed[["value", "rows"]].to_numpy().tolist() == [["Hong Kong", 2], ["Tibet", 1]]
    assert with_them.frame.query("importer == 'HKG'")["political_rights"].tolist() == [4, 5]
    assert with_them.conflicts["value"].tolist() == ["Tibet", "South Africa"]


def test_a_list_holds_scores_and_rates_the_year_before(tmp_path: Path) -> None:
    panel = read(scores(tmp_path, KENYA, SYRIA, TIBET))
    columns = ["importer", "year", "political_rights_score", "civil_liberties_score", "freedom_score"]
    assert panel.frame[columns].to_numpy().tolist() == [["KEN", 2024, 21, 30, 51], ["SYR", 2024, -3, 8, 5]]
    assert panel.conflicts["value"].tolist() == ["Tibet"]


AGGREGATE: list[Cell] = [
    "Country/Territory", "C/T?", "Region", "Edition", "Status", "PR Rating", "CL Rating",
    "A Aggr", "PR Aggr", "CL Aggr", "Total Aggr",
]  # fmt: skip
EARLY: list[Cell] = [
    "Country/Territory",
    "C/T?",
    "FIW03 PR",
    "FIW04 PR",
    "FIW03 CL",
    "FIW04 CL",
    "FIW03 Total",
    "FIW04 Total",
]


def test_aggregate_scores_of_early_editions_have_no_ratings(tmp_path: Path) -> None:
    late: list[Cell] = ["Kenya", "c", "Africa", 2006, "PF", 3, 3, 9, 26, 36, 62]
    early: list[Cell] = ["Kenya", "c", 20, 25, 30, 35, 50, "-"]
    path = workbook(tmp_path / "aggregate.xlsx", {"FIW06-24": [AGGREGATE, late], "FIW03-05": [EARLY, early]})
    frame = read(path).frame
    assert frame["year"].tolist() == [2002, 2003, 2005]
    assert frame["political_rights_score"].tolist() == [20, 25, 26]
    assert frame["freedom_score"].fillna(-1).tolist() == [50, -1, 62]
    assert frame["political_rights"].fillna(-1).tolist() == [-1, -1, 3]
    with pytest.raises(WrongLayoutError, match="neither an edition nor scores"):
        read(workbook(tmp_path / "odd.xlsx", {"FIW03-05": [["Country/Territory", "C/T?"], ["Kenya", "c"]]}))


def test_sheets_that_explain_are_passed_over(tmp_path: Path) -> None:
    shares: list[list[Cell]] = [["Year(s) Under Review**", "% of F Countries"], [1972, 29]]
    sheets = {"Ratings explained": shares, "Country Ratings, Statuses ": [EDITIONS, YEARS, MEASURES, *COUNTRIES]}
    assert len(read(workbook(tmp_path / "all.xlsx", sheets)).frame) == 9


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="holds numbers outside 1 to 7") as caught:
        read(scores(tmp_path, [*KENYA[:5], 8, *KENYA[6:]]))
    assert "'8' in data row 1" in caught.value.where
    with pytest.raises(NumberError, match="none of F, PF, NF"):
        read(scores(tmp_path, [*KENYA[:4], "Free", *KENYA[5:]]))
    with pytest.raises(DuplicateKeyError, match="KEN 2024"):
        read(scores(tmp_path, KENYA, KENYA))
    with pytest.raises(WrongLayoutError, match="does not have PR, CL and Status"):
        read(ratings(tmp_path, measures=[None, *["PR", "Status", "CL"] * 3]))
    with pytest.raises(WrongLayoutError, match="no sheet of ratings"):
        read(workbook(tmp_path / "other.xlsx", {"Sheet2": [["a"], ["b"]]}))
    with pytest.raises(WrongLayoutError, match="no sheet of ratings"):
        read(workbook(tmp_path / "torn.xlsx", {"Country Ratings": [["Kenya", 1], ["Uganda", 2]]}))
    path = tmp_path / "fh.csv"
    path.write_text("country,year,pr,cl\nKenya,2010,4,3\n", encoding="utf-8")
    with pytest.raises(WrongLayoutError, match="lacks the columns status"):
        read(path)


def test_as_published(data_dir: Path) -> None:
    path = data_dir / "regime" / "fh.csv"
    raw, panel = pd.read_csv(path, keep_default_na=False), read(path)
    assert len(raw) == len(panel.frame) + panel.conflicts["rows"].sum()
    assert 1981 not in set(panel.frame["year"])
    kenya = raw[raw["fh_country"] == "Kenya"].sort_values("year")
    mine = panel.frame.query("importer == 'KEN'")
    assert mine["political_rights"].tolist() == kenya["pr"].tolist()
    assert mine["civil_liberties"].tolist() == kenya["cl"].tolist()
    assert mine["freedom_status"].tolist() == kenya["status"].map({"NF": 0, "PF": 1, "F": 2}).tolist()


def test_the_workbook_of_all_years_says_the_same_as_the_tidy_file(tmp_path: Path, data_dir: Path) -> None:
    tidy = data_dir / "regime" / "fh.csv"
    raw = pd.read_csv(tidy, keep_default_na=False)
    years = sorted(raw["year"].unique())
    cells = {
        (country, year): [int(pr), int(cl), status]
        for country, year, pr, cl, status in raw[["fh_country", "year", "pr", "cl", "status"]].itertuples(index=False)
    }
    head: list[list[Cell]] = [["Survey Edition"], ["Year(s) Under Review"], [None]]
    for year in years:
        head[0] += [int(year) + 1, None, None]
        head[1] += [int(year), None, None]
        head[2] += ["PR", "CL", "Status"]
    body: list[list[Cell]] = [
        [country, *(cell for year in years for cell in cells.get((country, year), ["-", "-", "-"]))]
        for country in raw["fh_country"].unique()
    ]
    path = workbook(tmp_path / "all.xlsx", {"Country Ratings, Statuses ": [*head, *body]})
    wide, plain = read(path), read(tidy)
    pd.testing.assert_frame_equal(wide.frame, plain.frame)
    pd.testing.assert_frame_equal(wide.conflicts, plain.conflicts)
