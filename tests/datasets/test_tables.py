"""Tables by the kind of their file: the same text from csv, spreadsheet, Stata and SPSS."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat
import pytest

from eventpanel.datasets.errors import MissingFileError, WrongLayoutError
from eventpanel.datasets.tables import read_any, read_stata

ROWS = [["020230", "3", "2.5", "2015-03-01"], ["Kenya", "", "-1", ""]]
NAMES = ["code", "whole", "part", "day"]


def typed() -> pd.DataFrame:
    days = [pd.Timestamp("2015-03-01"), pd.NaT]
    return pd.DataFrame({"code": ["020230", "Kenya"], "whole": [3.0, None], "part": [2.5, -1.0], "day": days})


def write(folder: Path, kind: str) -> Path:
    path = folder / f"table.{kind}"
    if kind == "dta":
        typed().to_stata(path, write_index=False, convert_dates={"day": "td"})
    elif kind == "sav":
        days = typed()["day"].dt.date.where(typed()["day"].notna(), None)
        pyreadstat.write_sav(typed().assign(day=days), str(path))  # pyright: ignore[reportArgumentType]
    elif kind == "xlsx":
        typed().assign(day=["2015-03-01", ""]).to_excel(path, index=False)
    else:
        mark = {"csv": ",", "txt": ";", "tsv": "\t"}[kind]
        path.write_text("\n".join(mark.join(row) for row in [NAMES, *ROWS]), encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "txt", "tsv", "xlsx", "dta", "sav"])
def test_every_kind_is_the_same_text(tmp_path: Path, kind: str) -> None:
    table = read_any(write(tmp_path, kind))
    assert table.columns.tolist() == NAMES and table.to_numpy().tolist() == ROWS


@pytest.mark.parametrize("kind", ["csv", "xlsx", "dta", "sav"])
def test_columns_are_chosen_or_refused(tmp_path: Path, kind: str) -> None:
    path = write(tmp_path, kind)
    assert read_any(path, ["part", "code"]).columns.tolist() == ["part", "code"]
    with pytest.raises(WrongLayoutError, match="price"):
        read_any(path, ["part", "price"])


def test_years_of_stata_stay_years(tmp_path: Path) -> None:
    path = tmp_path / "years.dta"
    days = [pd.Timestamp("2015-01-01"), pd.Timestamp("2016-01-01"), pd.NaT]
    table = pd.DataFrame({"year": days, "day": days})
    table.to_stata(path, write_index=False, convert_dates={"year": "ty", "day": "td"})
    assert read_any(path).to_numpy().tolist() == [["2015", "2015-01-01"], ["2016", "2016-01-01"], ["", ""]]


def test_labels_stand_for_their_numbers(tmp_path: Path) -> None:
    path = tmp_path / "labelled.dta"
    pd.DataFrame({"smart": pd.Categorical(["yes", "no", None])}).to_stata(path, write_index=False)
    assert read_any(path)["smart"].tolist() == ["yes", "no", ""]
    assert read_stata(path)["smart"].tolist()[:2] == [1, 0]


def test_spreadsheets_with_empty_columns_and_with_two_of_one_name(tmp_path: Path) -> None:
    path = tmp_path / "sheet.xlsx"
    pd.DataFrame([["a", "", "b"], ["1", "", "2"]]).to_excel(path, index=False, header=False)
    assert read_any(path).to_dict("list") == {"a": ["1"], "b": ["2"]}
    pd.DataFrame([["a", "a"], ["1", "2"]]).to_excel(path, index=False, header=False)
    with pytest.raises(WrongLayoutError, match="two columns of one name"):
        read_any(path)


def test_files_that_are_not_what_their_names_say(tmp_path: Path) -> None:
    for name in ("a.dta", "a.xlsx"):
        path = tmp_path / name
        path.write_text("code,value\nKEN,1\n", encoding="utf-8")
        with pytest.raises(WrongLayoutError) as caught:
            read_any(path)
        assert name in str(caught.value) and caught.value.remedy
    with pytest.raises(MissingFileError):
        read_any(tmp_path / "b.dta")
