"""SIPRI Arms Transfers Database, trade register: who delivered which major arms to whom.

Publisher: Stockholm International Peace Research Institute, https://www.sipri.org/databases/armstransfers.
Licence: cite; large extracts are not to be passed on without permission.
Unit: one row for each delivery year of a deal; this reader returns one row for each deal.
Coverage: deals with a delivery in the years the file was asked for, which its first line states.

Known faults: lines before the header; a ``;`` at the end of lines; two fifths of the order years are
estimates; organisations (``**``), armed groups (``*``) and unknown parties stand among the states; numbers
and volumes count only deliveries in the stated years. Volumes are SIPRI's trend-indicator values (TIV,
millions), not money. Names are today's, also for earlier years, so they are matched as today's states.

The end of the file is less complete than it says. A register that was generated early in a year may be
asked for years the database does not hold yet, so the last year that counts is the last year with a
delivery. An order enters the register with its first delivery: of the orders of 1995-2010, 73 % had one
within two years, 84 % within three and 93 % within five. Counted by order year, the last three years are
therefore censored unless ``tail`` says otherwise: neither zero nor whole.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.cells import to_flags, to_numbers, to_years
from eventpanel.datasets.conflicts import stack_conflicts
from eventpanel.datasets.countries import country_years, harmonise
from eventpanel.datasets.errors import WrongLayoutError, first_few
from eventpanel.datasets.files import keep_columns, parse_table, read_text
from eventpanel.datasets.records import Records
from eventpanel.datasets.sources.common import describe

NAME = "sipri_register"
DEAL = "SIPRI AT Database ID"
COLUMNS = {
    DEAL: "deal",
    "Supplier": "supplier",
    "Recipient": "recipient",
    "Order date": "order_year",
    "Order date is estimate": "order_year_estimated",
    "Armament category": "category",
    "Description": "description",
    "Designation": "designation",
    "Status": "status",
    "Numbers delivered": "delivered",
    "TIV delivery values": "tiv_delivered",
    "Delivery year": "delivery_year",
}
ONE_PER_DEAL = [
    "supplier", "recipient", "order_year", "order_year_estimated",
    "category", "description", "designation", "status",
]  # fmt: skip
WINDOW = re.compile(r"year range '(\d{4})' to '(\d{4})'")


def read(path: Path, *, year: Literal["order", "first_delivery"] = "order", tail: int = 3) -> Records:
    """Read a trade register as one row for each deal.

    Parameters
    ----------
    path : Path
        csv file as SIPRI's trade register writes it.
    year : {"order", "first_delivery"}
        Which year is the year of a deal. A deal whose deliveries began before the file's years has the first
        delivery inside them.
    tail : int
        With ``year="order"``, how many years up to the last delivery year are censored, since many of their
        orders had no delivery yet. Order years before the first delivery year are censored too.

    Returns
    -------
    Records
        Columns exporter, importer, year, deal, order_year, order_year_estimated, category, description,
        designation, status, delivered (pieces), tiv_delivered (millions of TIV), first_delivery,
        last_delivery. All states are covered in the file's years; order years before and after
        are censored.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not a trade register, a deal whose rows contradict each other, text for numbers.
    """
    text = read_text(path, "latin-1")
    first, asked = _window(text, path.name)
    deals = _deals(_rows(text, path.name), path.name)
    last = min(asked, int(deals["last_delivery"].max()))
    deals = deals.assign(year=deals["order_year"] if year == "order" else deals["first_delivery"])
    deals, no_buyer = harmonise(deals, "recipient", "name", year=None, source=NAME)
    deals, no_seller = harmonise(deals, "supplier", "name", into="exporter", year=None, source=NAME)
    whole = last - tail if year == "order" else last
    frame = deals.drop(columns=["supplier", "recipient"]).reset_index(drop=True)
    leading = ["exporter", "importer", "year"]
    return Records(
        frame[leading + [name for name in frame.columns if name not in leading]],
        country_years(first, whole),
        describe(NAME, path, _coverage(first, last, year, tail)),
        stack_conflicts([no_buyer, no_seller]),
        None if year == "first_delivery" else _partly(deals["order_year"], first, whole, last),
        "orders with deliveries outside the file",
    )


def _partly(ordered: pd.Series, first: int, whole: int, last: int) -> pd.DataFrame:
    """Country-years before and after the whole ones, of whose orders the file has some."""
    spans = [(int(ordered.min()), first - 1), (whole + 1, last)]
    return pd.concat([country_years(*span) for span in spans], ignore_index=True)


def _window(text: str, name: str) -> tuple[int, int]:
    found = WINDOW.search(text[:2000])
    if found is None:
        raise WrongLayoutError(
            f"{name} does not state its delivery years.",
            "first lines of the file",
            "keep the lines before the header: `... for the year range '1995' to '2025'`",
        )
    return int(found[1]), int(found[2])


def _rows(text: str, name: str) -> pd.DataFrame:
    """Rows below the header, which is found by its first cell."""
    start = text.find(DEAL + ",")
    if start < 0:
        raise WrongLayoutError(
            f"{name} has no line that begins with {DEAL!r}.",
            name,
            "give the csv file of SIPRI's trade register",
        )
    body = re.sub(r";?\r?\n", "\n", text[start:] + "\n")
    return keep_columns(parse_table(body, name), list(COLUMNS), name).rename(columns=COLUMNS)


def _deals(rows: pd.DataFrame, name: str) -> pd.DataFrame:
    groups = rows.groupby("deal", sort=False)
    values = groups[ONE_PER_DEAL].nunique()
    torn = values[(values[["supplier", "recipient", "order_year"]] > 1).any(axis=1)]
    if len(torn):
        raise WrongLayoutError(
            f"{name}: rows of one deal differ in supplier, recipient or order year.",
            f"deals {first_few(torn.index)}",
            "download the register again",
        )
    numbers = rows[["deal"]].assign(
        delivered=to_numbers(rows["delivered"], name),
        tiv_delivered=to_numbers(rows["tiv_delivered"], name),
        delivery_year=to_years(rows["delivery_year"], name),
    )
    sums = numbers.groupby("deal", sort=False)[["delivered", "tiv_delivered"]].sum(min_count=1)
    years = numbers.groupby("deal", sort=False)["delivery_year"].agg(first_delivery="min", last_delivery="max")
    deals = groups[ONE_PER_DEAL].first().join(sums).join(years).reset_index()
    return deals.assign(
        order_year=to_years(deals["order_year"], name),
        order_year_estimated=to_flags(deals["order_year_estimated"], name),
    )


def _coverage(first: int, last: int, year: str, tail: int) -> str:
    if year == "first_delivery":
        return (
            f"All states, first deliveries {first}-{last}. Deals whose deliveries began before {first} "
            f"stand at their first delivery since."
        )
    return (
        f"All states, orders of {first}-{last - tail} with a delivery by {last}. Orders of the last years "
        f"are incomplete: a zero says that no order had led to a delivery yet. Earlier orders are only "
        f"those that were still being delivered in {first}."
    )
