"""Protests: both layouts, years without protest, the partial 2020, codes that change by mistake."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import NumberError, WrongLayoutError
from eventpanel.datasets.records import Records, count
from eventpanel.datasets.sources.unrest.mass_mobilization import DEMANDS, RESPONSES, read

ANSWERS = [column for column, _ in {**DEMANDS, **RESPONSES}.values()]
HEADER = ",id,country,ccode,year,protest,protesterviolence," + ",".join(ANSWERS) + "\n"
PUBLISHER = (
    "id,country,ccode,year,region,protest,protestnumber,protesterviolence,"
    "protesterdemand1,protesterdemand2,stateresponse1,stateresponse2\n"
    '1,Kenya,501,2010,Africa,1,1,0,"political behavior, process",labor wage dispute,crowd dispersal,arrests\n'
    "2,Kenya,501,2011,Africa,0,0,,.,,.,\n"
    '3,Kenya,501,2012,Africa,1,1,1,"price increases, tax policy",,ignore,\n'
)


def row(country: str, code: int, year: int, violence: str = "1.0", **answers: int) -> str:
    marks = ",".join(str(answers.get(column, 0)) for column in ANSWERS)
    return f"0,{code}{year},{country},{code},{year},1,{violence},{marks}"


def wide(folder: Path, rows: list[str]) -> Path:
    path = folder / "mm.csv"
    path.write_text(HEADER + "\n".join(rows) + "\n", encoding="utf-8")
    return path


def by_year(records: Records, code: str) -> dict[int, int]:
    frame = count(records, "protests").frame
    rows = frame[frame["importer"] == code]
    return dict(zip(rows["year"].tolist(), rows["protests"].tolist(), strict=True))


def test_protests_are_counted_with_zeros_from_1990_to_2019(tmp_path: Path) -> None:
    rows = [row("Kenya", 501, 2010), row("Kenya", 501, 2010), row("South Sudan", 525, 2012)]
    records = read(wide(tmp_path, rows))
    kenya = by_year(records, "KEN")
    assert kenya[2010] == 2 and kenya[2009] == 0 and (min(kenya), max(kenya)) == (1990, 2019)
    assert min(by_year(records, "SSD")) == 2011


def test_2020_ends_in_march(tmp_path: Path) -> None:
    path = wide(tmp_path, [row("Kenya", 501, 2019), row("Kenya", 501, 2020)])
    records = read(path)
    assert records.frame["year"].tolist() == [2019]
    assert records.conflicts[["value", "years", "rows"]].to_numpy().tolist() == [["Kenya", "2020", 1]]
    asked = read(path, partial_2020=True)
    assert asked.frame["year"].tolist() == [2019, 2020] and asked.covered["year"].max() == 2020
    assert "March 2020" in asked.source.coverage and asked.conflicts.empty


def test_countries_are_matched_by_name_since_codes_change_by_mistake(tmp_path: Path) -> None:
    rows = [row("Yemen", 679, 2015), row("Yemen", 678, 2016), row("Yugoslavia", 345, 1999)]
    records = read(wide(tmp_path, rows))
    assert records.frame["importer"].tolist()[:2] == ["YEM", "YEM"] and records.conflicts.empty


def test_answers_of_the_wide_copy(tmp_path: Path) -> None:
    first = read(wide(tmp_path, [row("Kenya", 501, 2010, removal_of_politician=2, killings=1)])).frame.iloc[0]
    assert first[["violent", "demand_removal", "response_killings", "demand_land"]].tolist() == [
        True, True, True, False,
    ]  # fmt: skip


def test_the_publishers_layout_with_years_without_protest(tmp_path: Path) -> None:
    path = tmp_path / "mmALL.csv"
    path.write_text(PUBLISHER, encoding="utf-8")
    records = read(path)
    assert records.frame["year"].tolist() == [2010, 2012]
    assert records.frame["demand_politics"].tolist() == [True, False]
    assert records.frame["demand_labour"].tolist() == [True, False]
    assert records.frame["demand_prices"].tolist() == [False, True]
    assert records.frame["response_arrests"].tolist() == [True, False]
    assert records.frame["response_ignored"].tolist() == [False, True]
    assert by_year(records, "KEN")[2011] == 0


def test_refusals(tmp_path: Path) -> None:
    path = wide(tmp_path, [row("Kenya", 501, 2010, violence="often")])
    with pytest.raises(NumberError, match=r"mm\.csv: column 'protesterviolence'"):
        read(path)
    path.write_text("id,country,year,protest,protesterviolence\n1,Kenya,2010,1,0\n", encoding="utf-8")
    with pytest.raises(WrongLayoutError, match="labor_wage_dispute"):
        read(path)
