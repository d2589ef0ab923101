"""Products: named sets of goods in trade classifications, and the same goods across revisions of the Harmonized System.

``data/products.csv`` holds the sets, one row per set, classification and code. ``data/hs_changes.csv`` holds how their
codes changed from one revision to the next, after the correlation tables of the UN Statistics Division: ``1:1``,
``split`` (one code became several), ``merge`` (several became one), and ``part`` (a small part moved to or from a code,
heading or chapter outside the set). Parts are never followed; they are listed, so that a break can be judged.

Classifications are named as in Comtrade: H0 to H6 are HS 1992, 1996, 2002, 2007, 2012, 2017 and 2022; S1 to S4 are the
revisions of the SITC.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from itertools import pairwise
from typing import Literal

import pandas as pd

from eventpanel.datasets.errors import InputError, first_few

__all__ = [
    "REVISIONS",
    "Classification",
    "Concordance",
    "ProductSet",
    "concord",
    "family",
    "product_set",
    "product_sets",
]

Classification = Literal["HS", "H0", "H1", "H2", "H3", "H4", "H5", "H6", "SITC", "S1", "S2", "S3", "S4"]
REVISIONS = {"H0": 1992, "H1": 1996, "H2": 2002, "H3": 2007, "H4": 2012, "H5": 2017, "H6": 2022}


@dataclass(frozen=True, slots=True, eq=False)
class ProductSet:
    """Goods by a name of our own.

    Attributes
    ----------
    name : str
        Name of the set.
    table : DataFrame
        Columns classification, code, description, first_year, last_year, source. Years are those in which the
        classification was the latest; importers change later, and files say which one they are in.
    """

    name: str
    table: pd.DataFrame

    @property
    def classifications(self) -> tuple[str, ...]:
        """Classifications in which the set is defined, in their order."""
        return tuple(self.table["classification"].drop_duplicates())

    def codes(self, classification: str) -> tuple[str, ...]:
        """Codes of the set in one classification.

        Raises
        ------
        InputError
            The set is not defined there: its goods could not be told from others.

        Examples
        --------
        >>> product_set("cameras").codes("H6")
        ('852581', '852582', '852583', '852589')
        """
        rows = self.table[self.table["classification"] == classification]
        if rows.empty:
            raise InputError(
                f"The product set {self.name!r} is not defined in {classification}.",
                f"it is defined in {', '.join(self.classifications)}",
                "use data in one of these, or give a list of codes",
            )
        return tuple(rows["code"])


@dataclass(frozen=True, slots=True, eq=False)
class Concordance:
    """Answer of :func:`concord`.

    Attributes
    ----------
    codes : tuple of str
        Codes that together hold the same goods.
    links : DataFrame
        The changes that were followed: from_revision, from_code, to_revision, to_code, kind.
    parts : DataFrame
        Changes that were not followed, in the same columns: small parts that moved to or from other codes.
    """

    codes: tuple[str, ...]
    links: pd.DataFrame
    parts: pd.DataFrame


@cache
def _read(name: str) -> pd.DataFrame:
    path = resources.files("eventpanel.datasets").joinpath("data", name)
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


def product_sets() -> tuple[str, ...]:
    """Names of the product sets.

    Examples
    --------
    >>> product_sets()[:3]
    ('frontier_goods', 'cameras', 'video_recorders')
    """
    return tuple(_read("products.csv")["set"].drop_duplicates())


def product_set(name: str) -> ProductSet:
    """One set by its name.

    Raises
    ------
    InputError
        No such set.

    Examples
    --------
    >>> product_set("cameras").codes("H5")
    ('852580',)
    """
    table = _read("products.csv")
    rows = table[table["set"] == name].drop(columns="set").reset_index(drop=True)
    if rows.empty:
        raise InputError(
            f"There is no product set {name!r}.",
            f"sets: {first_few(product_sets(), 20)}",
            "correct the name, or give a list of codes such as ['8525', '8521']",
        )
    return ProductSet(name, rows)


def family(classification: str) -> str:
    """Whether a classification is one of the Harmonized System or of the SITC.

    Examples
    --------
    >>> family("H5"), family("S3")
    ('HS', 'SITC')
    """
    return "HS" if classification.startswith("H") else "SITC"


def concord(codes: Sequence[str], start: str, end: str) -> Concordance:
    """Codes of another revision that together hold the same goods.

    Values of several codes that became one are summed. Values of one code are never divided among several that each
    hold a part of it, since no table knows the shares: such a question is refused.

    Parameters
    ----------
    codes : sequence of str
        Six-digit codes of the product sets.
    start, end : str
        Revisions, from H2 (HS 2002) to H6 (HS 2022), in either order.

    Raises
    ------
    InputError
        A revision or a code the table does not hold, or codes that hold only a part of the goods of theirs.

    Examples
    --------
    >>> concord(["852580"], "H5", "H6").codes
    ('852581', '852582', '852583', '852589')
    >>> concord(["851713", "851714"], "H6", "H3").codes
    ('851712',)
    >>> concord(["851713"], "H6", "H5")
    Traceback (most recent call last):
    eventpanel.datasets.errors.InputError: No codes of H5 hold the same goods as 851713 of H6.
      where: 851712 of H5 also holds 851714
      what to do: take all codes of the group together; values are summed, never divided
    """
    strange = [one for one in (start, end) if one not in REVISIONS]
    if strange:
        raise InputError(
            f"Unknown revision of the Harmonized System: {first_few(map(repr, strange))}.",
            f"revisions: {', '.join(REVISIONS)}",
            "name one of these",
        )
    order = list(REVISIONS)
    first, last = order.index(start), order.index(end)
    path = order[first : last + 1] if first <= last else order[last : first + 1][::-1]
    held = tuple(dict.fromkeys(codes))
    links, parts = [_changes(start, start)], [_changes(start, start)]
    for here, there in pairwise(path):
        held, followed, left = _step(held, here, there)
        links.append(followed)
        parts.append(left)
    return Concordance(held, pd.concat(links, ignore_index=True), pd.concat(parts, ignore_index=True))


def _changes(here: str, there: str) -> pd.DataFrame:
    """Rows of the table between two neighbours, turned around where time is."""
    table = _read("hs_changes.csv")
    if here <= there:
        return table[(table["from_revision"] == here) & (table["to_revision"] == there)]
    back = table[(table["from_revision"] == there) & (table["to_revision"] == here)]
    turned = {"from_revision": "to_revision", "to_revision": "from_revision", "from_code": "to_code"}
    back = back.rename(columns={**turned, "to_code": "from_code"})[table.columns]
    return back.assign(kind=back["kind"].replace({"split": "merge", "merge": "split"}))


def _step(codes: tuple[str, ...], here: str, there: str) -> tuple[tuple[str, ...], pd.DataFrame, pd.DataFrame]:
    table = _changes(here, there)
    whole = table[table["kind"] != "part"]
    followed = whole[whole["from_code"].isin(codes)]
    unknown = [code for code in codes if code not in set(followed["from_code"])]
    if unknown:
        raise InputError(
            f"No concordance from {here} to {there} for {first_few(unknown)}.",
            "the table holds the codes of the product sets in the revisions in which they are defined",
            "take the codes from the correlation tables of the UN Statistics Division",
        )
    reached = whole[whole["to_code"].isin(followed["to_code"])]
    others = reached[~reached["from_code"].isin(codes)]
    if len(others):
        pairs = others.groupby("to_code")["from_code"].agg(", ".join)
        raise InputError(
            f"No codes of {there} hold the same goods as {first_few(codes)} of {here}.",
            first_few(f"{to} of {there} also holds {rest}" for to, rest in pairs.items()),
            "take all codes of the group together; values are summed, never divided",
        )
    left = table[(table["kind"] == "part")]
    left = left[left["from_code"].isin(codes) | left["to_code"].isin(followed["to_code"])]
    return tuple(sorted(set(followed["to_code"]))), followed, left
