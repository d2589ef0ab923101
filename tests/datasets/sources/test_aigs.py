"""AIGS: ticks without years; what is not in the table is missing unless the user says it was assessed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import CountryError, DuplicateKeyError, NumberError, WrongLayoutError
from eventpanel.datasets.merge import merge, spine
from eventpanel.datasets.sources.trade.aigs import FOUND, read

TABLE = (
    "name_as_printed,score,regime,bri,smart_city,facial_recognition,smart_policing,china_tech,us_tech,japan_tech,companies\n"
    'Burma/Myan,4.18,EA,1,1,1,0,1,0,0,"Hikvision, Huawei"\n'
    "Kenya,3.93,EA,1,1,1,1,1,0,1,Huawei\n"
    "United\N{NO-BREAK SPACE} Kingdo,8.86,LD,0,1,1,1,1,1,1,NEC\n"
    "Atlantis,1,CA,0,0,1,0,0,1,0,\n"
)


def write(folder: Path, text: str = TABLE) -> Path:
    path = folder / "aigs.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_ticks_and_what_did_not_match(tmp_path: Path) -> None:
    panel = read(write(tmp_path))
    assert panel.period is None and panel.frame["importer"].tolist() == ["GBR", "KEN", "MMR"]
    assert panel.frame[FOUND].to_numpy().tolist()[1:] == [[1, 1, 1, 1, 0, 1], [1, 1, 0, 1, 0, 0]]
    assert panel.frame["companies"].tolist() == ["NEC", "Huawei", "Hikvision, Huawei"]
    assert panel.conflicts[["value", "problem"]].to_numpy().tolist() == [["Atlantis", "not known"]]
    assert "others are missing" in panel.sources[0].coverage


def test_absent_countries_are_missing_unless_stated_as_assessed(tmp_path: Path) -> None:
    years = spine(2018, 2019, importers=["KEN", "UGA", "TZA"])
    merged = merge(years, read(write(tmp_path)), cardinality="m:1").frame
    assert merged["smart_city"].fillna(-1).tolist() == [1, 1, -1, -1, -1, -1]
    panel = read(write(tmp_path), assessed=["KEN", "UGA"])
    merged = merge(years, panel, cardinality="m:1").frame
    assert merged["importer"].tolist() == ["KEN", "KEN", "TZA", "TZA", "UGA", "UGA"]
    assert merged["smart_city"].fillna(-1).tolist() == [1, 1, -1, -1, 0, 0]
    assert merged["belt_and_road"].fillna(-1).tolist() == [1, 1, -1, -1, -1, -1]
    assert panel.conflicts["problem"].str.contains("not among the countries").sum() == 2
    with pytest.raises(CountryError, match="Kenya"):
        read(write(tmp_path), assessed=["Kenya"])


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match="china_tech"):
        read(write(tmp_path, TABLE.replace("china_tech", "china")))
    with pytest.raises(NumberError, match="'2' in data row 2"):
        read(write(tmp_path, TABLE.replace("Kenya,3.93,EA,1,1", "Kenya,3.93,EA,1,2")))
    with pytest.raises(DuplicateKeyError, match="importer"):
        read(write(tmp_path, TABLE + "Myanmar,4.18,EA,1,1,1,0,1,0,0,\n"))


def test_the_report(data_dir: Path) -> None:
    """Feldstein 2019: 75 countries; 56 smart city, 64 facial recognition, 63 Chinese and 32 US technology."""
    path = data_dir / "trade" / "aigs_2019_table.csv"
    if not path.is_file():
        pytest.skip("aigs_2019_table.csv is not in the folder of publishers' files")
    panel = read(path)
    assert len(panel.frame) == 75 and panel.conflicts.empty
    totals = panel.frame[FOUND].sum()
    assert totals.tolist()[:2] == [56, 64] and totals[["technology_from_chn", "technology_from_usa"]].tolist() == [
        63,
        32,
    ]
    plain = pd.read_csv(path)
    assert np.array_equal(np.sort(panel.frame["smart_policing"]), np.sort(plain["smart_policing"]))
    assert panel.frame.set_index("importer").loc[["HKG", "TWN", "CIV", "GBR"], "smart_policing"].tolist() == [
        0,
        0,
        0,
        1,
    ]
