"""An output folder appears whole or not at all, and never replaces what it did not make."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath, PureWindowsPath

from eventpanel.datasets.errors import OutputError, first_few
from eventpanel.datasets.store import try_lock

__all__ = [
    "LOCK",
    "MANIFEST",
    "UNFINISHED",
    "alone_in",
    "check_folder",
    "is_inside",
    "publish",
    "remove_files",
    "write_table",
    "write_whole",
]

MANIFEST = "manifest.json"
# Ending of a file that is being written; what has another ending is whole.
UNFINISHED = ".part"
LOCK = ".lock"


def check_folder(folder: Path) -> None:
    """Refuse a folder that cannot be written or that holds files of someone else.

    Raises
    ------
    OutputError
        A file of that name, files that an earlier run did not make, the current folder, no right to write.
    """
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder} is a file.", str(folder), "choose another --out")
    if folder.resolve() == Path.cwd():
        raise OutputError("The output folder cannot be the current one.", str(folder.resolve()), "choose another --out")
    parent = _existing_parent(folder)
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise OutputError("The output folder cannot be written.", str(parent), "choose another --out")
    strange = _strange(folder)
    if strange:
        raise OutputError(
            f"{folder} holds files that eventpanel did not write there.",
            first_few(strange),
            "choose another --out, or move these files away",
        )


def _existing_parent(folder: Path) -> Path:
    parent = folder.resolve().parent
    while not parent.exists():
        parent = parent.parent
    return parent


def _strange(folder: Path) -> list[str]:
    if not folder.is_dir():
        return []
    present = {path.relative_to(folder).as_posix() for path in folder.rglob("*")}
    try:
        ours = set(map(str, json.loads((folder / MANIFEST).read_text("utf-8"))["outputs"])) | {MANIFEST}
    except (OSError, ValueError, KeyError, TypeError):
        ours = set()
    return sorted(present - ours - _subfolders(ours))


def _subfolders(names: Iterable[str]) -> set[str]:
    """Folders that relative names of files lead through."""
    return {parent.as_posix() for name in names for parent in PurePosixPath(name).parents}


def _check_names(names: Collection[str]) -> None:
    """Refuse names that lead out of the folder, are not plain, or name a file and a folder at once."""
    wrong = [name for name in names if not is_inside(name)] + sorted(_subfolders(names) & set(names))
    if wrong:
        raise OutputError(
            "Files of an output folder have relative names without detours.", first_few(wrong), "rename them"
        )


def is_inside(name: str) -> bool:
    """Whether a name leads to a file below a folder on every system, and is written in one way only."""
    windows, plain = PureWindowsPath(name), PurePosixPath(name)
    if "\0" in name or "\\" in name or windows.drive or windows.root:
        return False
    return bool(plain.parts) and ".." not in plain.parts and plain.as_posix() == name


def publish(folder: Path, files: Mapping[str, bytes], scratch: Path | None = None) -> None:
    """Write files to a new folder beside the target, then put it in place by one rename.

    Parameters
    ----------
    folder : Path
        Made if it is not there; an earlier run's folder is replaced.
    files : mapping of str to bytes
        File names, plain or relative with ``/`` such as ``"outputs/table_2.csv"``, and their content.
    scratch : Path, optional
        Folder on the same disk that the new one is made in, such as one that is cleared of what a killed run left.

    Raises
    ------
    OutputError
        As :func:`check_folder`, a name that leads out of the folder, or the disk refuses.
    """
    _check_names(files)
    check_folder(folder)
    target = folder.resolve()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(UNFINISHED, f".{target.name}-", scratch or target.parent) as beside:
            fresh, old = Path(beside) / "new", Path(beside) / "old"
            fresh.mkdir()
            for name, content in files.items():
                (fresh / name).parent.mkdir(parents=True, exist_ok=True)
                _write(fresh / name, content)
            if target.exists():
                target.rename(old)
            try:
                fresh.rename(target)
            except OSError:
                if old.exists():
                    old.rename(target)
                raise
            shutil.rmtree(old, ignore_errors=True)
    except OSError as error:
        raise OutputError(
            "The results could not be written.",
            f"{folder}: {error.strerror or error}",
            "free space, or choose another --out",
        ) from error


def write_table(path: Path, content: bytes) -> None:
    """Write one csv file, whole or not at all; only an earlier one with the same header is replaced.

    Parameters
    ----------
    path : Path
        In a folder that is there.
    content : bytes
        The file, its header first.

    Raises
    ------
    OutputError
        Another file of that name, or a folder that is not there or cannot be written.
    """
    target = path.resolve()
    header = content.splitlines(keepends=True)[0]
    try:
        if target.exists() and (not target.is_file() or not target.read_bytes().startswith(header)):
            raise OutputError(
                f"{path} is there and is not an earlier table of this kind.", str(path), "choose another name"
            )
        with tempfile.TemporaryDirectory(prefix=f".{target.name}-", dir=target.parent) as scratch:
            fresh = Path(scratch) / "new"
            _write(fresh, content)
            fresh.replace(target)
    except OSError as error:
        raise OutputError(
            "The table could not be written.", f"{path}: {error.strerror or error}", "choose another name"
        ) from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its name, then put it in place by one rename; an earlier one is replaced.

    Parameters
    ----------
    path : Path
        In a folder that is there.
    content : bytes

    Raises
    ------
    OSError
        The disk refuses; then nothing has changed.
    """
    fresh = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        _write(fresh, content)
        fresh.replace(path)
    finally:
        fresh.unlink(missing_ok=True)


@contextmanager
def alone_in(folder: Path) -> Iterator[None]:
    """Make a folder if it is not there, and hold it alone; the system gives it back when the process ends.

    Parameters
    ----------
    folder : Path

    Raises
    ------
    OutputError
        Another process holds it.
    OSError
        The disk refuses.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / LOCK).open("ab") as stream:
        # A lock on a file that was removed meanwhile holds nothing.
        if not try_lock(stream) or not (folder / LOCK).exists():
            raise OutputError(
                "Another eventpanel is at work on the same results.",
                str(folder),
                "wait until it ends, or choose another --out",
            )
        yield


def remove_files(folder: Path, is_ours: Callable[[str], bool]) -> None:
    """Remove what a folder holds by its names, and the folder if nothing else is in it; what refuses stays.

    Parameters
    ----------
    folder : Path
    is_ours : callable
        From the name of a file.
    """
    try:
        for path in sorted(folder.iterdir()):
            if not is_ours(path.name):
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)
        folder.rmdir()
    except OSError:
        return


def _write(path: Path, content: bytes) -> None:
    with path.open("wb") as stream:
        stream.write(content)
        stream.flush()
        os.fsync(stream.fileno())
