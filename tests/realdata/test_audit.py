"""The audit on publishers' files: it finds the traps that are known to be there."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.audit import Audit, audit
from eventpanel.datasets.tables import read_any


def table(data_dir: Path, name: str, encoding: str = "utf-8-sig") -> pd.DataFrame:
    path = data_dir / name
    if not path.is_file():
        pytest.skip(f"{name} is not in the folder of publishers' files")
    return read_any(path, encoding=encoding)


def of(answer: Audit, problem: str, column: str = "") -> pd.DataFrame:
    rows = answer.findings[answer.findings["problem"].str.startswith(problem)]
    return rows[rows["column"] == column] if column else rows


def schemes(answer: Audit) -> dict[str, tuple[str, ...]]:
    return {guess.column: (guess.scheme, *guess.mixed) for guess in answer.columns}


def test_two_code_systems_in_one_column_and_the_collision_of_mac(data_dir: Path) -> None:
    """GDELT and ACLED are counted by ISO3, UCDP by letters of COW, one below the other."""
    rows = table(data_dir, "unrest/gdelt_acled_ucdp_country_years.csv")
    answer = audit(rows)
    assert schemes(answer) == {"country_code": ("iso3", "cow_letters")}
    collisions = of(answer, "means two countries").set_index("value")
    assert collisions["severity"].to_dict() == {
        "MAC": "conflict", "AUS": "note", "MNG": "note", "SLV": "note", "SWZ": "note",
    }  # fmt: skip
    mac = rows[rows["country_code"] == "MAC"]
    macao = ((mac["gdelt_total"] != "NA") | (mac["acled_total"] != "NA")).sum()
    macedonia = (mac["ucdp_total"] != "NA").sum()
    assert macao > 0
    assert macedonia > 0
    hint = collisions["hint"].to_dict()["MAC"]
    assert f"{macao} rows of iso3 by acled_total or gdelt_total" in hint
    assert f"{macedonia} rows of cow_letters by ucdp_total" in hint
    ended = of(answer, "not in that year").set_index("value")["rows"]
    for letters in ("GFR", "YAR"):  # UCDP keeps numbers of states that ended in 1990
        assert ended[letters] == ((rows["country_code"] == letters) & (rows["year"].astype(int) > 1990)).sum()


def test_numbers_of_polity_beside_names(data_dir: Path) -> None:
    rows = table(data_dir, "unrest/mass_mobilization_events.csv", "latin-1")
    answer = audit(rows)
    assert schemes(answer) == {"country": ("name",), "ccode": ("polity",)}
    assert [guess.reason for guess in answer.columns] == ["fits best", "agrees with country"]
    twice = rows.duplicated(["country", "ccode", "year", "protestnumber"], keep=False)
    assert of(answer, "several rows for one country, year, protestnumber")["rows"].sum() == twice.sum() > 0
    hints = of(answer, "not in that year", "ccode").set_index("value")["hint"].to_dict()
    assert hints["816"].startswith("Vietnam in cow")
    assert of(answer, "two columns name").empty


def test_successions_of_polity(data_dir: Path) -> None:
    answer = audit(table(data_dir, "regime/p5v2018.csv"))
    assert schemes(answer) == {"ccode": ("polity",), "scode": ("cow_letters",), "country": ("name",)}
    several = of(answer, "several values", "ccode")
    assert dict(zip(several["value"], several["years"], strict=True)) == {
        "255, 260": "1990", "345, 347": "1991", "529, 530": "1993", "625, 626": "2011", "678, 679": "1990",
        "816, 818": "1976",
    }  # fmt: skip
    assert (several["severity"] == "conflict").all()


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("regime/vdem_ert.csv", {"country_text_id": ("vdem",), "country_name": ("name",)}),
        ("regime/eiu.csv", {"eiu_country": ("name",)}),
        ("regime/fh.csv", {"fh_country": ("name",)}),
        ("codes/gdp.csv", {"Country Name": ("name",), "Country Code": ("iso3",)}),
        ("trade/dist_cepii.dta", {"exporter": ("iso3",), "importer": ("iso3",)}),
        ("unrest/ucdp_acd.csv", {"gwcode": ("gw",)}),
    ],
)
def test_schemes_of_publishers_are_guessed(file: str, expected: dict[str, tuple[str, ...]], data_dir: Path) -> None:
    answer = audit(table(data_dir, file))
    assert schemes(answer) == expected
    assert of(answer, "not known").empty
    assert set(of(answer, "two columns name")["years"]) <= {"1918", "1922"}  # V-Dem's Serbia and Russia in succession
    assert of(answer, "several rows").empty
