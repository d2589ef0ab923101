"""Regimes: special codes are not scores, successions are settled, letters are the publisher's own."""

from __future__ import annotations

from pathlib import Path

import pytest

from eventpanel.datasets.errors import DuplicateKeyError, NumberError, WrongLayoutError
from eventpanel.datasets.sources.regime import ert, polity5, vdem

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
