"""Unpacking one file of an archive, with an eye on every way in which an archive can lie."""

from __future__ import annotations

import gzip
import stat
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import IO

from eventpanel.datasets.downloads import Remote, is_safe
from eventpanel.datasets.errors import FetchError, first_few
from eventpanel.datasets.store import Slot

BLOCK = 1 << 20
# A table of digits shrinks to a tenth, one of zeros to a fiftieth; zlib's own bound is about 1030.
RATIO = 200
FAULTS = (zipfile.BadZipFile, zlib.error, OSError, EOFError, RuntimeError, ValueError, OverflowError)
REMEDY = "look at the archive, and unpack it by hand only if you trust it"


def unpack(archive: Path, remote: Remote, slot: Slot) -> Path:
    """Unpack one file beside its final name.

    Names inside the archive only choose: the file is written under the name that the registry gives it.

    Parameters
    ----------
    archive : Path
    remote : Remote
        With ``unpack``, ``member`` and ``unpacked``.
    slot : Slot

    Returns
    -------
    Path
        The unpacked file, complete and on the disk.

    Raises
    ------
    FetchError
        Broken or encrypted; a name that leads out, a link; no such member or two; more than it may become.
    OutputError
        The disk refuses.
    """
    with ExitStack() as stack:
        with _faults(archive):
            if remote.unpack == "zip":
                file, entry = _member(stack.enter_context(zipfile.ZipFile(archive)), remote)
                read, packed = stack.enter_context(file).read, entry.compress_size
            else:
                read, packed = stack.enter_context(gzip.open(archive)).read, archive.stat().st_size
        limit, size = min(remote.unpacked, RATIO * packed), 0
        with slot.writing(slot.scratch) as stream:
            for block in _blocks(archive, read):
                size += len(block)
                if size > limit:
                    raise FetchError(
                        f"{remote.file} unpacks to more than it can hold.", f"over {limit:,} bytes", REMEDY
                    )
                stream.write(block)
    return slot.scratch


@contextmanager
def _faults(archive: Path) -> Iterator[None]:
    """Say in words what the readers of archives say in many ways."""
    try:
        yield
    except FetchError:
        raise
    except FAULTS as error:
        raise FetchError(f"{archive.name} cannot be unpacked.", f"{archive}: {error}", REMEDY) from error


def _blocks(archive: Path, read: Callable[[int], bytes]) -> Iterator[bytes]:
    """Bytes as they are unpacked; what goes wrong here is the archive's fault, what goes wrong outside the disk's."""
    with _faults(archive):
        while block := read(BLOCK):
            yield block


def _member(archive: zipfile.ZipFile, remote: Remote) -> tuple[IO[bytes], zipfile.ZipInfo]:
    """Open the one member of the wanted name."""
    found = [entry for entry in archive.infolist() if entry.filename.rpartition("/")[2] == remote.member]
    if len(found) != 1:
        raise FetchError(
            f"The archive holds {'more than one' if found else 'no'} {remote.member!r}.",
            f"it has: {first_few(archive.namelist(), 8)}",
            "the publisher may have changed the archive: unpack it by hand and use --data",
        )
    (entry,) = found
    if stat.S_IFMT(entry.external_attr >> 16) not in (0, stat.S_IFREG) or not is_safe(entry.orig_filename):
        raise FetchError(
            f"{remote.member!r} is a link in the archive, or has a name that leads out of it.",
            repr(entry.orig_filename),
            REMEDY,
        )
    if entry.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        raise NotImplementedError(f"compression method {entry.compress_type}")
    return archive.open(entry), entry
