"""The folder of fetched files: whole files under their final names, and beside them what is still on the way.

This is the one place of the datasets that writes. A final name is only ever given by one rename of a complete file.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO, Any

from platformdirs import user_cache_path

from eventpanel.datasets.downloads import is_safe
from eventpanel.datasets.errors import OutputError

if sys.platform == "win32":
    import msvcrt

    def try_lock(stream: IO[bytes]) -> bool:
        """Take the lock of a file if it is free; the system gives it back when the process ends, however it ends."""
        try:
            msvcrt.locking(stream.fileno(), msvcrt.LK_NBLCK, 1)
        except OSError:
            return False
        return True

else:
    import fcntl

    def try_lock(stream: IO[bytes]) -> bool:
        """Take the lock of a file if it is free; the system gives it back when the process ends, however it ends."""
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True


VARIABLE = "EVENTPANEL_CACHE"
BESIDE = ".eventpanel"
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
PAUSE = 0.2


def cache_folder() -> Path:
    """Folder of fetched files: the one that the environment variable EVENTPANEL_CACHE names, else the user's own."""
    given = os.environ.get(VARIABLE)
    return Path(given).expanduser().absolute() if given else user_cache_path("eventpanel", appauthor=False)


@contextmanager
def refusals(path: Path) -> Iterator[None]:
    """Say in words that the system refuses to write."""
    try:
        yield
    except OSError as error:
        full = error.errno in FULL
        raise OutputError(
            "There is no space left for the file." if full else "The file could not be written.",
            f"{path}: {error.strerror or error}",
            "free space and run again: what is there will be continued" if full else "choose another --to",
        ) from error


@dataclass(frozen=True, slots=True)
class Seen:
    """What was fetched, so that later it can be told whether it is still the same.

    Attributes
    ----------
    url : str
    sha256 : str
        Checksum of what the publisher sent.
    content : str
        Checksum of the file, which is another one where it was unpacked.
    size : int
        Bytes of the file.
    first : str
        Day it was first seen.
    """

    url: str
    sha256: str
    content: str
    size: int
    first: str


@dataclass(frozen=True, slots=True)
class Slot:
    """One file of a folder.

    Attributes
    ----------
    folder : Path
    file : str
        Name below the folder.

    Raises
    ------
    OutputError
        The name leads out of the folder; or, from every method, the system refuses.
    """

    folder: Path
    file: str

    def __post_init__(self) -> None:
        if not is_safe(self.file):
            raise OutputError("A file must lie in its folder.", repr(self.file), "correct its name")

    @property
    def path(self) -> Path:
        """Final name."""
        return self.folder / self.file

    @property
    def part(self) -> Path:
        """What has arrived so far."""
        return self._beside(".part")

    @property
    def scratch(self) -> Path:
        """What is being unpacked."""
        return self._beside(".unpacked")

    def _beside(self, ending: str) -> Path:
        return self.folder / BESIDE / f"{self.file}{ending}"

    @contextmanager
    def locked(self, waiting: Callable[[], None]) -> Iterator[None]:
        """Hold the file alone; ``waiting`` is called once if another process holds it."""
        lock = self._beside(".lock")
        with refusals(lock):
            lock.parent.mkdir(parents=True, exist_ok=True)
            self.path.parent.mkdir(parents=True, exist_ok=True)
            stream = lock.open("ab")
        with stream:
            told = False
            while not self._free(stream):
                if not told:
                    waiting()
                    told = True
                time.sleep(PAUSE)
            yield

    def _free(self, stream: IO[bytes]) -> bool:
        with refusals(Path(stream.name)):
            return try_lock(stream)

    def held(self, url: str) -> tuple[int, str]:
        """Bytes of this address that have arrived, and the mark of their version; 0 where none can be continued."""
        note = _read(self._beside(".part.json"))
        if note.get("url") != url or not note.get("version") or not self.part.is_file():
            return 0, ""
        return self.part.stat().st_size, str(note["version"])

    def begin(self, url: str, version: str) -> None:
        """Start an empty part. The order keeps a part from being taken for one of another version."""
        self.forget()
        with refusals(self.part):
            self.part.write_bytes(b"")
            _write(self._beside(".part.json"), {"url": url, "version": version})

    def forget(self) -> None:
        """Remove the part, and what was unpacked from it."""
        with refusals(self.part):
            for path in (self._beside(".part.json"), self.part, self.scratch):
                path.unlink(missing_ok=True)

    @contextmanager
    def writing(self, path: Path, *, more: bool = False) -> Iterator[IO[bytes]]:
        """Write, or write more, beside the final name; on the disk when it closes."""
        with refusals(path), path.open("ab" if more else "wb") as stream:
            yield stream
            stream.flush()
            os.fsync(stream.fileno())

    def room(self, size: int) -> None:
        """Refuse what the disk has no space for, before it is fetched."""
        with refusals(self.part):
            if shutil.disk_usage(self.part.parent).free < size:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def seen(self) -> Seen | None:
        """Return what was fetched under this name."""
        note = _read(self._beside(".json"))
        try:
            return Seen(**note)
        except TypeError:
            return None

    def place(self, whole: Path, seen: Seen) -> None:
        """Remember a complete file, then give it its final name."""
        with refusals(self.path):
            _write(self._beside(".json"), asdict(seen))
            whole.replace(self.path)
        self.forget()


def _read(path: Path) -> dict[str, Any]:
    try:
        note = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return note if isinstance(note, dict) else {}


def _write(path: Path, note: dict[str, Any]) -> None:
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(json.dumps(note, indent=2), encoding="utf-8")
    fresh.replace(path)
