"""Where the publishers' files are: addresses, sizes, checksums, and what to do where a person must ask for them.

Importing this module reads nothing and loads neither pandas nor requests.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any, Literal
from urllib.parse import urlsplit

from eventpanel.datasets.errors import StudyError, first_few

Unpack = Literal["", "zip", "gz"]
Span = Literal["year", "month", "day"]

# Days after which a publisher has written a day's file.
DELAY = 2
# Names that Windows keeps for devices, whatever stands behind the dot.
DEVICES = re.compile(r"(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?", re.IGNORECASE)
STRANGE = re.compile(r'[\x00-\x1f<>:"|?*\\]')


@dataclass(frozen=True, slots=True)
class Remote:
    """One file of a publisher.

    Attributes
    ----------
    url : str
        Address at the publisher, over https.
    file : str
        Name in the folder of fetched files, with ``/`` between its parts.
    limit : int
        Most bytes that may be fetched.
    sha256 : str
        Checksum of what is fetched where the publisher's file never changes; else empty.
    hosts : tuple of str
        Further hosts that the address may lead on to.
    unpack : {"", "zip", "gz"}
        How the file is packed.
    member : str
        Name of the file inside a zip archive; folders before it may differ.
    unpacked : int
        Most bytes after unpacking.
    """

    url: str
    file: str
    limit: int
    sha256: str = ""
    hosts: tuple[str, ...] = ()
    unpack: Unpack = ""
    member: str = ""
    unpacked: int = 0

    @property
    def allowed(self) -> frozenset[str]:
        """Hosts that may be asked."""
        return frozenset({urlsplit(self.url).hostname or "", *self.hosts})


@dataclass(frozen=True, slots=True)
class Series:
    """Files of which a publisher writes one for each year, month or day.

    Attributes
    ----------
    url, file : str
        Address and name, with ``%Y``, ``%m`` and ``%d`` for year, month and day.
    by : {"year", "month", "day"}
    first : date
        First day of the first file.
    last : date, optional
        Last day; the publisher goes on without it.
    limit : int
        Most bytes of one file.
    without : tuple of date
        Files that were never written.
    """

    url: str
    file: str
    by: Span
    first: date
    limit: int
    last: date | None = None
    without: tuple[date, ...] = ()

    def files(self, first: int, last: int) -> Iterator[Remote]:
        """Yield the files of some years."""
        end = self.last or date.today() - timedelta(DELAY)
        for number in range((end - self.first).days + 1):
            day = self.first + timedelta(number)
            starts = {"year": (day.month, day.day) == (1, 1), "month": day.day == 1, "day": True}[self.by]
            if first <= day.year <= last and starts and day not in self.without:
                yield Remote(day.strftime(self.url), day.strftime(self.file), self.limit)


@dataclass(frozen=True, slots=True)
class Download:
    """How a source is had: files that anyone may fetch, or words for what a person must do.

    Attributes
    ----------
    name : str
        Name of the source.
    files : tuple of Remote
        Files that are always fetched.
    series : tuple of Series
        Files by year, of which those of the years asked for are fetched.
    how : str
        Steps by hand; empty where it can be fetched.
    page : str
        Where to begin by hand.
    file : str
        Name to save the file under by hand.
    """

    name: str
    files: tuple[Remote, ...] = ()
    series: tuple[Series, ...] = ()
    how: str = ""
    page: str = ""
    file: str = ""

    def wanted(self, years: tuple[int, int] | None) -> tuple[Remote, ...]:
        """Files to fetch.

        Raises
        ------
        StudyError
            Files come by year and no years are asked for, or years that have none.
        """
        if not self.series:
            return self.files
        begins = self.series[0].first.year
        found = [] if years is None else [file for one in self.series for file in one.files(*years)]
        if not found:
            asked = "no years were asked for" if years is None else f"years asked for: {years[0]} to {years[1]}"
            raise StudyError(
                f"The files of {self.name} come by year, from {begins} on.", asked, f"add --years {begins}-{begins + 1}"
            )
        return (*self.files, *found)


@cache
def downloads() -> Mapping[str, Download]:
    """Every source that can be had, by name.

    Examples
    --------
    >>> downloads()["ert"].files[0].file, downloads()["vdem"].files
    ('regime/vdem_ert.csv', ())
    """
    text = resources.files("eventpanel.datasets").joinpath("downloads.toml").read_text(encoding="utf-8")
    return {name: _download(name, table) for name, table in tomllib.loads(text).items()}


def _download(name: str, table: Mapping[str, Any]) -> Download:
    files = [Remote(**{**file, "hosts": tuple(file.get("hosts", ()))}) for file in table.get("files", ())]
    series = [Series(**{**one, "without": tuple(one.get("without", ()))}) for one in table.get("series", ())]
    return Download(name, **{**table, "files": tuple(files), "series": tuple(series)})


def download(name: str) -> Download:
    """How one source is had.

    Raises
    ------
    StudyError
        No such source, or it is the user's own.
    """
    if name in downloads():
        return downloads()[name]
    raise StudyError(
        f"There is nothing to fetch for {name!r}.",
        f"sources: {first_few(downloads(), 40)}",
        "correct the name; `eventpanel fetch --list` lists them",
    )


def is_safe(name: str) -> bool:
    """Whether a name stays inside its folder on every system.

    Not so: absolute paths, drives, ``..``, empty parts, backslashes, names of devices, dots or blanks at the end.

    Examples
    --------
    >>> [is_safe(name) for name in ("regime/ert.csv", "../ert.csv", "/etc/passwd", "C:ert.csv", "a/nul.csv")]
    [True, False, False, False, False]
    """
    parts = name.split("/")
    return not STRANGE.search(name) and all(
        part not in ("", ".", "..") and part == part.rstrip(". ") and not DEVICES.fullmatch(part) for part in parts
    )
