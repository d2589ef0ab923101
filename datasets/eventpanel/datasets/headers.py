"""Headers of files too large to load: what a file is, before the engine is asked about it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from eventpanel.datasets.engine import header_of
from eventpanel.datasets.errors import WrongLayoutError, first_few

__all__ = ["header_with"]


def header_with(path: Path, columns: Sequence[str], remedy: str) -> tuple[str, ...]:
    r"""Names in the first line of a csv file, which must hold those named.

    Parameters
    ----------
    path : Path
        csv file of any size.
    columns : sequence of str
        Columns it must have.
    remedy : str
        Which file to give instead.

    Raises
    ------
    MissingFileError, EncodingError, WrongLayoutError
        Not there; not UTF-8; a column is not in it.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = Path(folder, "trade.csv")
    ...     _ = path.write_text("year,value\n2010,1\n")
    ...     header_with(path, ["year"], "give another file")
    ('year', 'value')
    """
    header = header_of(path)
    absent = [column for column in columns if column not in header]
    if absent:
        raise WrongLayoutError(
            f"{path.name} lacks the columns {first_few(absent)}.", f"it has: {first_few(header, 8)}", remedy
        )
    return header
