"""Fetching publishers' files: checked, remembered, and only then given their names.

A file that never changes is held against the checksum of the registry, any other against the one it had when it was
first seen: a publisher's silent change is an error until it is asked for.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from eventpanel.datasets.checks import is_web_page, sha256
from eventpanel.datasets.downloads import Download, Remote, download
from eventpanel.datasets.errors import FetchError
from eventpanel.datasets.store import Seen, Slot, cache_folder
from eventpanel.datasets.transfer import BY_HAND, Line, transfer
from eventpanel.datasets.unpacking import unpack

__all__ = ["Fetched", "Order", "fetch"]

News = Literal["new", "there", "same", "changed"]


@dataclass(frozen=True, slots=True)
class Fetched:
    """A file that is there now.

    Attributes
    ----------
    path : Path
    seen : Seen
        Address, checksums, bytes, and the day it was first seen.
    news : {"new", "there", "same", "changed"}
        Fetched; not fetched, since it is there; fetched again and the same; fetched again and another one.
    """

    path: Path
    seen: Seen
    news: News


def _silent(*_: object) -> None:
    """Report nothing."""


@dataclass(frozen=True, slots=True)
class Order:
    """How to fetch.

    Attributes
    ----------
    folder : Path, optional
        Where to; the folder of fetched files without it.
    years : tuple of int, optional
        First and last year of sources whose files come by year.
    refresh : bool
        Fetch again what is there, and take a publisher's change.
    line : Line
    watch : callable
        Called with the file, the bytes that are there, and the bytes of the whole, where known.
    waiting : callable
        Called with the file, if another process is fetching it.
    """

    folder: Path | None = None
    years: tuple[int, int] | None = None
    refresh: bool = False
    line: Line | None = None
    watch: Callable[[str, int, int | None], None] = _silent
    waiting: Callable[[str], None] = _silent

    def slot(self, remote: Remote) -> Slot:
        """Place of a file."""
        return Slot(cache_folder() if self.folder is None else self.folder.expanduser().absolute(), remote.file)


def fetch(name: str, order: Order | None = None) -> tuple[Fetched, ...]:
    """Fetch the files of a source that are not there yet.

    Parameters
    ----------
    name : str
        Name of the source.
    order : Order, optional

    Returns
    -------
    tuple of Fetched

    Raises
    ------
    StudyError
        No such source, or no years of one whose files come by year.
    FetchError
        It must be got by hand, and how; the server refuses; or what came is not what it should be.
    OutputError
        The folder cannot be written, or is full.
    """
    order = Order() if order is None else order
    wanted = download(name)
    if wanted.how:
        raise _by_hand(wanted, order)
    files, line = wanted.wanted(order.years), order.line or Line()
    with line.session:
        return tuple(fetch_file(remote, line, order) for remote in files)


def _by_hand(wanted: Download, order: Order) -> FetchError:
    place = order.slot(Remote(wanted.page, wanted.file, 0)).path
    return FetchError(
        f"{wanted.name} must be got by hand.",
        wanted.page,
        f"{wanted.how} Save it as {place}. A study then finds it: file = {wanted.file!r}.",
    )


def fetch_file(remote: Remote, line: Line, order: Order) -> Fetched:
    """Fetch one file, alone with it."""
    slot = order.slot(remote)
    with slot.locked(lambda: order.waiting(remote.file)):
        seen = slot.seen()
        if slot.path.exists() and not order.refresh:
            return _there(remote, slot, seen)
        known = seen if seen is not None and seen.url == remote.url else None
        transfer(line, remote, slot, lambda done, total: order.watch(remote.file, done, total))
        try:
            whole, fresh = _checked(remote, slot, known, refresh=order.refresh)
        except FetchError:
            # What does not pass would not pass next time either.
            slot.forget()
            raise
        slot.place(whole, fresh)
    if known is None:
        return Fetched(slot.path, fresh, "new")
    if known.sha256 == fresh.sha256:
        return Fetched(slot.path, fresh, "same" if order.refresh else "new")
    return Fetched(slot.path, fresh, "changed")


def _there(remote: Remote, slot: Slot, seen: Seen | None) -> Fetched:
    """Return a file that is there, if it is the one that was fetched from this address."""
    if seen is not None and seen.url != remote.url:
        what = f"{remote.file} is there, but from an earlier address: {seen.url}"
    elif seen is None or sha256(slot.path) != seen.content:
        what = f"{remote.file} is there, but is not what was fetched."
    else:
        return Fetched(slot.path, seen, "there")
    raise FetchError(what, str(slot.path), "move it away, or use --refresh to replace it")


def _checked(remote: Remote, slot: Slot, known: Seen | None, *, refresh: bool) -> tuple[Path, Seen]:
    """Check what has arrived, and unpack it."""
    digest = sha256(slot.part)
    if remote.sha256 and digest != remote.sha256:
        raise FetchError(
            f"{remote.file} is not the file it should be: its checksum is another one.",
            f"{remote.url}: {digest}, not {remote.sha256}",
            "run the command again; if it stays so, " + BY_HAND,
        )
    if known is not None and digest != known.sha256 and not refresh:
        raise FetchError(
            f"{remote.file} has changed at the publisher since {known.first}.",
            f"{remote.url}: {digest}, not {known.sha256}",
            "look at the publisher's page; --refresh takes the new file",
        )
    whole = slot.part
    if remote.unpack:
        whole = unpack(slot.part, remote, slot)
    elif _starts_as_web_page(whole):
        raise FetchError(f"The server sent a web page in place of {remote.file}.", remote.url, BY_HAND)
    seen = Seen(remote.url, digest, sha256(whole), whole.stat().st_size, datetime.now(UTC).date().isoformat())
    return whole, seen if known is None or known.sha256 != digest else replace(seen, first=known.first)


def _starts_as_web_page(path: Path) -> bool:
    with path.open("rb") as stream:
        return is_web_page(stream.read(512))
