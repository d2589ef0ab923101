"""``eventpanel fetch NAME...``."""

from __future__ import annotations

import re
import sys
from argparse import Namespace
from pathlib import Path

from eventpanel.commands.progress import transfer_bar
from eventpanel.datasets.downloads import Download, download, downloads
from eventpanel.datasets.errors import EventPanelError, StudyError
from eventpanel.datasets.fetch import Fetched, Order, fetch
from eventpanel.datasets.registry import Entry, entries
from eventpanel.datasets.store import cache_folder
from eventpanel.reports.terminal import wrapped

SHOWN = 5
NEWS = {
    "new": "fetched",
    "there": "there already",
    "same": "fetched again, unchanged",
    "changed": "fetched again, and no longer the same as before",
}


def main(options: Namespace) -> int:
    """Fetch sources one after another, or list them; one that fails does not keep the others from coming."""
    if options.list:
        _list()
        return 0
    if not options.names:
        raise StudyError("No source is named.", "fetch", "name some; `eventpanel fetch --list` lists them")
    wanted, years = [download(name) for name in options.names], _years(options.years)
    failures: list[EventPanelError] = []
    for one in wanted:
        try:
            files = _fetch(one, years, options)
        except EventPanelError as error:
            failures.append(error)
            continue
        if not options.quiet:
            _show(one, files)
    for failure in failures[:-1]:
        print(f"eventpanel: {failure}", file=sys.stderr)
    if failures:
        raise failures[-1]
    return 0


def _years(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    found = re.fullmatch(r"(\d{4})(?:-(\d{4}))?", text)
    if found is None or found[1] > (found[2] or found[1]):
        raise StudyError(f"--years cannot be {text!r}.", "fetch", "write FIRST-LAST, such as 2005-2014, or one year")
    return int(found[1]), int(found[2] or found[1])


def _fetch(one: Download, years: tuple[int, int] | None, options: Namespace) -> tuple[Fetched, ...]:
    with transfer_bar(quiet=options.quiet) as (watch, waiting):
        folder = Path(options.to) if options.to else None
        order = Order(folder=folder, years=years, refresh=options.refresh, watch=watch, waiting=waiting)
        return fetch(one.name, order)


def _show(one: Download, files: tuple[Fetched, ...]) -> None:
    for file in files[:SHOWN]:
        print(wrapped(f"{one.name}: {NEWS[file.news]}: {file.path} ({_size(file.seen.size)})"))
        print(f"    sha256 {file.seen.content}, first seen {file.seen.first}")
    if len(files) > SHOWN:
        print(f"    ... and {len(files) - SHOWN} more files in {files[-1].path.parent}")
    source = _entry(one.name)
    if source is not None:
        print(wrapped(f"licence: {source.licence}", "    "), wrapped(f"cite: {source.citation}", "    "), sep="\n")


def _list() -> None:
    print(
        wrapped(f"Files are fetched to {cache_folder()}; another folder: --to DIR, or EVENTPANEL_CACHE."), "", sep="\n"
    )
    for one in downloads().values():
        source = _entry(one.name)
        print(wrapped(f"{one.name}{'' if source is None else f' ({source.title})'}"))
        for file in one.files:
            print(f"    {file.file}, at most {_size(file.limit)}\n      {file.url}")
        for series in one.series:
            end = "on" if series.last is None else f"to {series.last}"
            print(f"    {series.file}, one a {series.by} from {series.first} {end}\n      {series.url}")
        if one.how:
            print(wrapped(f"by hand, from {one.page}: {one.how} Save it as {one.file}.", "    "))


def _entry(name: str) -> Entry | None:
    return next((source for source in entries() if source.name == name), None)


def _size(size: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"
