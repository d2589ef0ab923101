"""BACI: yearly files of one revision, summed where they lie."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.countries import match
from eventpanel.datasets.errors import (
    DuplicateKeyError,
    EventPanelError,
    InputError,
    MissingFileError,
    NumberError,
    WrongLayoutError,
)
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.trade.baci import read
from tests.sources import ROOT, ROOTS

# Older releases pad their numbers with blanks and write NA for unknown quantities.
ROWS = [
    "2019,156,404,852580,   100.5,  2.5",
    "2019,842,404,852580,40.0,NA",
    "2019,490,404,852580,9.0,1.0",
    "2019,156,404,020230,3.0,1.0",
    "2019,156,800,010121,1.0,0.5",
    "2019,404,156,090111,8.0,4.0",
    "2019,251,842,852580,5.0,0.1",
]
COUNTRIES = (
    "country_code,country_name,country_iso2,country_iso3\n156,China,CN,CHN\n404,Kenya,KE,KEN\n842,USA,US,USA\n"
    '490,"Other Asia, nes",,S19\n800,Uganda,UG,UGA\n251,France,FR,FRA\n'
)
NAME = "BACI_HS17_Y2019_V202501.csv"


def write(folder: Path, rows: list[str], name: str = NAME, header: str = "t,i,j,k,v,q") -> Path:
    path = folder / name
    path.write_text(header + "\n" + "\n".join(rows) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("with_codes", [True, False])
def test_imports_by_country_with_residuals_apart(tmp_path: Path, with_codes: bool) -> None:
    if with_codes:
        (tmp_path / "country_codes_V202501.csv").write_text(COUNTRIES, encoding="utf-8")
    panel = read(write(tmp_path, ROWS), products="cameras")
    assert panel.frame.to_numpy().tolist() == [
        ["CHN", 2019, 0.0, 0.0, 0], ["KEN", 2019, 140.5, 9.0, 2],
        ["UGA", 2019, 0.0, 0.0, 0], ["USA", 2019, 5.0, 0.0, 1],
    ]  # fmt: skip
    assert list(panel.frame.columns[2:]) == [
        "imports_cameras_thousand_usd", "imports_cameras_thousand_usd_apart", "imports_cameras_thousand_usd_partners",
    ]  # fmt: skip
    assert panel.conflicts[["problem", "value"]].to_numpy().tolist() == [["statistical residual", "490"]]
    assert "H5" in panel.sources[0].coverage and panel.sources[0].file == NAME


def test_pairs_are_zero_between_countries_of_the_file(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), products=["852580"], exporters=["CHN", "USA"])
    assert panel.frame.to_numpy().tolist() == [
        ["CHN", "KEN", 2019, 100.5], ["CHN", "UGA", 2019, 0.0], ["CHN", "USA", 2019, 0.0],
        ["USA", "CHN", 2019, 0.0], ["USA", "KEN", 2019, 40.0], ["USA", "UGA", 2019, 0.0],
    ]  # fmt: skip
    every = read(write(tmp_path, ROWS), products=["852580"], exporters="all")
    assert sorted(set(every.frame["exporter"])) == ["CHN", "FRA", "KEN", "UGA", "USA"]


def test_tonnes_are_missing_where_one_of_them_is(tmp_path: Path) -> None:
    panel = read(write(tmp_path, ROWS), products=["852580"], exporters=["CHN", "USA"], measure="quantity")
    tonnes = panel.frame.fillna(-1).to_numpy().tolist()
    assert tonnes == [
        ["CHN", "KEN", 2019, 2.5], ["CHN", "UGA", 2019, 0.0], ["CHN", "USA", 2019, 0.0],
        ["USA", "CHN", 2019, 0.0], ["USA", "KEN", 2019, -1], ["USA", "UGA", 2019, 0.0],
    ]  # fmt: skip
    total = read(write(tmp_path, ROWS), products=["852580"], measure="quantity").frame.fillna(-1)
    assert total["imports_852580_tonnes"].tolist() == [0.0, -1, 0.0, 0.1]


def test_codes_that_lost_their_zero_are_the_same_codes(tmp_path: Path) -> None:
    rows = [row.replace(",020230,", ",20230,") for row in ROWS]
    for asked in (["020230"], ["0202"], ["02"]):
        panel = read(write(tmp_path, rows), products=asked, exporters=["CHN"])
        assert panel.frame[panel.frame["importer"] == "KEN"].iloc[:, -1].tolist() == [3.0]
    assert "read as 020230" in panel.conflicts["resolution"].tolist()


def test_a_folder_of_years(tmp_path: Path) -> None:
    write(tmp_path, ROWS)
    write(tmp_path, [row.replace("2019,", "2020,", 1) for row in ROWS[1:]], "BACI_HS17_Y2020_V202501.csv")
    write(tmp_path, ["01,horses"], "product_codes_HS17_V202501.csv", "code,description")
    panel = read(tmp_path, products="cameras", exporters=["CHN"])
    kenya = panel.frame[panel.frame["importer"] == "KEN"]
    assert kenya[["year", "imports_cameras_thousand_usd"]].to_numpy().tolist() == [[2019, 100.5], [2020, 0.0]]


REFUSALS: list[tuple[str, list[str], str, dict[str, object], type[EventPanelError], str]] = [
    ("BACI.csv", ROWS, "t,i,j,k,v,q", {}, WrongLayoutError, "does not say its revision"),
    (NAME, ROWS, "t,i,j,hs6,v,q", {}, WrongLayoutError, "other columns than BACI"),
    (NAME, [*ROWS, ROWS[0]], "t,i,j,k,v,q", {}, DuplicateKeyError, "2019 156 404"),
    (NAME, [*ROWS, "2019,1"], "t,i,j,k,v,q", {}, WrongLayoutError, "more or fewer cells"),
    (NAME, [*ROWS, "2019,156,800,852580,many,1"], "t,i,j,k,v,q", {}, NumberError, "many"),
    (NAME, ROWS, "t,i,j,k,v,q", {"products": ["999999"]}, InputError, "has no product 999999"),
    (NAME, ROWS, "t,i,j,k,v,q", {"products": "frontier_goods"}, InputError, "none of the products"),
    (NAME, ROWS, "t,i,j,k,v,q", {"exporters": ["ISR"]}, InputError, "No flow of ISR"),
    (NAME, ROWS, "t,i,j,k,v,q", {"exporters": ["China"]}, EventPanelError, "Not ISO3 country codes"),
]


@pytest.mark.parametrize(("name", "rows", "header", "options", "error", "message"), REFUSALS)
def test_what_is_refused(
    tmp_path: Path,
    name: str,
    rows: list[str],
    header: str,
    options: dict[str, object],
    error: type[EventPanelError],
    message: str,
) -> None:
    with pytest.raises(error, match=message) as caught:
        read_source("baci", write(tmp_path, rows, name, header), {"products": "cameras", **options})
    assert caught.value.remedy


def test_folders_that_mix_series_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFileError, match="no file of BACI"):
        read(tmp_path, products="cameras")
    write(tmp_path, ROWS)
    write(tmp_path, ROWS, "BACI_HS17_Y2019_V202601.csv")
    with pytest.raises(WrongLayoutError, match="not of one series"):
        read(tmp_path, products="cameras")


ASK = """
import resource, sys
from pathlib import Path
from eventpanel.datasets.sources.trade.baci import read
panel = read(Path(sys.argv[1]), products=["02"], exporters=["CHN", "USA"])
print(panel.frame.iloc[:, -1].sum(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@pytest.mark.slow
@pytest.mark.timeout(1200)
def test_ten_million_rows_take_less_than_a_gibibyte(tmp_path: Path) -> None:
    """Peak memory of a process of its own, as the operating system counts it."""
    path, rows, block = tmp_path / NAME, 10_000_000, 500_000
    expected = 0.0
    # In BACI 156 is China and 842 the United States, which are 840 in the M49 standard.
    areas = pd.Series(np.arange(220) * 4).replace({840: 842})
    buyers = areas[match(areas.astype(str), "baci", pd.Series(2019, index=areas.index)).problem == ""]
    with path.open("w", encoding="utf-8") as stream:
        stream.write("t,i,j,k,v,q\n")
        for start in range(0, rows, block):
            place = np.arange(start, start + block)
            seller, buyer = areas.to_numpy()[place % 220], areas.to_numpy()[place // 220 % 220]
            product, value = 10_000 + place // 48_400 * 937, place % 1000 / 8
            frame = pd.DataFrame({"t": 2019, "i": seller, "j": buyer, "k": product, "v": value, "q": "NA"})
            frame["k"] = frame["k"].astype(str).str.zfill(6)
            frame.to_csv(stream, index=False, header=False)
            chosen = frame["k"].str.startswith("02") & frame["i"].isin([156, 842]) & (seller != buyer)
            expected += frame.loc[chosen & frame["j"].isin(buyers), "v"].sum()
    script = tmp_path / "ask.py"
    script.write_text(f"import sys\nsys.path[:0] = {[str(ROOT / one) for one in ROOTS]!r}\n{ASK}", encoding="utf-8")
    done = subprocess.run([sys.executable, script, path], capture_output=True, text=True, check=True)
    total, peak = done.stdout.split()
    assert expected > 0
    assert float(total) == pytest.approx(expected, rel=1e-12)
    # Kibibytes on Linux, bytes on macOS.
    assert int(peak) * (1 if sys.platform == "darwin" else 1024) < 2**30
