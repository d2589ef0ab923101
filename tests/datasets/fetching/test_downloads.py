"""The list of downloads: complete, https, checked or limited, and the same files as the built-in study asks for."""

from __future__ import annotations

import hashlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from eventpanel.datasets.downloads import Download, Remote, download, downloads, is_safe
from eventpanel.datasets.registry import entries
from tests.sources import ROOT

OWN = {"deal_list", "country_years"}
FIXED = [remote for known in downloads().values() for remote in known.files if remote.sha256]


def test_every_source_can_be_had_or_says_how() -> None:
    assert {known.name for known in entries()} - OWN <= set(downloads())


@pytest.mark.parametrize("known", downloads().values(), ids=lambda known: known.name)
def test_a_download_is_whole(known: Download) -> None:
    assert bool(known.files) != bool(known.how)
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
        # Polity5 is published as xls; the study takes csv.
        assert section["file"] in names or section["source"] == "polity5"


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
