"""ACLED: ways to write an export, years it holds in full, the year ACLED began in a country."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
from openpyxl import Workbook

from eventpanel.datasets.countries import match
from eventpanel.datasets.errors import EncodingError, NumberError, StudyError, WrongLayoutError
from eventpanel.datasets.records import Records, count, select
from eventpanel.datasets.sources.unrest.acled import BEGINNINGS, FIRST_YEARS, read

# Columns of the export tool since 2023, and of exports before.
NEW_HEADER = (
    "event_id_cnty,event_date,year,time_precision,disorder_type,event_type,sub_event_type,actor1,assoc_actor_1,inter1,"
    "actor2,assoc_actor_2,inter2,interaction,civilian_targeting,iso,region,country,admin1,admin2,admin3,location,"
    "latitude,longitude,geo_precision,source,source_scale,notes,fatalities,tags,timestamp"
)
OLD_HEADER = (
    "data_id,iso,event_id_cnty,event_id_no_cnty,event_date,year,time_precision,event_type,sub_event_type,actor1,"
    "assoc_actor_1,inter1,actor2,assoc_actor_2,inter2,interaction,region,country,admin1,admin2,admin3,location,"
    "latitude,longitude,geo_precision,source,source_scale,notes,fatalities,timestamp,iso3"
)
NEW, OLD = NEW_HEADER.split(","), OLD_HEADER.split(",")


def cells(columns: Sequence[str], number: int, country: str, date: str, given: dict[str, str]) -> list[str]:
    known = {
        "event_id_cnty": f"E{number}",
        "event_date": date,
        "year": date[-4:] if " " in date else date[:4],
        "event_type": "Protests",
        "sub_event_type": "Peaceful protest",
        "country": country,
        "fatalities": "0",
        "notes": 'They said "no", and left.\nThen, nothing.',
    } | given
    return [known.get(name, "") for name in columns]


def export(
    folder: Path, events: list[tuple[str, str]], columns: Sequence[str] = NEW, mark: str = ",", **given: str
) -> Path:
    rows = [columns, *(cells(columns, n, country, date, given) for n, (country, date) in enumerate(events))]
    quoted = (mark.join(f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in row) for row in rows)
    path = folder / "acled.csv"
    path.write_text("\n".join(quoted) + "\n", encoding="utf-8")
    return path


def by_year(records: Records, code: str) -> dict[int, int]:
    frame = count(records, "events").frame
    rows = frame[frame["importer"] == code]
    return dict(zip(rows["year"].tolist(), rows["events"].tolist(), strict=True))


WHOLE = [("Kenya", "01 January 1997"), ("Kenya", "15 March 2019"), ("India", "31 December 2019")]


def test_zeros_begin_when_acled_began_in_a_country(tmp_path: Path) -> None:
    records = read(export(tmp_path, WHOLE))
    kenya, india = by_year(records, "KEN"), by_year(records, "IND")
    assert (min(kenya), max(kenya), sum(kenya.values())) == (1997, 2019, 2)
    assert india == {2016: 0, 2017: 0, 2018: 0, 2019: 1}
    assert "1997-2019, each from the year ACLED began there" in records.source.coverage


@pytest.mark.parametrize("mark", [",", ";"])
@pytest.mark.parametrize("columns", [NEW, OLD, [name.upper() for name in NEW]])
def test_layouts(tmp_path: Path, columns: Sequence[str], mark: str) -> None:
    lower = [name.lower() for name in columns]
    rows = [columns, *(cells(lower, n, *event, {}) for n, event in enumerate(WHOLE))]
    path = tmp_path / "acled.csv"
    text = "\r\n".join(mark.join(f'"{cell.replace(chr(34), 2 * chr(34))}"' for cell in row) for row in rows)
    path.write_bytes(b"\xef\xbb\xbf" + text.encode() + b"\r\n")
    records = read(path)
    assert records.frame.to_numpy().tolist()[1:] == [
        ["KEN", 2019, "E1", "2019-03-15", "Protests", "Peaceful protest", 0.0],
        ["IND", 2019, "E2", "2019-12-31", "Protests", "Peaceful protest", 0.0],
    ]


def test_ways_to_write_a_date(tmp_path: Path) -> None:
    dates = ["2019-01-01", "5 March 2019", "05-March-2019", "05 Mar 2019", "2019-12-31"]
    records = read(export(tmp_path, [("Kenya", date) for date in dates]))
    assert records.frame["date"].tolist() == ["2019-01-01", *["2019-03-05"] * 3, "2019-12-31"]


@pytest.mark.parametrize("date", ["03/04/2019", "2019-02-30", "31 Juin 2019", "", "2019"])
def test_dates_that_cannot_be_read(tmp_path: Path, date: str) -> None:
    with pytest.raises(NumberError, match=r"acled\.csv: column 'event_date'"):
        read(export(tmp_path, [*WHOLE, ("Kenya", date)]))


def test_a_last_day_inside_a_year_leaves_that_year_out(tmp_path: Path) -> None:
    path = export(tmp_path, [*WHOLE, ("Kenya", "02 June 2020")])
    assert max(by_year(read(path), "KEN")) == 2019
    counted = count(read(path), "events")
    assert counted.conflicts["problem"].tolist() == ["outside the years the source covers"]
    assert by_year(read(path, last=2020), "KEN")[2020] == 1


def test_a_first_day_inside_a_year(tmp_path: Path) -> None:
    late = [("Kenya", "02 June 2010"), ("Kenya", "31 December 2011")]
    assert by_year(read(export(tmp_path, late)), "KEN") == {2011: 1}
    assert by_year(read(export(tmp_path, late), first=2010), "KEN") == {2010: 1, 2011: 1}
    # 1997 is the year ACLED began in Kenya: no earlier event means that there was none.
    beginning = [("Kenya", "02 June 1997"), ("Kenya", "31 December 1998")]
    assert by_year(read(export(tmp_path, beginning)), "KEN") == {1997: 1, 1998: 1}


def test_years_the_user_states(tmp_path: Path) -> None:
    records = read(export(tmp_path, WHOLE), first=2010, last=2018)
    assert min(by_year(records, "IND")) == 2010 and "as the user states" in records.source.coverage
    with pytest.raises(StudyError, match="No year is whole between 2018 and 2010"):
        read(export(tmp_path, WHOLE), first=2018, last=2010)
    with pytest.raises(StudyError, match="No year is whole"):
        read(export(tmp_path, [("Kenya", "2019-02-01"), ("Kenya", "2019-03-01")]))


def test_types_are_selected(tmp_path: Path) -> None:
    path = export(tmp_path, WHOLE)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("Peaceful protest", "Mob violence", 1).replace("Protests", "Riots", 1), "utf-8")
    records = read(path)
    assert select(records, "event_type", ["Riots"]).frame["event_id"].tolist() == ["E0"]
    assert select(records, "sub_event_type", ["Peaceful protest"]).frame["event_id"].tolist() == ["E1", "E2"]


def test_an_event_on_two_rows_is_counted_once(tmp_path: Path) -> None:
    path = export(tmp_path, [*WHOLE, ("Kenya", "15 March 2019")])
    path.write_text(path.read_text(encoding="utf-8").replace('"E3"', '"E1"'), encoding="utf-8")
    records = read(path)
    assert len(records.frame) == 3
    assert records.conflicts[["problem", "value", "years", "rows"]].to_numpy().tolist() == [
        ["one event on several rows", "Kenya", "2019", 1]
    ]


def test_what_is_no_country_is_listed(tmp_path: Path) -> None:
    records = read(export(tmp_path, [*WHOLE, ("Mediterranean Sea", "15 March 2019"), ("Kosovo", "15 March 2019")]))
    assert records.conflicts["value"].tolist() == ["Mediterranean Sea"]
    assert by_year(records, "XKX") == {2018: 0, 2019: 1}


def test_a_spreadsheet_of_a_region(tmp_path: Path) -> None:
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.append([name.upper() for name in OLD])
    for number, (country, date) in enumerate(WHOLE):
        row: list[object] = list(cells(OLD, number, country, date, {}))
        row[OLD.index("event_date")] = pd.Timestamp(date).to_pydatetime()
        sheet.append(row)
    book.save(tmp_path / "Africa.xlsx")
    plain = read(export(tmp_path, WHOLE))
    pd.testing.assert_frame_equal(read(tmp_path / "Africa.xlsx").frame, plain.frame, check_dtype=False)


def test_names_of_the_list_are_countries() -> None:
    codes = pd.Series(list(FIRST_YEARS))
    assert (match(codes, "iso3").problem == "").all()
    assert len(FIRST_YEARS) == sum(len(codes.split()) for codes in BEGINNINGS.values()) == 243
    known = {"NGA": 1997, "PAK": 2010, "SSD": 2011, "SAU": 2015, "TUR": 2016, "SYR": 2017, "BRA": 2018, "USA": 2020}
    assert {code: FIRST_YEARS[code] for code in known} == known


def test_refusals(tmp_path: Path) -> None:
    with pytest.raises(NumberError, match="fatalities"):
        read(export(tmp_path, WHOLE, fatalities="many"))
    path = export(tmp_path, WHOLE)
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("sub_event_type", "kind"), encoding="utf-8")
    with pytest.raises(WrongLayoutError, match=r"acled\.csv lacks the columns sub_event_type"):
        read(path)
    path.write_text(text + '"x","y"\n', encoding="utf-8")
    with pytest.raises(WrongLayoutError, match="more or fewer cells"):
        read(path)
    path.write_bytes(text.replace("Kenya", "Kényá").encode("latin-1"))
    with pytest.raises(EncodingError):
        read(path)
