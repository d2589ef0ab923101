"""``eventpanel fetch NAME...``."""

from __future__ import annotations

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
    wanted = [download(name) for name in options.names]
    failures: list[EventPanelError] = []
    for one in wanted:
        try:
            files = _fetch(one, options)
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


def _fetch(one: Download, options: Namespace) -> tuple[Fetched, ...]:
    with transfer_bar(quiet=options.quiet) as (watch, waiting):
        folder = Path(options.to) if options.to else None
        return fetch(one.name, Order(folder=folder, refresh=options.refresh, watch=watch, waiting=waiting))


def _show(one: Download, files: tuple[Fetched, ...]) -> None:
    for file in files:
        print(wrapped(f"{one.name}: {NEWS[file.news]}: {file.path} ({_size(file.seen.size)})"))
        print(f"    sha256 {file.seen.content}, first seen {file.seen.first}")
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
