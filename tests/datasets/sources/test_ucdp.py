"""UCDP: conflicts by country and year with zeros, events with their deaths, numbers of states that changed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from eventpanel.datasets.countries import country_years as every_state
from eventpanel.datasets.countries import existed
from eventpanel.datasets.errors import DuplicateKeyError, EncodingError, NumberError, WrongLayoutError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.records import count, select
from eventpanel.datasets.sources.controls import country_years
from eventpanel.datasets.sources.unrest import ucdp_acd, ucdp_ged

# Columns of UcdpPrioConflict since version 18.1 and of GEDEvent since version 19.1.
ACD = (
    "conflict_id,location,side_a,side_a_id,side_a_2nd,side_b,side_b_id,side_b_2nd,incompatibility,territory_name,year,"
    "intensity_level,cumulative_intensity,type_of_conflict,start_date,start_prec,start_date2,start_prec2,ep_end,"
    "ep_end_date,ep_end_prec,gwno_a,gwno_a_2nd,gwno_b,gwno_b_2nd,gwno_loc,region,version"
)
GED = (
    "id,relid,year,active_year,code_status,type_of_violence,conflict_dset_id,conflict_new_id,conflict_name,"
    "dyad_dset_id,dyad_new_id,dyad_name,side_a_dset_id,side_a_new_id,side_a,side_b_dset_id,side_b_new_id,side_b,"
    "number_of_sources,source_article,source_office,source_date,source_headline,source_original,where_prec,"
    "where_coordinates,where_description,adm_1,adm_2,latitude,longitude,geom_wkt,priogrid_gid,country,country_id,"
    "region,event_clarity,date_prec,date_start,date_end,deaths_a,deaths_b,deaths_civilians,deaths_unknown,best,high,"
    "low,gwnoa,gwnob"
)


def table(folder: Path, header: str, rows: list[dict[str, object]]) -> Path:
    names = header.split(",")
    cells = [[str(row.get(name, "")).replace('"', '""') for name in names] for row in rows]
    lines = [",".join(f'"{cell}"' for cell in row) for row in cells]
    path = folder / "ucdp.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def conflict(number: int, year: int, where: str, kind: int = 3, level: int = 1, **sides: str) -> dict[str, object]:
    return {
        "conflict_id": number,
        "year": year,
        "gwno_loc": where,
        "type_of_conflict": kind,
        "intensity_level": level,
        "side_b": 'The "Front", north',
        "gwno_a": where.split(",")[0],
        **sides,
    }


def event(number: int, year: int, state: int, kind: int = 1, best: object = 3, **given: object) -> dict[str, object]:
    known = {"id": number, "year": year, "country_id": state, "type_of_violence": kind, "best": best, "low": 1}
    return {**known, "high": 9, "conflict_name": "A: B", "date_end": f"{year}-06-30 00:00:00.000", **given}


LAST_DAY = event(99, 2015, 500, date_end="2015-12-31 00:00:00.000")


def numbers(panel: Panel, code: str, year: int) -> list[int]:
    frame = panel.frame[(panel.frame["importer"] == code) & (panel.frame["year"] == year)]
    return [int(frame[name].iloc[0]) for name in ucdp_acd.COUNTS]


def test_conflicts_are_counted_where_they_are_and_zero_elsewhere(tmp_path: Path) -> None:
    rows = [
        conflict(1, 2010, "750"),
        conflict(2, 2010, "750", kind=4, level=2),
        conflict(3, 2010, "750, 770", kind=2),
        conflict(1, 2012, "750"),
    ]
    panel = ucdp_acd.read(table(tmp_path, ACD, rows))
    assert numbers(panel, "IND", 2010) == [3, 2, 1, 2] and numbers(panel, "PAK", 2010) == [1, 0, 0, 1]
    assert numbers(panel, "IND", 2011) == [0, 0, 0, 0] and numbers(panel, "SWE", 2012) == [0, 0, 0, 0]
    assert len(panel.frame) == len(every_state(2010, 2012))
    assert existed(panel.frame["importer"], panel.frame["year"]).all() and panel.conflicts.empty


def test_states_that_fight_abroad(tmp_path: Path) -> None:
    rows = [conflict(1, 2010, "700", gwno_a_2nd="2, 200", gwno_b="", gwno_b_2nd="200")]
    panel = ucdp_acd.read(table(tmp_path, ACD, rows), states="sides")
    assert [numbers(panel, code, 2010)[0] for code in ("AFG", "USA", "GBR", "SWE")] == [1, 1, 1, 0]
    assert "in which they fought" in panel.sources[0].coverage


def test_numbers_of_states_that_changed(tmp_path: Path) -> None:
    rows = [
        conflict(1, 1999, "345"),
        conflict(2, 2014, "345"),
        conflict(3, 1994, "678"),
        conflict(4, 1952, "501", kind=1),
        conflict(5, 1948, "751"),
    ]
    panel = ucdp_acd.read(table(tmp_path, ACD, rows))
    assert numbers(panel, "SRB", 2014)[0] == 1 and numbers(panel, "YEM", 1994)[0] == 1
    assert panel.frame.query("year == 1999 and conflicts == 1")["importer"].tolist() == ["YUG"]
    listed = panel.conflicts[["value", "years", "resolution"]].to_numpy().tolist()
    assert listed == [
        ["345", "2014", "read as its successor"],
        ["501", "1952", "rows left out"],
        ["751", "1948", "rows left out"],
    ]


def test_2006_is_a_year_of_serbia(tmp_path: Path) -> None:
    panel = ucdp_acd.read(table(tmp_path, ACD, [conflict(1, 2005, "345"), conflict(1, 2006, "345")]))
    here = panel.frame[panel.frame["conflicts"] == 1]
    assert here[["importer", "year"]].to_numpy().tolist() == [["SCG", 2005], ["SRB", 2006]]
    assert existed(panel.frame["importer"], panel.frame["year"]).all()


def test_a_conflict_and_year_twice(tmp_path: Path) -> None:
    with pytest.raises(DuplicateKeyError, match="1 2010"):
        ucdp_acd.read(table(tmp_path, ACD, [conflict(1, 2010, "750"), conflict(1, 2010, "770")]))


def test_refusals_of_conflicts(tmp_path: Path) -> None:
    path = table(tmp_path, ACD.replace("gwno_loc", "gwno"), [conflict(1, 2010, "750")])
    with pytest.raises(WrongLayoutError, match="lacks the columns gwno_loc"):
        ucdp_acd.read(path)
    with pytest.raises(NumberError, match="intensity_level"):
        ucdp_acd.read(table(tmp_path, ACD, [{**conflict(1, 2010, "750"), "intensity_level": ""}]))
    path.write_bytes(path.read_bytes() + "é".encode("latin-1"))
    with pytest.raises(EncodingError):
        ucdp_acd.read(path)


def test_a_country_year_copy_is_a_table_of_ones_own(data_dir: Path) -> None:
    path = data_dir / "unrest" / "ucdp_acd.csv"
    panel = country_years.read(path, columns={"internal_confl": "internal"}, country="gwcode", scheme="gw")
    plain = pd.read_csv(path)
    lost = panel.conflicts["rows"].sum()
    assert len(panel.frame) == len(plain) - lost and lost == 35
    unknown = plain["gwcode"].isin([396, 397, 511, 711]) | (plain["gwcode"].eq(652) & plain["year"].isin([1959, 1960]))
    assert unknown.sum() == lost and panel.frame["internal"].sum() == plain.loc[~unknown, "internal_confl"].sum()


def test_events_are_counted_with_zeros_for_all_states(tmp_path: Path) -> None:
    rows = [event(1, 2014, 500), event(2, 2014, 500, kind=3, best=0), event(3, 2014, 345), LAST_DAY]
    records = ucdp_ged.read(table(tmp_path, GED, rows))
    assert records.frame.iloc[:2].to_numpy().tolist() == [
        ["UGA", 2014, "1", "state-based", "A: B", 3.0, 1.0, 9.0],
        ["UGA", 2014, "2", "one-sided", "A: B", 0.0, 1.0, 9.0],
    ]
    panel = count(records, "events")
    found = panel.frame.set_index(["importer", "year"])["events"].to_dict()
    assert (found["UGA", 2014], found["SRB", 2014], found["SWE", 2015], found["UGA", 2015]) == (2, 1, 0, 1)
    assert len(panel.frame) == len(every_state(2014, 2015))
    deaths = count(select(records, "violence", ["state-based"]), "deaths_state", weight="deaths").frame
    assert deaths["deaths_state"].sum() == 9


def test_a_release_that_ends_inside_a_year(tmp_path: Path) -> None:
    records = ucdp_ged.read(table(tmp_path, GED, [LAST_DAY, event(1, 2016, 500)]))
    assert records.covered["year"].max() == 2015
    assert count(records, "events").conflicts["problem"].tolist() == ["outside the years the source covers"]


def test_an_event_twice_is_counted_once(tmp_path: Path) -> None:
    records = ucdp_ged.read(table(tmp_path, GED, [event(1, 2015, 500), event(1, 2015, 500), LAST_DAY]))
    assert len(records.frame) == 2
    assert records.conflicts[["problem", "value", "rows"]].to_numpy().tolist() == [
        ["one event on several rows", "500", 1]
    ]


def test_refusals_of_events(tmp_path: Path) -> None:
    with pytest.raises(WrongLayoutError, match="lacks the columns country_id"):
        ucdp_ged.read(table(tmp_path, GED.replace("country_id", "gw"), [LAST_DAY]))
    with pytest.raises(WrongLayoutError, match="types of violence other than 1, 2 and 3"):
        ucdp_ged.read(table(tmp_path, GED, [event(1, 2015, 500, kind=4)]))
    with pytest.raises(NumberError, match="best"):
        ucdp_ged.read(table(tmp_path, GED, [event(1, 2015, 500, best="some")]))
    with pytest.raises(WrongLayoutError, match="no dates"):
        ucdp_ged.read(table(tmp_path, GED, [event(1, 2015, 500, date_end="")]))
    path = table(tmp_path, GED, [LAST_DAY])
    path.write_text(path.read_text(encoding="utf-8") + "1,2\n", encoding="utf-8")
    with pytest.raises(WrongLayoutError, match="more or fewer cells"):
        ucdp_ged.read(path)
