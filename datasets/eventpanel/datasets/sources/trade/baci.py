"""BACI: trade of every pair of countries by six-digit product, exports and imports reconciled.

Publisher: CEPII, https://www.cepii.fr/CEPII/en/bdd_modele/bdd_modele_item.asp?id=37.
Licence: Etalab Open Licence 2.0.
Unit: one exporter ``i``, importer ``j``, year ``t`` and product ``k``; ``v`` in thousands of current US dollars,
free on board, ``q`` in tonnes. Coverage: about 200 countries; only positive flows are written.

Files are named ``BACI_HS17_Y2019_V202501.csv``: revision of the Harmonized System, year, release. They have ten million
rows and are summed where they lie.

Known faults: numbers of areas are BACI's own in part (842 USA, 251 France, 757 Switzerland, 699 India, 579 Norway; 490
is "Other Asia, nes", mostly Taiwan, and is kept apart); product codes lose their zero when a program takes them for
numbers; ``q`` is ``NA`` where no quantity could be found; numbers are padded with blanks in old releases. The file of
country codes is used where it lies beside the data.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.cells import to_years
from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.countries import require_iso3
from eventpanel.datasets.customs import match_in_turn, whole_sum
from eventpanel.datasets.engine import TextFile, ask
from eventpanel.datasets.errors import DuplicateKeyError, InputError, MissingFileError, WrongLayoutError, first_few
from eventpanel.datasets.files import read_table, require
from eventpanel.datasets.headers import header_of
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.product_request import find_products, request
from eventpanel.datasets.products import REVISIONS
from eventpanel.datasets.sources.common import describe

NAME = "baci"
COLUMNS = ("t", "i", "j", "k", "v", "q")
FILE = re.compile(r"BACI_HS(\d\d)_Y(\d{4})_(V\w+)\.csv(?:\.gz)?", re.IGNORECASE)
Measure = Literal["value", "quantity"]
UNITS = {"value": "thousand_usd", "quantity": "tonnes"}
# Products and their rows, and the sellers and buyers of each year, in one pass over the files.
CONTENTS = """
SELECT t, i, j, k, count(*) AS rows, grouping(k) = 0 AS product, grouping(j) = 0 AS buys
FROM baci GROUP BY GROUPING SETS ((k), (t, i), (t, j)) ORDER BY ALL
"""
FLOWS = """
SELECT t, i, j,
       sum(CAST(trim(v) AS DOUBLE)) AS value,
       sum(CAST(nullif(nullif(trim(q), 'NA'), '') AS DOUBLE)) AS quantity,
       count(*) AS lines,
       count(nullif(nullif(trim(q), 'NA'), '')) AS weighed,
       count(DISTINCT lpad(trim(k), 6, '0')) AS products
FROM baci WHERE k IN (SELECT unnest(?)) GROUP BY t, i, j ORDER BY t, i, j
"""


def read(
    path: Path,
    *,
    products: str | Sequence[str],
    exporters: Sequence[str] | Literal["all"] | None = None,
    measure: Measure = "value",
) -> Panel:
    """Read imports of some products.

    Parameters
    ----------
    path : Path
        One yearly file, or a folder of them in one revision and one release.
    products : str or sequence of str
        Name of a product set, or codes of two, four or six digits; they are summed.
    exporters : sequence of str or "all", optional
        ISO3 codes: one row for each pair. Without them the sum over all countries.
    measure : {"value", "quantity"}
        Thousands of current US dollars, or tonnes.

    Returns
    -------
    Panel
        Unit importer, or exporter and importer with ``exporters``; period year. Column
        ``imports_NAME_thousand_usd`` or ``imports_NAME_tonnes`` after the set or the single code, without NAME for
        several codes; without ``exporters`` also ``_apart`` (what is no country) and ``_partners`` behind that name.
        Tonnes are missing where a flow in the sum has none.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not these files, or several revisions, releases or files of one year.
    InputError
        Products or exporters that are not there.
    DuplicateKeyError
        A flow that stands on two rows.
    """
    paths, revision = _files(path)
    table = {"baci": TextFile(paths, COLUMNS)}
    asked = request(products, None)
    contents = ask(CONTENTS, table)
    found = find_products(_catalogue(contents, revision), asked, path.name, NAME)
    flows = ask(FLOWS, table, [found.places["code_text"].tolist()])
    _refuse_repeats(flows, path.name)
    places, unknown = _countries(contents[~contents["product"]], paths[0].parent, path.name)
    flows = _named(flows.astype({"t": str, "i": str, "j": str}), places)
    column = f"imports{asked.label}_{UNITS[measure]}"
    flows = flows.assign(amount=flows["value"] if measure == "value" else _tonnes(flows))
    frame = _totals(flows, places, column) if exporters is None else _pairs(flows, places, column, exporters)
    years = f"{places['year'].min()}-{places['year'].max()}"
    coverage = (
        f"{places['iso3'].nunique()} countries, {years}, {revision}; a flow that is absent between two countries in "
        "the file of a year is zero, a country that is not in it is missing."
    )
    unit = ("importer",) if exporters is None else ("exporter", "importer")
    source = describe(NAME, path, coverage)
    return Panel(frame, unit, "year", (source,), stack_conflicts([found.conflicts, unknown]))


def _files(path: Path) -> tuple[tuple[Path, ...], str]:
    """Files to read and their revision."""
    paths = sorted(one for one in path.iterdir() if FILE.fullmatch(one.name)) if path.is_dir() else [require(path)]
    if not paths:
        raise MissingFileError(
            f"The folder {path.name!r} holds no file of BACI.",
            str(path),
            "give files named BACI_HS17_Y2019_V202501.csv",
        )
    revision = _revision(paths, path.name)
    for one in paths:
        header = header_of(one)
        if header != COLUMNS:
            raise WrongLayoutError(
                f"{one.name} has other columns than BACI.",
                f"it has: {first_few(header, 8)}",
                f"give the publisher's file with the columns {', '.join(COLUMNS)}",
            )
    return tuple(paths), revision


def _revision(paths: Sequence[Path], name: str) -> str:
    """Revision that the names of the files state, which are of one series."""
    named = [part.groups() for part in (FILE.fullmatch(one.name) for one in paths) if part is not None]
    if len(named) < len(paths):
        raise WrongLayoutError(
            f"{name} does not say its revision of the Harmonized System.",
            name,
            "keep the publisher's name: BACI_HS17_Y2019_V202501.csv",
        )
    kinds = sorted({f"HS{revision} {release}" for revision, _, release in named})
    years = pd.Series([year for _, year, _ in named])
    if len(kinds) > 1 or years.duplicated().any():
        twice = years[years.duplicated()].tolist()
        raise WrongLayoutError(
            f"{name} holds files that are not of one series.",
            first_few(kinds) if len(kinds) > 1 else f"years {first_few(twice)} twice",
            "keep one revision and one release in a folder, one file for each year",
        )
    revisions = {str(year)[2:]: classification for classification, year in REVISIONS.items()}
    if named[0][0] not in revisions:
        raise WrongLayoutError(f"HS{named[0][0]} is no revision.", name, "keep the publisher's name")
    return revisions[named[0][0]]


def _catalogue(contents: pd.DataFrame, revision: str) -> pd.DataFrame:
    codes = contents.loc[contents["product"], ["k", "rows"]].rename(columns={"k": "code_text"})
    return codes.fillna({"code_text": ""}).assign(classification_text=revision, level_text="6")


def _refuse_repeats(flows: pd.DataFrame, file: str) -> None:
    twice = flows[flows["lines"] > flows["products"]]
    if len(twice):
        raise DuplicateKeyError(
            f"{file}: flows of one exporter, importer, year and product stand on two rows.",
            first_few(f"{row.t} {row.i} {row.j}" for row in twice.itertuples(index=False)),
            "download the file again",
        )


def _countries(held: pd.DataFrame, folder: Path, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every area and year in the files: its ISO3 code where it is a country, and whether it buys."""
    held = held.assign(code=held["j"].where(held["buys"], held["i"]))
    places = held.groupby(["t", "code"])["buys"].any().reset_index()
    places = places.assign(year=to_years(places["t"], file), code=places["code"].astype(str))
    letters = sorted(folder.glob("country_codes_V*.csv"))
    known: dict[str, str] = {}
    if letters:
        names = read_table(letters[-1], ["country_code", "country_iso3"])
        known = dict(zip(names["country_code"].str.strip(), names["country_iso3"].str.strip(), strict=True))
    places["letters"] = [known.get(code.strip(), "") for code in places["code"]]
    iso3, problem = match_in_turn(places, {"baci": "code", "iso3": "letters"}, places["year"])
    lost = iso3.isna()
    conflicts = list_conflicts(places[lost], "code", problem[lost], NAME, "kept apart from countries", "year")
    return places.assign(iso3=iso3), conflicts


def _named(flows: pd.DataFrame, places: pd.DataFrame) -> pd.DataFrame:
    names = places[["t", "code", "year", "iso3"]].astype({"t": str})
    sellers = names.rename(columns={"code": "i", "iso3": "exporter"}).drop(columns="year")
    buyers = names.rename(columns={"code": "j", "iso3": "importer"})
    return flows.merge(sellers, on=["t", "i"]).merge(buyers, on=["t", "j"]).dropna(subset="importer")


def _tonnes(flows: pd.DataFrame) -> pd.Series:
    return flows["quantity"].where(flows["weighed"] == flows["lines"])


def _buyers(places: pd.DataFrame) -> pd.DataFrame:
    rows = places[places["buys"]].dropna(subset="iso3")
    return rows[["iso3", "year"]].rename(columns={"iso3": "importer"}).drop_duplicates()


def _totals(flows: pd.DataFrame, places: pd.DataFrame, column: str) -> pd.DataFrame:
    keys = ["importer", "year"]
    apart = flows["exporter"].isna() | (flows["exporter"] == flows["importer"])
    frame = _buyers(places).set_index(keys)
    for name, rows in {column: flows[~apart], f"{column}_apart": flows[apart]}.items():
        found = rows.groupby(keys)["amount"]
        sums = whole_sum(found).reindex(frame.index)
        frame[name] = sums.where(sums.notna() | frame.index.isin(found.size().index), 0.0)
    partners = flows[~apart].groupby(keys)["exporter"].nunique()
    frame[f"{column}_partners"] = partners.reindex(frame.index, fill_value=0)
    return frame.reset_index()


def _pairs(
    flows: pd.DataFrame, places: pd.DataFrame, column: str, exporters: Sequence[str] | Literal["all"]
) -> pd.DataFrame:
    there = places.dropna(subset="iso3")[["iso3", "year"]].rename(columns={"iso3": "exporter"}).drop_duplicates()
    if exporters != "all":
        require_iso3(exporters)
        never = sorted(set(exporters) - set(there["exporter"]))
        if never:
            raise InputError(f"No flow of {first_few(never)} in these files.", "option exporters", "correct the codes")
        there = there[there["exporter"].isin(list(exporters))]
    keys = ["exporter", "importer", "year"]
    found = flows.dropna(subset="exporter").groupby(keys)["amount"]
    sums = pd.DataFrame({column: whole_sum(found), "_lines": found.size()}).reset_index()
    grid = there.merge(_buyers(places), on="year")
    grid = grid[grid["exporter"] != grid["importer"]].merge(sums, on=keys, how="left")
    frame = grid.assign(**{column: grid[column].where(grid["_lines"].notna(), 0.0)})
    return frame[[*keys, column]]
