"""GDELT event files: three layouts, days held, events once, countries of today's map, memory that is bounded."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.errors import InputError, MissingFileError, NumberError, StudyError, WrongLayoutError
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.registry import read as read_source
from eventpanel.datasets.sources.unrest.gdelt_events import LAYOUTS, read
from tests.datasets.sources.gdelt_files import COMMON, OWN, event, simulated, write

ROOT = Path(__file__).resolve().parents[3]
DAY = 20140105
GIBIBYTE = 1024**3


def days(year: int, count: int = 366) -> list[int]:
    every = [date(year, 1, 1) + timedelta(step) for step in range(count)]
    return [int(f"{day:%Y%m%d}") for day in every if day.year == year]


def year_of(year: int, start: int, width: int = 58, country: str = "KE", count: int = 366) -> list[str]:
    """One protest a day."""
    return [
        event(width, id=start + step, date=day, added=day if width < 61 else f"{day}000000", country=country)
        for step, day in enumerate(days(year, count))
    ]


def quarters(day: int) -> list[str]:
    return [f"{day}{hour:02d}{minute:02d}00" for hour in range(24) for minute in (0, 15, 30, 45)]


def small(folder: Path, lines: Iterable[str], **options: object) -> pd.DataFrame:
    path = write(folder / "20140105.export.CSV", lines)
    answer = read_source("gdelt_events", path, {"roots": ["14"], "least_days": 1, **options})
    assert isinstance(answer, Panel)
    return answer.frame


def test_layouts_are_those_of_the_codebooks() -> None:
    assert [len(columns) for columns in LAYOUTS.values()] == [57, 58, 61]
    names = {"id": "GLOBALEVENTID", "date": "SQLDATE", "actor": "Actor1CountryCode", "type3": "Actor1Type3Code",
             "lead": "IsRootEvent", "root": "EventRootCode", "mentions": "NumMentions",
             "country": "ActionGeo_CountryCode", "added": "DATEADDED", "url": "SOURCEURL"}  # fmt: skip
    for width, columns in LAYOUTS.items():
        places = COMMON | OWN[width]
        assert {key: columns[place] for key, place in places.items() if key in names} == {
            key: name for key, name in names.items() if key in places
        }


@pytest.mark.parametrize("width", [57, 58, 61])
def test_counts_agree_with_pandas(tmp_path: Path, width: int) -> None:
    rng = np.random.default_rng(width)
    picks = pd.DataFrame(
        {
            "id": np.arange(3000),
            "year": rng.choice([2013, 2014], 3000),
            "country": rng.choice(["KE", "GZ", "WE", "US", ""], 3000),
            "root": rng.choice([f"{number:02d}" for number in range(1, 21)], 3000),
            "mentions": rng.integers(1, 9, 3000),
        }
    )
    lines = []
    for number, year, country, root, mentions in picks.itertuples(index=False):
        added = quarters(int(f"{year}0601"))[number % 96] if width == 61 else f"{year}0601"
        cells = {"country": country, "root": root, "mentions": mentions}
        lines.append(event(width, id=number, date=f"{year}0601", added=added, **cells))
    path = write(tmp_path / "events.csv", lines)
    frame = read(path, roots=["14", "18", "20"], least_days=1).frame
    asked = picks["root"].isin(["14", "18", "20"])
    picks = picks.assign(importer=picks["country"].map({"KE": "KEN", "GZ": "PSE", "WE": "PSE", "US": "USA"}))
    keys = ["importer", "year"]
    expected = pd.DataFrame(
        {
            "gdelt_count": asked.groupby([picks["importer"], picks["year"]]).sum(),
            "gdelt_mentions": picks["mentions"].where(asked, 0).groupby([picks["importer"], picks["year"]]).sum(),
            "gdelt_total": picks.groupby(keys).size(),
        }
    ).reset_index()
    pd.testing.assert_frame_equal(frame[expected.columns.tolist()], expected, check_dtype=False)
    assert np.allclose(frame["gdelt_share"], expected["gdelt_count"] / expected["gdelt_total"], rtol=1e-15)
    assert (frame["gdelt_days"] == 1).all()


def test_filters(tmp_path: Path) -> None:
    lines = [
        event(id=1, date=DAY, added=DAY, type1="OPP", actor="KEN", lead=1),
        event(id=2, date=DAY, added=DAY, type3="OPP", actor="USA", lead=0),
        event(id=3, date=DAY, added=DAY, type1="GOV", actor="", lead=1),
        event(id=4, date=DAY, added=DAY, type1="GOV", country="RO", actor="ROM", root="4"),
        event(id=5, date=DAY, added=DAY, root="01"),
    ]

    def counts(**options: object) -> dict[str, int]:
        frame = small(tmp_path, lines, **options)
        return dict(zip(frame["importer"], frame["gdelt_count"], strict=True))

    assert counts() == {"KEN": 3, "ROU": 0}
    assert counts(roots=["04", "14"]) == {"KEN": 3, "ROU": 1}
    assert counts(root_events=True) == {"KEN": 2, "ROU": 0}
    assert counts(actor_types=["OPP"]) == {"KEN": 2, "ROU": 0}
    assert counts(actor_country="same", roots=["04", "14"]) == {"KEN": 1, "ROU": 1}
    with pytest.raises(InputError, match="No event of the files passes the filters"):
        counts(actor_types=["OPPO"])


def test_no_event_is_a_zero_in_a_covered_year_and_its_share_is_missing(tmp_path: Path) -> None:
    lines = [*year_of(2013, 0), *year_of(2014, 1000), event(id=5000, date=20130101, added=20130101, country="US")]
    frame = read(write(tmp_path / "a.csv", lines), roots=["14"]).frame
    numbers = frame[frame["year"] == 2014].set_index("importer")[["gdelt_count", "gdelt_share", "gdelt_days"]]
    expected = pd.DataFrame([[365, 1.0, 365], [0, np.nan, 365]], index=["KEN", "USA"], columns=numbers.columns)
    pd.testing.assert_frame_equal(numbers, expected, check_names=False)


def test_years_with_few_days_are_left_out_and_every_gap_is_listed(tmp_path: Path) -> None:
    lines = [*year_of(2013, 0)[4:], *year_of(2014, 1000, count=359), event(id=5000, date=20120101, added=20140101)]
    panel = read(write(tmp_path / "a.csv", lines), roots=["14"])
    assert panel.frame["year"].tolist() == [2013] and panel.frame["gdelt_days"].tolist() == [361]
    listed = panel.conflicts[["value", "problem", "resolution"]].to_numpy().tolist()
    assert listed == [
        ["2012", "0 of 366 days in the files", "rows left out"],
        ["2014", "359 of 365 days in the files", "rows left out"],
        ["2013", "361 of 365 days in the files", "kept"],
    ]
    assert "Countries of the files, 2013; no event there is a zero" in panel.sources[0].coverage


def test_echoes_of_last_year_do_not_make_it_a_covered_year(tmp_path: Path) -> None:
    echoes = [
        event(id=5000 + step, date=day - 10000, added=day) for step, day in enumerate(days(2014)) if day != 20140229
    ]
    panel = read(write(tmp_path / "a.csv", [*year_of(2014, 0), *echoes]), roots=["14"])
    assert panel.frame["year"].tolist() == [2014]
    assert panel.conflicts["problem"].tolist() == ["0 of 365 days in the files"]


def test_a_day_of_version_2_has_96_quarters_of_an_hour(tmp_path: Path) -> None:
    whole = [event(61, id=step, date=20150301, added=stamp) for step, stamp in enumerate(quarters(20150301))]
    noon = [event(61, id=1000 + step, date=day, added=f"{day}120000") for step, day in enumerate(days(2015))]
    panel = read(write(tmp_path / "a.csv", [*whole, *noon]), roots=["14"], least_days=1)
    # 96 quarters and 364 noons of other days are 460 quarters: four days.
    assert panel.frame["gdelt_days"].tolist() == [(96 + 364) // 96]
    assert read(write(tmp_path / "b.csv", [*whole, *noon]), roots=["14"]).frame.empty


def test_an_event_is_counted_once_in_one_file_and_over_files(tmp_path: Path) -> None:
    folder = tmp_path / "gdelt"
    folder.mkdir()
    for name, start in (("20130101.export.CSV.zip", 0), ("20130102.export.CSV", 1), ("20130103.export.CSV.zip", 0)):
        write(folder / name, [event(id=start + step, date=20130101, added=20130101) for step in range(3)])
    panel = read(folder, roots=["14"], least_days=1)
    assert panel.frame[["gdelt_count", "gdelt_total"]].to_numpy().tolist() == [[4, 4]]
    repeated = panel.conflicts[panel.conflicts["resolution"] == "counted once"]
    assert repeated[["value", "years", "rows"]].to_numpy().tolist() == [["0", "2013", 5]]


def test_a_folder_of_zip_files_is_the_same_as_one_text(tmp_path: Path) -> None:
    lines = [*year_of(2013, 0), *year_of(2014, 1000, country="US")]
    folder = tmp_path / "gdelt"
    folder.mkdir()
    for step in range(0, len(lines), 100):
        write(folder / f"{20130101 + step}.export.CSV.zip", lines[step : step + 100])
    (folder / "20130101.mentions.CSV.zip").write_bytes(b"other")
    write(folder / "20139999.export.CSV.zip", [])
    (folder / "md5sums").write_text("x", encoding="utf-8")
    ours, single = read(folder, roots=["14"]), read(write(tmp_path / "a.csv", lines), roots=["14"])
    pd.testing.assert_frame_equal(ours.frame, single.frame)
    assert ours.conflicts[["value", "problem"]].to_numpy().tolist() == [
        ["20130101.mentions.CSV.zip", "not an event file"],
        ["md5sums", "not an event file"],
    ]
    assert len(ours.sources[0].sha256) == 64 and ours.sources[0].file == "gdelt"


def test_historical_files_have_the_day_of_the_event(tmp_path: Path) -> None:
    lines = [event(57, id=step, date=day, added=20130203) for step, day in enumerate(days(1985))]
    assert read(write(tmp_path / "1985.csv", lines), roots=["14"]).frame["gdelt_days"].tolist() == [365]


def test_codes_of_states_that_did_not_exist_and_of_no_state_are_listed(tmp_path: Path) -> None:
    lines = [
        event(id=step, date=19850101, added=19850101, country=code) for step, code in enumerate(["UP", "OS", "", "KE"])
    ]
    panel = read(write(tmp_path / "a.csv", lines), roots=["14"], least_days=1)
    assert panel.frame["importer"].tolist() == ["KEN"]
    problems = panel.conflicts.set_index("value")["problem"].to_dict()
    assert problems["UP"] == "not in that year (Ukraine 1991-)" and problems[""] == "no country code (1 events)"
    assert problems["OS"] == "sea area or unknown place"


def test_a_member_cannot_write_elsewhere(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../escaped.csv", event(id=1, date=DAY, added=DAY) + "\n")
    assert read(path, roots=["14"], least_days=1).frame["gdelt_count"].tolist() == [1]
    assert not list(tmp_path.parent.rglob("escaped.csv"))


@pytest.mark.parametrize(
    ("name", "lines", "error", "word"),
    [
        ("a.csv", ["1\t2\t3"], WrongLayoutError, "a.csv has 3 columns"),
        ("a.csv", [event(id=1, date=DAY, added=DAY), "1\t2"], WrongLayoutError, "line 2"),
        ("a.csv", [event(id="x", date=DAY, added=DAY)], NumberError, "a.csv holds text where numbers"),
        ("a.csv", ["<!DOCTYPE html>"], WrongLayoutError, "web page"),
        ("a.csv", [], WrongLayoutError, "hold no rows"),
        ("a.zip", ["1\t2\t3"], WrongLayoutError, "holds no file that ends in .csv"),
    ],
)
def test_refusals(tmp_path: Path, name: str, lines: Sequence[str], error: type[Exception], word: str) -> None:
    path = write(tmp_path / name, lines)
    with pytest.raises(error) as caught:
        read(path, roots=["14"], least_days=1)
    assert word in str(caught.value)


def test_other_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK no zip at all")
    with pytest.raises(WrongLayoutError, match=r"x\.zip cannot be read as a zip file"):
        read(tmp_path / "x.zip", roots=["14"])
    with pytest.raises(MissingFileError, match="does not exist"):
        read(tmp_path / "none.csv", roots=["14"])
    (tmp_path / "empty").mkdir()
    with pytest.raises(MissingFileError, match="holds no event file"):
        read(tmp_path / "empty", roots=["14"])
    path = write(tmp_path / "a.csv", [event(id=1, date=DAY, added=DAY, url="é")])
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    with pytest.raises(ValueError, match="not written in UTF-8"):
        read(path, roots=["14"], least_days=1)


def test_two_databases_are_not_mixed(tmp_path: Path) -> None:
    write(tmp_path / "20150301.export.CSV", [event(id=1, date=DAY, added=DAY)])
    write(tmp_path / "20150301000000.export.CSV.zip", [event(61, id=1, date=DAY, added="20140105000000")])
    with pytest.raises(WrongLayoutError, match=r"1\.0 and 2\.0"):
        read(tmp_path, roots=["14"])


@pytest.mark.parametrize(
    ("options", "word"),
    [
        ({}, "needs the option 'roots'"),
        ({"roots": []}, "none given"),
        ({"roots": ["14", "141"]}, "'141'"),
        ({"roots": ["14"], "least_days": 0}, "no 0 days"),
        ({"roots": ["14"], "actor_country": "other"}, "'any' or 'same'"),
    ],
)
def test_options(tmp_path: Path, options: dict[str, object], word: str) -> None:
    with pytest.raises(StudyError) as caught:
        read_source("gdelt_events", tmp_path / "a.csv", options)
    assert word in str(caught.value)


READ = """
import json, resource, sys
from pathlib import Path
from eventpanel.datasets.sources.unrest.gdelt_events import read
panel = read(Path(sys.argv[1]), roots=["14"], least_days=300)
used = resource.getrusage(resource.RUSAGE_SELF)
totals = panel.frame[["gdelt_count", "gdelt_total"]].sum().tolist()
print(json.dumps({"memory": used.ru_maxrss * 1024, "seconds": used.ru_utime + used.ru_stime,
                  "rows": len(panel.frame), "totals": totals}))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="the most memory a process took is read as Linux states it")
@pytest.mark.parametrize(
    "rows", [500_000, pytest.param(20_000_000, marks=[pytest.mark.slow, pytest.mark.timeout(900)])]
)
def test_a_large_file_needs_less_than_a_gibibyte(tmp_path: Path, rows: int) -> None:
    path = tmp_path / "events.csv"
    simulated(path, rows)
    roots = os.pathsep.join(str(ROOT / name) for name in ("src", "estimators", "datasets"))
    done = subprocess.run(
        [sys.executable, "-c", READ, str(path)],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONPATH": roots},
    )
    answer = json.loads(done.stdout)
    path.unlink()
    print(f"{rows:,} rows: {answer['memory'] / GIBIBYTE:.2f} GiB, {answer['seconds']:.0f} s of processor")
    assert answer["memory"] < GIBIBYTE
    assert answer["rows"] == 29 * 16
    # Roots take turns and one row in thirty has no country.
    count, total = answer["totals"]
    assert abs(total / rows - 29 / 30) < 0.002 and abs(count / total - 1 / 20) < 0.002
