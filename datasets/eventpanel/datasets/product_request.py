"""Requests for products: a named set or a list of codes, found among the codes of a file in its classification."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from eventpanel.datasets.conflicts import no_conflicts
from eventpanel.datasets.errors import InputError, WrongLayoutError, first_few
from eventpanel.datasets.product_codes import mend, place
from eventpanel.datasets.products import REVISIONS, family, product_set

__all__ = ["Found", "Request", "find_products", "group_of", "request"]

KNOWN = (*REVISIONS, "S1", "S2", "S3", "S4")
# Comtrade's letters for the SITC in whichever revision was reported.
AS_REPORTED = {"SS": "SITC", "ST": "SITC"}


@dataclass(frozen=True, slots=True)
class Request:
    """Products asked for.

    Attributes
    ----------
    products : str or tuple of str
        Name of a product set, or codes.
    classification : str or None
        Classification or family of classifications to stay in.
    """

    products: str | tuple[str, ...]
    classification: str | None

    @property
    def label(self) -> str:
        """What the value column is called after: the set or the single code."""
        if isinstance(self.products, str):
            return f"_{self.products}"
        return f"_{self.products[0].lower()}" if len(self.products) == 1 else ""

    def codes(self, classification: str) -> tuple[str, ...]:
        """Codes asked for in one classification; none where a set is not defined."""
        if not isinstance(self.products, str):
            return self.products
        known = product_set(self.products)
        return known.codes(classification) if classification in known.classifications else ()


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """Codes of a file that hold what was asked for.

    Attributes
    ----------
    places : DataFrame
        Columns classification_text, code_text (as in the file), classification, product (the code asked for).
    needed : DataFrame
        Columns classification, group, needed: how many of the products of a group a classification has.
    classifications : dict
        What the file says of its classification, to the classification that is meant.
    conflicts : DataFrame
        Codes that were mended, and codes that are sums of their parts.
    """

    places: pd.DataFrame
    classifications: dict[str, str]
    needed: pd.DataFrame
    conflicts: pd.DataFrame


def request(products: str | Sequence[str], classification: str | None) -> Request:
    """Check what is asked for.

    Raises
    ------
    InputError
        No product, no such set, or a set that is not defined in the classification.
    """
    if isinstance(products, str):
        known = product_set(products)
        if classification in KNOWN:
            known.codes(str(classification))
        return Request(products, classification)
    if not products:
        raise InputError(
            "No product is asked for.", "option products", "give codes such as ['8525'], or the name of a product set"
        )
    return Request(tuple(products), classification)


def group_of(products: pd.Series) -> pd.Series:
    """Heading of each product: where one code of a heading is reported, another that is not was not traded."""
    return products.str[:4]


def find_products(catalogue: pd.DataFrame, asked: Request, file: str, source: str) -> Found:
    """Find the codes of a file that hold what is asked for.

    Parameters
    ----------
    catalogue : DataFrame
        Distinct rows of a file: classification_text, code_text, level_text, rows.
    asked : Request
    file, source : str
        Names, for messages and conflicts.

    Raises
    ------
    WrongLayoutError
        A file that does not say its classification when the request does not either, or codes in doubt.
    InputError
        Two families of classifications, goods counted twice, or products the file does not have.
    """
    table = catalogue.assign(classification=_classifications(catalogue["classification_text"], asked, file))
    table = table[[_within(one, asked.classification) for one in table["classification"]]]
    families = table["classification"].map(family)
    if not isinstance(asked.products, str) and families.nunique() > 1:
        raise InputError(
            f"{file} holds codes of the HS and of the SITC.",
            f"classifications: {first_few(sorted(set(table['classification'])), 12)}",
            "say which with the option classification",
        )
    table = table.assign(code=mend(table["code_text"], table["level_text"], families, file)) if len(table) else table
    chosen, lost = _chosen(table, asked)
    if chosen.empty or (lost and not isinstance(asked.products, str)):
        raise InputError(
            f"{file} holds none of the products asked for."
            if not lost
            else f"{file} has no product {first_few(lost)}.",
            f"classifications: {first_few(sorted(set(table.get('classification', []))), 12)}; "
            f"codes: {first_few(sorted(set(table.get('code', []))), 12)}",
            "correct the option products, or give the file that has them",
        )
    needed = _needed(table["classification"].unique().tolist(), asked, set(lost))
    columns = ["classification_text", "code_text", "classification", "code", "product"]
    texts = dict(zip(table["classification_text"], table["classification"], strict=True))
    return Found(chosen[columns].drop_duplicates(), texts, needed, _listed(chosen, source))


def _classifications(texts: pd.Series, asked: Request, file: str) -> pd.Series:
    """Classification of each row: what the file says, or else what the option says."""
    said = texts.str.strip().str.upper().replace(AS_REPORTED)
    said = said.where(said != "", asked.classification or "")
    if (said == "").any():
        raise WrongLayoutError(
            f"{file} does not say the classification of its products.",
            f"option classification of {asked.products!r}",
            "state it: classification = 'H5' and the like, or 'HS' or 'SITC' where the revision does not matter",
        )
    if asked.classification in KNOWN:
        said = said.where(said != family(asked.classification), asked.classification)
    if isinstance(asked.products, str) and said.isin(["HS", "SITC"]).any():
        raise WrongLayoutError(
            f"{file} does not say the revision of its classification, and a product set needs it.",
            f"classification = {asked.classification!r}",
            f"state one of {', '.join(product_set(asked.products).classifications)}",
        )
    return said


def _chosen(table: pd.DataFrame, asked: Request) -> tuple[pd.DataFrame, list[str]]:
    """Rows that hold what is asked for, with the product they count towards; products in no classification."""
    found, absent = [table.head(0).assign(product="")], []
    for classification, rows in table.groupby("classification"):
        wanted = asked.codes(str(classification))
        if wanted:
            places, missing = place(rows["code"].tolist(), wanted)
            absent.append(set(missing))
            found.append(rows.assign(product=rows["code"].map(places)).dropna(subset="product"))
    return pd.concat(found, ignore_index=True), sorted(set.intersection(*absent)) if absent else []


def _within(classification: str, limit: str | None) -> bool:
    """Whether a classification is the one asked for, or of its family; others, such as BEC, never are."""
    known = classification in (*KNOWN, "HS", "SITC")
    return known and (limit is None or classification == limit or (limit == family(classification)))


def _needed(classifications: Sequence[str], asked: Request, lost: set[str]) -> pd.DataFrame:
    rows = [(one, code) for one in classifications for code in asked.codes(one) if code not in lost]
    table = pd.DataFrame(rows, columns=["classification", "product"])
    table["group"] = group_of(table["product"])
    return table.groupby(["classification", "group"]).size().rename("needed").reset_index()


def _listed(chosen: pd.DataFrame, source: str) -> pd.DataFrame:
    mended = chosen[chosen["code_text"] != chosen["code"]]
    sums = chosen[chosen["code"] != chosen["product"]]
    if mended.empty and sums.empty:
        return no_conflicts()
    first = mended.assign(
        problem="code with a point or without its leading zero",
        value=mended["code_text"],
        resolution="read as " + mended["code"],
    )
    sums = sums.groupby("product").agg(rows=("rows", "sum"), parts=("code", "nunique")).reset_index()
    second = sums.assign(
        problem="code not in the file",
        value=sums["product"],
        resolution="sum of " + sums["parts"].astype(str) + " codes below it",
    )
    both = pd.concat([first, second], ignore_index=True).assign(source=source, years="")
    keys = ["source", "problem", "value", "years"]
    summed = both.groupby([*keys, "resolution"], sort=False)["rows"].sum().reset_index()
    return summed[[*keys, "rows", "resolution"]]
