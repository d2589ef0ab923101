"""World Development Indicators: one indicator, from the publisher's files or from a table in long form.

Publisher: World Bank, https://datacatalog.worldbank.org. Licence: CC BY 4.0.
Unit: one economy in one year. Coverage: since 1960.

Three layouts are read: the whole database (``WDICSV.csv``, earlier ``WDIData.csv``), with a row for each economy and
indicator and years as columns; the download of one indicator (``API_NY.GDP.MKTP.CD_DS2_en_csv_v2_….csv``), the same
with four lines before its header; and a long table with columns Country Name, Country Code, Year, Value. Known
faults: aggregates (World, Arab World, income groups) stand among the countries and are reported, not kept; so are
values for years before a state existed. Lines end with a comma in the first two. The unit of the value is the
indicator's; in the long table it is not in the file.
"""

from __future__ import annotations

import csv
import re
from pathlib import Path

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import InputError, StudyError, WrongLayoutError, first_few
from eventpanel.datasets.files import parse_table, read_table, read_text
from eventpanel.datasets.headers import header_of, header_with
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import country_years_panel

NAME = "world_bank"
LONG = ["Country Name", "Country Code", "Year", "Value"]
CODES = ["Country Name", "Country Code", "Indicator Name", "Indicator Code"]
PREAMBLE = "Data Source"


def read(path: Path, *, name: str, indicator: str | None = None) -> Panel:
    """Read one indicator.

    Parameters
    ----------
    path : Path
        csv file in one of the three layouts.
    name : str
        Name for the indicator in the panel, for example ``"gdp"``.
    indicator : str, optional
        The World Bank's code, for example ``"NY.GDP.MKTP.CD"``; needed for a file of many indicators.

    Returns
    -------
    Panel
        Unit importer, period year, and the indicator in its own unit.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError
        Not this file, text for numbers.
    InputError
        The file has not the indicator.
    StudyError
        An empty name, or one of the keys; no indicator named for a file of many.
    """
    if name.strip() in ("", "importer", "year"):
        raise StudyError(f"{name!r} cannot name an indicator.", "option name", "give a name such as 'gdp'")
    rows = _long(path) if "Year" in header_of(path) else _wide(path, indicator)
    values = {name: to_numbers(rows["Value"], path.name)}
    rows = rows[["Country Code"]].assign(year=to_years(rows["Year"], path.name), **values)
    return country_years_panel(
        rows,
        "Country Code",
        "iso3",
        name=NAME,
        path=path,
        coverage="Economies with a row, {years}; an absent row is missing.",
    )


def _long(path: Path) -> pd.DataFrame:
    return read_table(path, LONG)


def _wide(path: Path, indicator: str | None) -> pd.DataFrame:
    """One row for each economy and year with a value."""
    table = _download(path) if header_of(path)[0] == PREAMBLE else _database(path, indicator)
    wanted = _only(table["Indicator Code"], path.name) if indicator is None else indicator
    table = table[table["Indicator Code"] == wanted]
    if table.empty:
        raise InputError(
            f"{path.name} has no indicator {wanted!r}.",
            "option indicator",
            "correct the code; the World Bank's page of an indicator ends with it",
        )
    years = [column for column in table.columns if re.fullmatch(r"\d{4}", column)]
    long = table.melt(["Country Code"], years, "Year", "Value")
    return long[long["Value"].fillna("").str.strip() != ""].reset_index(drop=True)


def _only(codes: pd.Series, file: str) -> str:
    found = sorted(codes.unique())
    if len(found) > 1:
        raise StudyError(
            f"{file} holds {len(found)} indicators.",
            f"indicators: {first_few(found, 8)}",
            "name one of them, for example indicator = 'NY.GDP.MKTP.CD'",
        )
    return str(found[0])


def _download(path: Path) -> pd.DataFrame:
    """Download of one indicator, without the lines before its header."""
    lines = read_text(path).splitlines(keepends=True)
    for place, line in enumerate(lines[:20]):
        if next(csv.reader([line]), [])[:4] == CODES:
            return parse_table("".join(lines[place:]), path.name)
    raise WrongLayoutError(
        f"{path.name} has no line with the columns {first_few(CODES)}.", path.name, "download the file again"
    )


def _database(path: Path, indicator: str | None) -> pd.DataFrame:
    """Rows of one indicator in the whole database; without one, the only one there is."""
    header = header_with(path, CODES, "give WDICSV.csv, the csv download of one indicator, or a long table")
    # Lines may end with a comma, a column without a name: the header is read as a row, which no indicator is.
    columns = tuple(column or "nothing" for column in header)
    tables = {"wdi": TextFile((path,), columns, header=False)}
    if indicator is None:
        question = 'SELECT DISTINCT "Indicator Code" FROM wdi WHERE "Country Code" <> \'Country Code\''
        indicator = _only(ask(question, tables)["Indicator Code"], path.name)
    return ask('SELECT * FROM wdi WHERE "Indicator Code" = ?', tables, [indicator])
