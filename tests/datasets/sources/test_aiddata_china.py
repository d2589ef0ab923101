"""Geocoded projects: years as fractions, missing amounts, regions among recipients."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import WrongLayoutError
from eventpanel.datasets.records import count, search
from eventpanel.datasets.sources.trade.aiddata_china import read

HEADER = (
    "Level.of.precision,AidData.Record.ID,Amount.(Constant.USD.2021),Title,Status,Sector.Name,Recipient,"
    "Recipient.ISO-3,Commitment.Year,Implementation.Start.Year,Completion.Year\n"
)
ROWS = [
    'PRECISE,4,15087226.6,"Loan for a safe city, phase 1",Completion,HEALTH,Angola,AGO,2008,2010.0,2012.0',
    "PRECISE,6,,Surveillance cameras,Completion,COMMUNICATIONS,Angola,AGO,2010,,2011.0",
    'ADM4,7,5.0,Training,Completion,HEALTH,"Africa, regional",,2009,2009.0,2009.0',
    "ADM4,8,5.0,Bridge,Implementation,TRANSPORT AND STORAGE,Kenya,KEN,2010,2022.0,",
]


def write(folder: Path, rows: list[str]) -> Path:
    path = folder / "projects.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def test_projects_by_commitment(tmp_path: Path) -> None:
    records = read(write(tmp_path, ROWS))
    assert records.frame[["exporter", "importer", "year"]].to_numpy().tolist() == [
        ["CHN", "AGO", 2008], ["CHN", "AGO", 2010], ["CHN", "KEN", 2010],
    ]  # fmt: skip
    assert records.frame["amount_usd_2021"].isna().tolist() == [False, True, False]
    assert records.conflicts["value"].tolist() == ["Africa, regional"]


def test_covered_are_recipients_in_the_file_and_years_with_commitments(tmp_path: Path) -> None:
    covered = read(write(tmp_path, ROWS), year="completion").covered
    assert covered.groupby("importer")["year"].agg(["min", "max"]).to_numpy().tolist() == [[2008, 2010]] * 2


def test_projects_without_the_year_asked_for_are_reported(tmp_path: Path) -> None:
    records = read(write(tmp_path, ROWS), year="implementation")
    assert records.frame["year"].tolist() == [2010, 2022]
    undated = records.conflicts[records.conflicts["problem"] == "no implementation year"]
    assert undated[["value", "rows"]].to_numpy().tolist() == [["Angola", 1]]
    assert "outside the years the source covers" in count(records, "projects").conflicts["problem"].tolist()


def test_titles_are_searched(tmp_path: Path) -> None:
    found = search(read(write(tmp_path, ROWS)), "title", ["safe city", "surveillance"])
    assert found.frame["project"].tolist() == ["4", "6"]


def test_a_project_on_two_rows(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError) as caught:
        read(write(tmp_path, [ROWS[0], ROWS[0]]))
    assert "projects.csv" in str(caught.value) and "AidData.Record.ID 4" in caught.value.where
