"""The list of downloads: complete, https, checked or limited, and the same files as the built-in study asks for."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from eventpanel.datasets.downloads import Download, Remote, download, downloads, is_safe
from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.registry import entries
from tests.sources import ROOT

OWN = {"deal_list", "country_years"}
FIXED = [remote for known in downloads().values() for remote in known.files if remote.sha256]


def test_every_source_can_be_had_or_says_how() -> None:
    assert {known.name for known in entries()} - OWN <= set(downloads())


@pytest.mark.parametrize("known", downloads().values(), ids=lambda known: known.name)
def test_a_download_is_whole(known: Download) -> None:
    assert bool(known.files or known.series) != bool(known.how)
    for series in known.series:
        assert series.url.startswith("https://") and is_safe(series.file) and series.limit > 0
        assert series.last is None or series.first <= series.last
    if known.how:
        assert known.page.startswith("https://") and is_safe(known.file)
        assert known.how.endswith(".") and known.how[0].isupper()
    for remote in known.files:
        parts = urlsplit(remote.url)
        assert parts.scheme == "https" and parts.hostname and parts.port is None and parts.username is None
        assert is_safe(remote.file) and "/" in remote.file
        assert 0 < remote.limit <= 1_000_000_000
        assert re.fullmatch(r"[0-9a-f]{64}|", remote.sha256)
        assert all(re.fullmatch(r"[a-z0-9.-]+", host) for host in remote.hosts)
        assert (remote.unpacked > 0) == bool(remote.unpack) and bool(remote.member) == (remote.unpack == "zip")


@pytest.mark.parametrize(
    ("years", "count", "first", "last"),
    [
        ((1979, 1979), 1, "1979.zip", "1979.zip"),
        ((1900, 1980), 2, "1979.zip", "1980.zip"),
        ((2005, 2006), 13, "2005.zip", "200612.zip"),
        ((2013, 2013), 3 + 275, "201301.zip", "20131231.export.CSV.zip"),
        ((2014, 2014), 365 - 4, "20140101.export.CSV.zip", "20141231.export.CSV.zip"),
        ((2016, 2016), 366, "20160101.export.CSV.zip", "20161231.export.CSV.zip"),
    ],
)
def test_a_series_has_one_file_a_year_a_month_or_a_day(
    years: tuple[int, int], count: int, first: str, last: str
) -> None:
    files = download("gdelt_events").wanted(years)
    assert len({remote.file for remote in files}) == len(files) == count
    assert files[0].url == f"https://data.gdeltproject.org/events/{first}"
    assert files[-1].file == f"unrest/gdelt/{last}"
    assert all(is_safe(remote.file) and remote.limit for remote in files)


def test_a_series_that_goes_on_ends_before_today() -> None:
    today = date.today()
    files = download("gdelt_events").wanted((today.year - 1, today.year + 5))
    assert files[-1].file == (today - timedelta(2)).strftime("unrest/gdelt/%Y%m%d.export.CSV.zip")


@pytest.mark.parametrize("years", [None, (0, 1978), (1960, 1978), (2014, 2013), (9999, 10_000)])
def test_a_series_needs_years_that_it_has(years: tuple[int, int] | None) -> None:
    with pytest.raises(StudyError, match="come by year, from 1979 on"):
        download("gdelt_events").wanted(years)
    assert download("ert").wanted(years) == download("ert").files


def test_no_two_files_have_one_name() -> None:
    files = [
        file for known in downloads().values() for file in (known.file, *(one.file for one in known.files)) if file
    ]
    assert len({file.casefold() for file in files}) == len(files)


def test_an_address_that_names_a_commit_has_a_checksum_and_no_other_has() -> None:
    for known in downloads().values():
        for remote in known.files:
            assert bool(re.search(r"/[0-9a-f]{40}/", remote.url)) == bool(remote.sha256), remote.url


@pytest.mark.parametrize("remote", FIXED, ids=lambda remote: remote.file)
def test_the_checksums_are_those_of_the_files(data_dir: Path, remote: Remote) -> None:
    content = (data_dir / remote.file).read_bytes()
    assert (hashlib.sha256(content).hexdigest(), len(content)) == (remote.sha256, remote.limit)


def test_the_built_in_study_finds_what_is_fetched() -> None:
    text = (ROOT / "src" / "eventpanel" / "studies" / "unrest-deals.toml").read_text("utf-8")
    for section in tomllib.loads(text)["inputs"].values():
        known = download(section["source"])
        names = {known.file, *(remote.file for remote in known.files)}
        files = [section["file"]] if isinstance(section["file"], str) else section["file"]
        assert names & set(files)


def test_listing_loads_neither_pandas_nor_requests() -> None:
    program = (
        "import sys; from eventpanel.datasets.downloads import downloads; downloads(); "
        "print([name for name in ('pandas', 'numpy', 'requests') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT / "datasets"
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize(
    "name",
    ["a", "a/b.csv", "A-1_2.csv", "a b/c d.csv", "nullable.csv", "com.csv", "ünì.csv", ".hidden"],
)
def test_plain_names_are_safe(name: str) -> None:
    assert is_safe(name)


LEADING_OUT = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "../a",
    "a/..",
    "a/../b",
    "./a",
    "a/.",
    "C:",
    "C:a",
    "C:/a",
    "a\\b",
]
STRANGE = [
    "nul",
    "NUL.csv",
    "a/CON",
    "com1.txt",
    "LPT9",
    "aux.",
    "a.",
    "a ",
    "a\0b",
    "a\nb",
    "a?b",
    "a*b",
    'a"b',
    "a|b",
]


@pytest.mark.parametrize("name", [*LEADING_OUT, *STRANGE])
def test_names_that_lead_out_or_mean_something_else_are_not(name: str) -> None:
    assert not is_safe(name)
