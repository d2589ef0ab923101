"""Regimes: special codes are not scores, successions are settled, letters are the publisher's own."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import openpyxl
import pandas as pd
import pyreadstat
import pytest

from eventpanel.datasets import tables
from eventpanel.datasets.errors import DuplicateKeyError, EncodingError, InputError, NumberError, WrongLayoutError
from eventpanel.datasets.sources.regime import ert, polity5, vdem
from tests.sources import ROOT

POLITY = """p5,cyear,ccode,scode,country,year,flag,democ,autoc,polity,polity2
0,1,501,KEN,Kenya,2010,0,8,0,8,8
0,2,700,AFG,Afghanistan,2001,0,-66,-66,-66,
0,3,520,SOM,Somalia,2005,0,-77,-77,-77,0
0,4,645,IRQ,Iraq,2010,0,-88,-88,-88,3
0,5,625,SUD,Sudan,2011,0,0,4,-4,-4
0,6,626,SDN,Sudan-North,2011,0,0,4,-4,-4
0,7,345,YUG,Yugoslavia,1991,0,0,5,-5,-5
0,8,347,YGS,Yugoslavia,1991,0,0,5,-5,-5
"""
ERT = """"","country_id","country_text_id","country_name","year","v2x_regime","v2x_polyarchy"
"1",3,"MEX","Mexico",2010,2,0.6
"2",200,"PSG","Palestine/Gaza",2010,0,0.2
"3",3,"KEN","Kenya",2010,NA,NA
"""


def write(folder: Path, text: str) -> Path:
    path = folder / "regime.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_special_codes_are_no_scores(tmp_path: Path) -> None:
    frame = polity5.read(write(tmp_path, POLITY)).frame.set_index("importer")
    special = frame["polity_special"]
    assert special[["KEN", "AFG", "SOM", "IRQ"]].tolist() == [
        "none", "interruption", "interregnum", "transition",
    ]  # fmt: skip
    assert frame.loc[["AFG", "SOM", "IRQ"], "polity"].isna().all()
    assert frame.loc[["SOM", "IRQ", "KEN"], "polity2"].tolist() == [0, 3, 8]
    assert frame.loc["KEN", "polity"] == 8


@pytest.mark.parametrize(("row", "column"), [("-99,8", "polity"), ("8,-66", "polity2")])
def test_a_number_that_is_neither_a_score_nor_a_code_is_refused(tmp_path: Path, row: str, column: str) -> None:
    with pytest.raises(NumberError, match=f"'{column}' holds numbers outside -10 to 10"):
        polity5.read(write(tmp_path, POLITY.replace("0,8,0,8,8", f"0,8,0,{row}")))


def test_two_states_of_one_code_are_settled_and_reported(tmp_path: Path) -> None:
    panel = polity5.read(write(tmp_path, POLITY))
    assert (panel.frame["importer"] == "SDN").sum() == 1
    settled = panel.conflicts[panel.conflicts["problem"] == "two states in one year"]
    assert settled[["value", "years"]].to_numpy().tolist() == [["345", "1991"], ["625", "2011"]]


def test_other_repeats_are_refused(tmp_path: Path) -> None:
    kenya = POLITY.splitlines()[1]
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        polity5.read(write(tmp_path, POLITY + kenya + "\n"))


def test_ert(tmp_path: Path) -> None:
    panel = ert.read(write(tmp_path, ERT))
    assert panel.variables == ("regimes_of_the_world", "polyarchy")
    assert panel.frame.iloc[1].tolist() == ["MEX", 2010, 2.0, 0.6]
    assert panel.frame.iloc[0]["regimes_of_the_world"] != panel.frame.iloc[0]["regimes_of_the_world"]
    assert panel.conflicts["value"].tolist() == ["PSG"]


def test_vdem_reads_the_columns_asked_for(tmp_path: Path) -> None:
    text = "country_name,country_text_id,year,v2x_polyarchy,v2x_libdem,v2csprtcpt\nKenya,KEN,2010,0.4,,1.5\n"
    path = write(tmp_path, text)
    assert vdem.read(path).variables == ("v2x_polyarchy", "v2x_libdem")
    assert vdem.read(path).frame["v2x_libdem"].isna().all()
    assert vdem.read(path, columns=["v2csprtcpt"]).frame["v2csprtcpt"].tolist() == [1.5]
    with pytest.raises(WrongLayoutError, match="lacks the columns v2x_nothing"):
        vdem.read(path, columns=["v2x_nothing"])
    with pytest.raises(NumberError, match="'Kenya' in data row 1"):
        vdem.read(path, columns=["country_name"])


def spread(path: Path, rows: list[list[str]]) -> None:
    """Write a sheet as a publisher would: numbers as numbers."""
    book = openpyxl.Workbook(write_only=True)
    page = book.create_sheet()
    for row in rows:
        page.append([float(cell) if cell.lstrip("-").isdigit() else cell or None for cell in row])
    book.save(path)


def polity_file(folder: Path, kind: str) -> Path:
    rows = list(csv.reader(POLITY.splitlines()))
    path = folder / f"p5v2018.{kind}"
    if kind == "xlsx":
        spread(path, rows)
        return path
    table = pd.DataFrame(rows[1:], columns=rows[0])
    words = ["scode", "country"]
    numbers = table.drop(columns=words).apply(pd.to_numeric)
    table = pd.concat([numbers, table[words]], axis=1)
    if kind == "sav":
        # As the publisher declares them: special codes are missing values of SPSS.
        pyreadstat.write_sav(
            table,  # pyright: ignore[reportArgumentType]
            str(path),
            missing_ranges={"polity": [{"lo": -88, "hi": -66}]},
        )
    else:
        table.to_stata(path, write_index=False)
    return path


@pytest.mark.parametrize("kind", ["xlsx", "sav", "dta"])
def test_polity_is_the_same_in_every_format(tmp_path: Path, kind: str) -> None:
    plain, other = polity5.read(write(tmp_path, POLITY)), polity5.read(polity_file(tmp_path, kind))
    pd.testing.assert_frame_equal(plain.frame, other.frame)
    pd.testing.assert_frame_equal(plain.conflicts, other.conflicts)


@pytest.mark.parametrize("kind", ["xls", "sav", "dta"])
def test_a_file_that_only_bears_the_name_is_refused(tmp_path: Path, kind: str) -> None:
    path = tmp_path / f"p5v2018.{kind}"
    path.write_text("<html>not found</html>", encoding="utf-8")
    with pytest.raises(WrongLayoutError, match=r"p5v2018.* cannot be read as a"):
        polity5.read(path)


def test_spss_without_its_package_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "reader_of_spss", None)
    with pytest.raises(InputError, match=r"eventpanel\[spss\]"):
        polity5.read(polity_file(tmp_path, "sav"))


def test_polity_as_published(data_dir: Path) -> None:
    path = data_dir / "regime" / "p5v2018.csv"
    raw, panel = pd.read_csv(path), polity5.read(path)
    assert "1776-2020" in panel.sources[0].coverage
    late = panel.frame[panel.frame["year"] > 2018]
    assert set(late["importer"]) == {"USA"}
    kenya = raw[(raw["scode"] == "KEN") & (raw["year"] == 2017)]
    mine = panel.frame[(panel.frame["importer"] == "KEN") & (panel.frame["year"] == 2017)]
    assert mine["polity2"].tolist() == kenya["polity2"].tolist()
    lost = panel.conflicts.loc[panel.conflicts["problem"] != "two states in one year", "rows"].sum()
    twice = panel.conflicts.loc[panel.conflicts["problem"] == "two states in one year", "rows"].sum()
    assert len(raw) == len(panel.frame) + lost + twice


def test_the_page_says_what_lies_between_the_two_thresholds(data_dir: Path) -> None:
    frame = polity5.read(data_dir / "regime" / "p5v2018.csv").frame
    scored = frame[frame["year"].between(2000, 2018) & frame["polity2"].notna()]
    between = scored[(scored["polity2"] >= 6) & (scored["polity2"] < 7)]
    below = (len(scored), (scored["polity2"] < 6).sum(), (scored["polity2"] < 7).sum())
    numbers = [f"{number:,}" for number in (*below, len(between), between["importer"].nunique())]
    page = " ".join((ROOT / "docs" / "data" / "polity5.md").read_text(encoding="utf-8").split())
    total, under_six, under_seven, rows, countries = numbers
    assert f"Of {total} country-years of 2000-2018, {under_six} are below 6 and {under_seven} under 7" in page
    assert f"{rows}, of {countries} countries, lie between" in page


def test_vdem_as_published(data_dir: Path) -> None:
    path = data_dir / "regime" / "vdem_cy_subset.csv"
    raw = pd.read_csv(path).query("country_text_id == 'KEN'")
    frame = vdem.read(path, columns=["v2x_libdem"], intervals=True).frame.query("importer == 'KEN'")
    for name in ("v2x_libdem", "v2x_libdem_codelow", "v2x_libdem_codehigh"):
        assert frame[name].tolist() == raw.sort_values("year")[name].tolist()
    assert (frame["v2x_libdem_codelow"] < frame["v2x_libdem_codehigh"]).all()


MOBILISATION = ["v2x_regime", "v2x_regime_amb", "v2cagenmob", "v2cademmob", "v2caautmob"]


def test_vdem_parquet_and_csv_agree(tmp_path: Path) -> None:
    rows = [["KEN", 2010, 1, 3, -0.25, None, 1.5], ["KEN", 2011, 1, 4, 0.0, 0.5, None]]
    table = pd.DataFrame(rows, columns=["country_text_id", "year", *MOBILISATION])
    table.to_csv(tmp_path / "vdem.csv", index=False)
    duckdb.from_df(table).write_parquet(str(tmp_path / "vdem.parquet"))
    plain, other = (vdem.read(tmp_path / f"vdem.{kind}", columns=MOBILISATION) for kind in ("csv", "parquet"))
    pd.testing.assert_frame_equal(plain.frame, other.frame)
    assert plain.frame["v2cagenmob"].tolist() == [-0.25, 0.0]
    assert plain.frame["v2cademmob"].isna().tolist() == [True, False]
    with pytest.raises(WrongLayoutError, match="lacks the columns v2x_regime_codelow") as caught:
        vdem.read(tmp_path / "vdem.parquet", columns=["v2x_regime"], intervals=True)
    assert "v2x_regime_amb" in caught.value.where


@pytest.mark.parametrize("columns", [[], ["v2x_polyarchy", "v2x_polyarchy"]])
def test_vdem_measures_are_named_once(tmp_path: Path, columns: list[str]) -> None:
    path = write(tmp_path, "country_text_id,year,v2x_polyarchy\nKEN,2010,0.4\n")
    with pytest.raises(InputError, match="once"):
        vdem.read(path, columns=columns)


def test_a_name_of_a_column_is_never_part_of_the_question(tmp_path: Path) -> None:
    odd = 'x" FROM vdem; DROP VIEW vdem; --'
    path = tmp_path / "odd.csv"
    table = pd.DataFrame([["KEN", 2010, 1.5]], columns=["country_text_id", "year", odd])
    table.to_csv(path, index=False)
    assert vdem.read(path, columns=[odd]).frame[odd].tolist() == [1.5]
    with pytest.raises(WrongLayoutError, match="lacks the columns"):
        vdem.read(path, columns=["v2x.*"])


def test_vdem_refuses_other_encodings_and_torn_lines(tmp_path: Path) -> None:
    head = "country_text_id,year,country_name,v2x_polyarchy\n"
    (tmp_path / "latin.csv").write_bytes(head.encode() + "CÔT,2010,Côte d'Ivoire,0.4\n".encode("latin-1"))
    with pytest.raises(EncodingError, match=r"latin.csv"):
        vdem.read(tmp_path / "latin.csv", columns=["v2x_polyarchy"])
    with pytest.raises(WrongLayoutError, match=r"regime.csv has rows with more or fewer cells"):
        vdem.read(write(tmp_path, head + "KEN,2010,Kenya,0.4,7\n"), columns=["v2x_polyarchy"])
    with pytest.raises(DuplicateKeyError, match="KEN 2010"):
        vdem.read(write(tmp_path, head + "KEN,2010,Kenya,0.4\n" * 2), columns=["v2x_polyarchy"])


PROGRAM = """
import resource, sys
from pathlib import Path
from eventpanel.datasets.sources.regime import vdem
frame = vdem.read(Path(sys.argv[1]), columns=["x4000", "x7"]).frame
print(len(frame), frame["x7"].sum(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="peak memory is read from Unix")
def test_a_wide_file_is_read_in_bounded_memory(tmp_path: Path) -> None:
    path = tmp_path / "V-Dem-CY-Full+Others.csv"
    cells = ",".join(f"{place % 97 / 100:.4f}" for place in range(4600))
    with path.open("w", encoding="utf-8") as stream:
        stream.write("country_text_id,year," + ",".join(f"x{place}" for place in range(4600)) + "\n")
        for code in ("KEN", "UGA", "FRA", "BRA", "IND", "USA", "MEX", "ITA", "ESP", "PRT", "SWE", "NOR"):
            stream.writelines(f"{code},{year},{cells}\n" for year in range(1970, 2020))
    # V-Dem has no ZZZ: its rows are listed, not kept.
    with path.open("a", encoding="utf-8") as stream:
        while stream.tell() < 300_000_000:
            stream.writelines(f"ZZZ,{year},{cells}\n" for year in range(1000, 2000))
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([*map(str, sys.path), str(ROOT / "datasets")])},
    )
    rows, total, peak = done.stdout.split()
    assert int(rows) == 600 and float(total) == pytest.approx(600 * 0.07, rel=1e-12)
    assert int(peak) * (1 if sys.platform == "darwin" else 1024) < 2**30
