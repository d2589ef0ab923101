"""Archives: the files inside a zip file, unpacked one at a time into a temporary folder.

The path a member states is never used: a file of that name could lie anywhere.
"""

from __future__ import annotations

import tempfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from eventpanel.datasets.errors import InputError, WrongLayoutError, first_few
from eventpanel.datasets.files import require

__all__ = ["Piece", "batches", "pieces", "unpack"]

# A zip file may grow a thousandfold; no publisher's file is larger than this.
LARGEST = 64_000_000_000
BLOCK = 1 << 20
BATCH = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Piece:
    """A text file, or one member of a zip file.

    Attributes
    ----------
    path : Path
        The file.
    member : str
        Name of the member, or empty for a file that is no zip file.
    size : int
        Bytes it takes, as the archive states them.
    """

    path: Path
    member: str
    size: int


def pieces(path: Path, endings: tuple[str, ...]) -> list[Piece]:
    """Text files in a zip file, or the file itself if it is none.

    Parameters
    ----------
    path : Path
        The file.
    endings : tuple of str
        How names of members end, in lower case.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not there; a broken zip file, one without such a member, or one of a size no publisher's file has.
    """
    if require(path).suffix.casefold() != ".zip":
        return [Piece(path, "", path.stat().st_size)]
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError) as error:
        raise _broken(path, error) from error
    found = [Piece(path, one.filename, one.file_size) for one in members if one.filename.casefold().endswith(endings)]
    if not found:
        raise WrongLayoutError(
            f"{path.name} holds no file that ends in {first_few(endings)}.",
            f"it holds: {first_few(one.filename for one in members)}",
            "give the publisher's file",
        )
    return found


def batches(every: Iterable[Piece], *, size: int = BATCH) -> Iterator[list[Piece]]:
    """Gather pieces, in order, into lists of about ``size`` bytes.

    Examples
    --------
    >>> small = [Piece(Path("a.zip"), "a.csv", 2), Piece(Path("b.zip"), "b.csv", 2), Piece(Path("c.csv"), "", 1)]
    >>> [[piece.path.name for piece in batch] for batch in batches(small, size=3)]
    [['a.zip', 'b.zip'], ['c.csv']]
    """
    batch: list[Piece] = []
    held = 0
    for piece in every:
        batch.append(piece)
        held += piece.size
        if held >= size:
            yield batch
            batch, held = [], 0
    if batch:
        yield batch


def unpack(piece: Piece, folder: Path, *, largest: int = LARGEST) -> Path:
    """Text file of a piece: the file itself, or its member unpacked into a temporary folder.

    Parameters
    ----------
    piece : Piece
        What to unpack.
    folder : Path
        Temporary folder of the caller.
    largest : int
        Most bytes a member may take.

    Raises
    ------
    WrongLayoutError
        A broken or encrypted member, or one that is larger than ``largest``, whatever its archive states.
    InputError
        No space left in the folder of temporary files.
    """
    if not piece.member:
        return piece.path
    try:
        with (
            zipfile.ZipFile(piece.path) as archive,
            archive.open(piece.member) as packed,
            tempfile.NamedTemporaryFile(
                dir=folder, prefix=f"{piece.path.name}-", suffix=".csv", delete=False
            ) as unpacked,
        ):
            size = 0
            while block := packed.read(BLOCK):
                size += len(block)
                if size > largest:
                    raise WrongLayoutError(
                        f"{piece.path.name} unpacks to more than {largest / 1e9:g} GB.",
                        repr(piece.member),
                        "unpack it with care, and give the text file",
                    )
                unpacked.write(block)
            return Path(unpacked.name)
    # Encrypted members are a RuntimeError, unknown compressions a NotImplementedError.
    except (zipfile.BadZipFile, zlib.error, EOFError, RuntimeError) as error:
        raise _broken(piece.path, error) from error
    except OSError as error:
        raise InputError(
            f"{piece.path.name} cannot be unpacked.", str(error.strerror), "free space in the folder of temporary files"
        ) from error


def _broken(path: Path, error: Exception) -> WrongLayoutError:
    return WrongLayoutError(f"{path.name} cannot be read as a zip file.", str(error), "download the file again")
