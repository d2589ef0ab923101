"""Product codes: as text, with the zeros that spreadsheets take away, and chosen without counting goods twice.

Codes of the Harmonized System have two, four or six digits, so one of an odd length has lost its leading zero. Codes of
the SITC have one to five, so only the level stated beside them, or a file that kept its other zeros, can tell.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import pandas as pd

from eventpanel.datasets.errors import InputError, WrongLayoutError, first_few

__all__ = ["mend", "place"]

TOTAL = "TOTAL"


def mend(codes: pd.Series, levels: pd.Series, families: pd.Series, file: str) -> pd.Series:
    """Codes without a point and with their leading zeros.

    Parameters
    ----------
    codes : Series of str, shape (n,)
        Distinct codes as the file has them: ``85.0``, ``20230``.
    levels : Series of str, shape (n,)
        Number of digits the file states for each code; empty where it states none.
    families : Series of str, shape (n,)
        HS or SITC.
    file : str
        Its name, for messages.

    Raises
    ------
    WrongLayoutError
        Codes of the SITC that may have lost a zero.

    Examples
    --------
    >>> import pandas as pd
    >>> raw = pd.Series(["85.0", "20230", "TOTAL"])
    >>> mend(raw, pd.Series(["", "", ""]), pd.Series(["HS", "HS", "HS"]), "x.csv").tolist()
    ['85', '020230', 'TOTAL']
    """
    text = codes.str.strip().str.upper().str.replace(r"(?<=\d)\.0+$", "", regex=True)
    digits = text.str.fullmatch(r"\d+")
    stated = pd.to_numeric(levels.str.replace(r"\.0+$", "", regex=True), errors="coerce").fillna(0).astype("int64")
    length = text.str.len()
    # HS stated at 2, 4 and 6 digits, or by parity where no level is stated.
    wanted = stated.where(stated > 0, length + (length % 2) * (families == "HS"))
    doubtful = digits & (families == "SITC") & (stated == 0)
    _refuse_doubt(text[doubtful], codes[doubtful], file)
    padded = [code.zfill(size) for code, size in zip(text, wanted, strict=True)]
    return text.where(~digits, pd.Series(padded, index=text.index, dtype=object))


def _refuse_doubt(text: pd.Series, raw: pd.Series, file: str) -> None:
    """Codes of several lengths none of which begins with zero: 41 may be 41 or 041."""
    kept_zeros = raw.str.startswith("0").any()
    lengths = sorted(set(text.str.len()))
    if len(lengths) > 1 and not kept_zeros:
        raise WrongLayoutError(
            f"{file}: codes of the SITC may have lost their leading zeros.",
            f"codes of {first_few(lengths)} digits, none begins with 0; for example {first_few(sorted(set(text)))}",
            "give a file with the column of the aggregate level, or with codes kept as text",
        )


def place(codes: Sequence[str], asked: Sequence[str]) -> tuple[dict[str, str], list[str]]:
    """Which code of a file counts towards which code asked for.

    A code that stands in the file is taken as it is; one that does not is the sum of its parts at the next level that
    stands there.

    Parameters
    ----------
    codes : sequence of str
        Mended codes of the file.
    asked : sequence of str
        Codes asked for.

    Returns
    -------
    places : dict
        Code of the file to code asked for.
    absent : list of str
        Codes asked for that have neither a row nor a part.

    Raises
    ------
    InputError
        A code asked for that holds another, so that goods would count twice, or that is no code.

    Examples
    --------
    >>> place(["8525", "852580", "852110", "852190"], ["8525", "8521"])
    ({'8525': '8525', '852110': '8521', '852190': '8521'}, [])
    """
    wanted = list(dict.fromkeys(asked))
    odd = [code for code in wanted if not re.fullmatch(rf"\d{{1,10}}|{TOTAL}", code)]
    if odd:
        raise InputError(
            f"Not product codes: {first_few(map(repr, odd))}.",
            "option products",
            "give texts of digits such as ['8525', '852110'], or the name of a product set",
        )
    twice = [(a, b) for a in wanted for b in wanted if a != b and (b.startswith(a) or a == TOTAL)]
    if twice:
        raise InputError(
            "Goods would be counted twice.",
            first_few(f"{outer} holds {inner}" for outer, inner in twice),
            "leave out one of each pair",
        )
    held = set(codes)
    places: dict[str, str] = {}
    absent = []
    for code in wanted:
        below = [one for one in held if one.startswith(code) and one != code]
        shortest = min((len(one) for one in below), default=0)
        found = [code] if code in held else sorted(one for one in below if len(one) == shortest)
        places.update(dict.fromkeys(found, code))
        absent += [] if found else [code]
    return places, absent
