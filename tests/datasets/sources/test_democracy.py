"""Boix-Miller-Rosato, the Economist's index and the lexical index: scales, successions, names of every edition."""

from __future__ import annotations

import csv
from pathlib import Path

import openpyxl
import pandas as pd
import pytest

from eventpanel.datasets.errors import DuplicateKeyError, EncodingError, NumberError, StudyError, WrongLayoutError
from eventpanel.datasets.sources.regime import bmr, eiu, lexical

BMR = """country,ccode,abbreviation,year,democracy,democracy_omitteddata,democracy_femalesuffrage,sovereign
KENYA,501,KEN,2010,1,1,1,1
LEBANON,660,LEB,1985,1,-1,1,1
GERMANY,255,DEU,1990,1,1,1,1
"GERMANY, WEST",260,DEU,1990,1,1,1,1
"GERMANY, WEST",260,DEU,1946,,,,0
YUGOSLAVIA,345,YUG,1991,0,0,0,1
"YUGOSLAVIA, FED. REP.",347,YUG,1991,0,0,0,1
"YUGOSLAVIA, FED. REP.",347,YUG,2005,1,1,1,1
ETHIOPIA,529,ETI,2010,0,0,0,1
"""
LIED = """countryn,cow,vdem,year,male_suffrage,female_suffrage,executive_elections,legislative_elections,\
multi-party_legislative_elections,competitive_elections,lexical_index,political_liberties,lexical_index_plus
Kenya,501,40,2010,1,1,1,1,1,1,6,0,6
Botswana,571,68,1990,1,1,1,2,1,1,6,1,7
Cape Colony,559,,1890,0,0,0,1,1,0,2,0,2
"""


def write(folder: Path, text: str, name: str = "file.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def sheet(folder: Path, text: str) -> Path:
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet()
    for row in csv.reader(text.splitlines()):
        page.append([float(cell) if cell.replace(".", "").isdigit() else cell or None for cell in row])
    path = folder / "file.xlsx"
    book.save(path)
    return path


def stata(folder: Path, text: str) -> Path:
    table = pd.read_csv(write(folder, text))
    path = folder / "file.dta"
    table.to_stata(path, write_index=False)
    return path


def cells(frame: pd.DataFrame, key: str, columns: list[str]) -> list[list[object]]:
    """Cells of the rows with one index value."""
    return frame.loc[[key], columns].to_numpy().tolist()


def test_bmr_is_matched_by_name_and_settled_by_code(tmp_path: Path) -> None:
    panel = bmr.read(write(tmp_path, BMR))
    assert panel.frame[["importer", "year"]].to_numpy().tolist() == [
        ["DEU", 1990], ["ETH", 2010], ["KEN", 2010], ["LBN", 1985], ["SCG", 2005], ["YUG", 1991],
    ]  # fmt: skip
    problems = panel.conflicts.set_index("problem")
    assert cells(problems, "two states in one year", ["value"]) == [["260"], ["345"]]
    assert cells(problems, "no score", ["value", "years"]) == [["GERMANY, WEST", "1946"]]
    assert cells(problems, "name or code of a state that had ended", ["resolution"]) == [["read as its successor"]]


def test_bmr_is_missing_under_occupation_only_where_it_says_so(tmp_path: Path) -> None:
    frame = bmr.read(write(tmp_path, BMR)).frame.set_index("importer")
    assert cells(frame.isna(), "LBN", ["bmr_democracy", "bmr_democracy_omitteddata"]) == [[False, True]]


def test_bmr_in_every_format(tmp_path: Path) -> None:
    plain = bmr.read(write(tmp_path, BMR))
    copy = BMR.replace("country,ccode", "bmr_country,bmr_ccode")
    for path in (stata(tmp_path, BMR), write(tmp_path, copy, "copy.csv")):
        pd.testing.assert_frame_equal(bmr.read(path).frame, plain.frame)
        pd.testing.assert_frame_equal(bmr.read(path).conflicts, plain.conflicts)


def test_bmr_refusals(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="'democracy' holds numbers outside 0 to 1"):
        bmr.read(write(tmp_path, BMR.replace("KEN,2010,1", "KEN,2010,8")))
    with pytest.raises(WrongLayoutError, match="lacks the columns ccode or bmr_ccode"):
        bmr.read(write(tmp_path, BMR.replace("ccode", "code")))
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        bmr.read(write(tmp_path, BMR + BMR.splitlines()[1] + "\n"))
    latin = tmp_path / "latin.csv"
    latin.write_bytes(BMR.replace("KENYA", "CÔTE D'IVOIRE").encode("latin-1"))
    with pytest.raises(EncodingError, match=r"not written in UTF-8"):
        bmr.read(latin)


def test_bmr_as_published(data_dir: Path) -> None:
    path = data_dir / "regime" / "bmr.csv"
    raw, panel = pd.read_csv(path, keep_default_na=False, na_values=""), bmr.read(path)
    read_as = panel.conflicts["resolution"] == "read as its successor"
    assert len(raw) == len(panel.frame) + panel.conflicts.loc[~read_as, "rows"].sum()
    assert panel.conflicts.loc[panel.conflicts["problem"] == "no score", "rows"].sum() == raw["democracy"].isna().sum()
    for name, iso3 in (("KENYA", "KEN"), ("BRAZIL", "BRA"), ("POLAND", "POL")):
        theirs = raw[raw["bmr_country"] == name].sort_values("year")["democracy"].tolist()
        mine = panel.frame[panel.frame["importer"] == iso3]["bmr_democracy"].tolist()
        assert mine[-len(theirs) :] == theirs and theirs


EIU = "country,year,eiu\nKenya,2010,4.71\nKenya,2011,4.71\nWorld average,2010,5.46\n"


def test_eiu_tidy_and_the_table_of_all_years_agree(tmp_path: Path) -> None:
    plain = eiu.read(write(tmp_path, EIU))
    wide = eiu.read(write(tmp_path, "Country,2011,2010\nKenya,4.71,4.71\nWorld average,-,5.46\n"))
    excel = eiu.read(sheet(tmp_path, EIU))
    for other in (wide, excel):
        pd.testing.assert_frame_equal(other.frame, plain.frame)
    assert plain.frame["eiu_democracy"].tolist() == [4.71, 4.71]
    assert wide.conflicts[["problem", "years"]].to_numpy().tolist() == [["not known", "2010"], ["no score", "2011"]]


EDITION = """Country,Overall score,Rank,"I Electoral
process and pluralism",II Functioning of  government,III Political participation,IV Political culture,V Civil liberties
Full democracies,,,,,,,
Kenya,5.05,92,3.50,5.36,6.67,5.63,4.12
"""


def test_eiu_table_of_one_edition(tmp_path: Path) -> None:
    path = write(tmp_path, EDITION)
    panel = eiu.read(path, year=2021)
    assert panel.frame.to_numpy().tolist() == [["KEN", 2021, 5.05, 3.50, 5.36, 6.67, 5.63, 4.12]]
    assert panel.variables[:2] == ("eiu_democracy", "eiu_electoral_process")
    assert panel.conflicts[["problem", "value"]].to_numpy().tolist() == [["no score", "Full democracies"]]
    with pytest.raises(StudyError, match="does not say its year"):
        eiu.read(path)
    with pytest.raises(StudyError, match="holds its years itself"):
        eiu.read(write(tmp_path, EIU, "tidy.csv"), year=2021)


def test_eiu_refusals(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="outside 0 to 10"):
        eiu.read(write(tmp_path, EIU.replace("4.71", "47.1")))
    with pytest.raises(NumberError, match="'4,71' in data row 1"):
        eiu.read(write(tmp_path, EIU.replace("4.71", '"4,71"')))
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        eiu.read(write(tmp_path, EIU.replace("2011", "2010")))
    with pytest.raises(WrongLayoutError, match="countries on two rows"):
        eiu.read(write(tmp_path, "Country,2011\nKenya,4.71\nKenya,4.71\n"))
    with pytest.raises(WrongLayoutError, match="lacks the columns eiu or"):
        eiu.read(write(tmp_path, EIU.replace("eiu", "index")))


def test_eiu_as_published(data_dir: Path) -> None:
    path = data_dir / "regime" / "eiu.csv"
    raw, panel = pd.read_csv(path), eiu.read(path)
    assert len(raw) == len(panel.frame) and panel.conflicts.empty
    assert {2007, 2009}.isdisjoint(panel.frame["year"])
    kenya = raw[raw["eiu_country"] == "Kenya"].sort_values("year")
    assert panel.frame[panel.frame["importer"] == "KEN"]["eiu_democracy"].tolist() == kenya["eiu"].tolist()


def test_lexical_index(tmp_path: Path) -> None:
    panel = lexical.read(write(tmp_path, LIED))
    frame = panel.frame.set_index("importer")
    assert cells(frame, "KEN", ["lexical_index", "lexical_index_plus", "multiparty_elections"]) == [[6, 6, 1]]
    assert cells(frame.isna(), "BWA", ["legislative_elections", "lexical_index_plus"]) == [[True, False]]
    listed = panel.conflicts.set_index("value")
    assert cells(listed, "Botswana", ["problem"]) == [["legislative_elections neither 0 nor 1"]]
    assert cells(listed, "Botswana", ["resolution"]) == [["left missing"]]
    assert cells(listed, "Cape Colony", ["resolution"]) == [["rows left out"]]


def test_lexical_names_of_every_version(tmp_path: Path) -> None:
    plain = lexical.read(write(tmp_path, LIED))
    old = LIED.replace("countryn", "lied_country").replace("executive_elections", "exselec")
    old = old.replace("multi-party_legislative_elections", "opposition").replace("legislative_elections", "legselec")
    old = old.replace("competitive_elections", "competition")
    for path in (sheet(tmp_path, LIED), write(tmp_path, old, "old.csv")):
        pd.testing.assert_frame_equal(lexical.read(path).frame, plain.frame)


def test_lexical_refusals(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="'lexical_index' holds numbers outside 0 to 6"):
        lexical.read(write(tmp_path, LIED.replace("1,6,0,6", "1,7,0,6")))
    with pytest.raises(WrongLayoutError, match="lacks the columns lexical_index_plus"):
        lexical.read(write(tmp_path, LIED.replace(",lexical_index_plus", ",other")))
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        lexical.read(write(tmp_path, LIED + LIED.splitlines()[1] + "\n"))
