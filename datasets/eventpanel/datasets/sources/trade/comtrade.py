"""UN Comtrade: customs trade of reporters with partners by product.

Publisher: United Nations Statistics Division, https://comtradeplus.un.org. Licence: UN Comtrade's terms: free for
internal use and analysis with citation; data are not to be passed on without permission.
Unit: one reporter, year, flow, product and partner. Coverage: what a file was asked for. Current US dollars; imports
are valued with freight and insurance, exports without.

Read are today's files and those of the interfaces before it, as csv (commas, semicolons, tabs; also gzip), as
spreadsheets, or as a folder of csv files of one layout. Files of more than 100 MB are asked where they lie.

Known faults, all handled or refused: World, residuals ("Other Asia, nes", "Areas, nes", "Free Zones", "Bunkers",
"Special Categories") and groups of countries stand among the partners; rows by second partner, customs procedure and
means of transport stand beside their totals; product codes lose their zeros or gain a point (``20230``, ``85.0``); the
same rows stand in a file twice, the same files in a folder twice; codes of the Harmonized System change with its
revisions; series are cut short (two or three partners in a year); selections of top partners look like whole files;
downloads are in Latin-1 with a comma too many at line ends.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

import pandas as pd

from eventpanel.datasets.cells import to_numbers, to_years
from eventpanel.datasets.conflicts import COLUMNS, list_conflicts, no_conflicts, stack_conflicts
from eventpanel.datasets.countries import settle_successions
from eventpanel.datasets.customs import Flows, match_in_turn, pairs, split_partners, totals
from eventpanel.datasets.customs_layouts import FLOWS, WANTED, Layout, find_layout
from eventpanel.datasets.errors import DuplicateKeyError, FrequencyError, InputError, first_few
from eventpanel.datasets.fold import Table, fold, open_table
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.product_request import Found, find_products, group_of, request
from eventpanel.datasets.products import Classification
from eventpanel.datasets.sources.common import LEFT_OUT, describe

NAME = "comtrade"
Flow = Literal["imports", "exports"]
# What stands in the columns of a breakdown on the rows of totals.
TOTALS = ("", "0", "0.0", "C00")
WORLD = {"iso3": ("W00", "WLD"), "comtrade": ("0", "0.0"), "name": ("World",)}
SIDES = {"imports": ("importer", "exporter"), "exports": ("exporter", "importer")}


def read(
    path: Path,
    *,
    products: str | Sequence[str],
    flow: Flow = "imports",
    classification: Classification | None = None,
    partners: Sequence[str] | Literal["all"] | None = None,
    complete: bool = False,
) -> Panel:
    """Read imports or exports of some products.

    Parameters
    ----------
    path : Path
        A file of UN Comtrade, or a folder of csv files of one layout.
    products : str or sequence of str
        Name of a product set (:func:`eventpanel.datasets.products.product_sets`), or codes; their values are summed.
    flow : {"imports", "exports"}
        Whose statement: imports make the reporter the importer, exports make it the exporter. Re-imports and
        re-exports are parts of them and not added.
    classification : str, optional
        Stay in one classification (H0 to H6, S1 to S4) or family (HS, SITC); needed where the file does not say it.
    partners : sequence of str or "all", optional
        ISO3 codes: one row for each pair. Without them the sum over all countries.
    complete : bool
        State that every reporter and year in the file has all its partners and products: what is absent is zero.
        Otherwise an absent partner is zero where the others add up to World, an absent product where another of its
        heading (first four digits) is reported, and missing elsewhere.

    Returns
    -------
    Panel
        Unit importer (exporter for exports), or exporter and importer with ``partners``; period year. Columns
        ``imports_NAME_usd`` after the set or the single code, ``imports_usd`` for several codes; without ``partners``
        also ``_apart`` (what is no country), ``_world`` (the World row) and ``_partners`` behind that name.

    Raises
    ------
    MissingFileError, WrongLayoutError, NumberError, FrequencyError
        Not this file, text for numbers, months.
    InputError
        Products, flow or classification that are not there, or goods counted twice.
    DuplicateKeyError
        Two values for one reporter, year, product and partner.
    """
    asked = request(products, classification)
    table = open_table(path, WANTED)
    layout = find_layout(table.columns, table.name)
    contents = fold(table, layout.has("flow", "frequency", "period", "classification", "code", "level"))
    texts = _flow_texts(contents, layout, flow, table.name)
    _refuse_months(contents, layout, table.name)
    found = find_products(_catalogue(contents, layout, texts), asked, table.name, NAME)
    flows, listed = _flows(table, layout, found, texts, complete=complete)
    column = f"{flow}{asked.label}_usd"
    frame, doubts = totals(flows, column) if partners is None else pairs(flows, column, partners)
    reporter, partner = SIDES[flow]
    frame = frame.rename(columns={"reporter": reporter, "partner": partner})
    unit = (reporter,) if partners is None else ("exporter", "importer")
    return Panel(
        frame,
        unit,
        "year",
        (describe(NAME, path, _coverage(frame, reporter, complete=complete)),),
        stack_conflicts([_same_files(table), found.conflicts, listed, doubts]),
    )


def _coverage(frame: pd.DataFrame, reporter: str, *, complete: bool) -> str:
    years = f"{frame['year'].min()}-{frame['year'].max()}" if len(frame) else "no year"
    rule = (
        "as the user states, an absent partner or product is zero"
        if complete
        else "an absent partner is zero where the partners add up to World, and missing elsewhere"
    )
    return (
        f"{frame[reporter].nunique()} reporters in the file, {years}; a reporter and year not in it is missing; {rule}."
    )


def _flow_texts(contents: pd.DataFrame, layout: Layout, flow: Flow, file: str) -> list[str]:
    held = contents[layout.one["flow"]].unique()
    wanted = [text for text in held if text.strip().removesuffix(".0").casefold() in FLOWS[flow]]
    if not wanted:
        raise InputError(
            f"{file} holds no {flow}.", f"flows: {first_few(map(repr, held))}", "choose another flow or file"
        )
    return wanted


def _refuse_months(contents: pd.DataFrame, layout: Layout, file: str) -> None:
    for column in layout.has("frequency", "period"):
        held = contents[column].str.strip().str.removesuffix(".0")
        months = held[~held.isin(["A", ""]) & ~held.str.fullmatch(r"\d{4}")].unique()
        if len(months):
            raise FrequencyError(
                f"{file} holds months, not years.", f"{column}: {first_few(months)}", "download annual data"
            )


def _catalogue(contents: pd.DataFrame, layout: Layout, texts: list[str]) -> pd.DataFrame:
    """Which codes stand in the file, in which classification and at which level."""
    names = {"classification": "classification_text", "code": "code_text", "level": "level_text"}
    held = contents[contents[layout.one["flow"]].isin(texts)]
    held = held.rename(columns={layout.one[role]: name for role, name in names.items() if role in layout.one})
    held = held.assign(**{name: "" for name in names.values() if name not in held.columns})
    return held.groupby(list(names.values()))["rows"].sum().reset_index()


def _read_keys(held: pd.DataFrame, layout: Layout, file: str) -> pd.DataFrame:
    """Years as numbers; the text of the classification under one name in every layout."""
    years = to_years(held[layout.one["year"]], file)
    column = layout.one.get("classification")
    return held.assign(year=years, classification_text="" if column is None else held[column])


def _flows(
    table: Table, layout: Layout, found: Found, texts: list[str], *, complete: bool
) -> tuple[Flows, pd.DataFrame]:
    """Flows of the products that were found, between countries, and what was listed on the way."""
    reports, unknown = _reports(table, layout, found, texts)
    rows, repeated = _one_row_each(_rows(table, layout, found, texts), layout, table.name)
    rows, apart = _with_places(rows, layout, reports)
    flows = Flows(rows, reports.drop(columns=list(layout.reporter.values())), NAME, complete)
    return flows, stack_conflicts([unknown, repeated, apart])


def _reports(table: Table, layout: Layout, found: Found, texts: list[str]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Every reporter and year in the file, as a country, with the groups of products it should have."""
    places = list(layout.reporter.values())
    held = fold(table, [*layout.has("year", "classification"), *places], {layout.one["flow"]: texts})
    held = _read_keys(held, layout, table.name)
    held["classification"] = held["classification_text"].map(found.classifications)
    held = held.dropna(subset="classification")
    iso3, problem = match_in_turn(held, layout.reporter, held["year"])
    shown = places[-1]
    lost = list_conflicts(held[iso3.isna()], shown, problem[iso3.isna()], NAME, LEFT_OUT, "year")
    held = held.assign(reporter=iso3).dropna(subset="reporter")
    undefined = ~held["classification"].isin(found.needed["classification"])
    other = held[undefined & ~held.set_index(["reporter", "year"]).index.isin(_defined(held[~undefined]))]
    reason = "product set not defined in " + other["classification"]
    outside = list_conflicts(other, "reporter", reason, NAME, "not covered", "year")
    held = held[~undefined]
    _refuse_two_classifications(held, table.name)
    names = held[[*places, "reporter", "year", "classification"]].drop_duplicates()
    scheme = list(layout.reporter)[-1]
    names, ended = settle_successions(names, shown, scheme, keys=["reporter", "year"], source=NAME)
    return names.merge(found.needed, on="classification"), stack_conflicts([lost, outside, ended])


def _defined(held: pd.DataFrame) -> pd.MultiIndex:
    return pd.MultiIndex.from_frame(held[["reporter", "year"]])


def _refuse_two_classifications(held: pd.DataFrame, file: str) -> None:
    kinds = held[["reporter", "year", "classification"]].drop_duplicates()
    torn = kinds[kinds.duplicated(["reporter", "year"], keep=False)]
    if len(torn):
        raise InputError(
            f"{file} holds reporters and years in two classifications.",
            first_few(f"{row.reporter} {row.year} in {row.classification}" for row in torn.itertuples(index=False)),
            "say which with the option classification",
        )


def _rows(table: Table, layout: Layout, found: Found, texts: list[str]) -> pd.DataFrame:
    """Rows of the products asked for, with their numbers."""
    columns = [*layout.has("year", "classification", "code", "value"), *layout.places, *layout.breakdowns]
    keep = {layout.one["flow"]: texts, layout.one["code"]: found.places["code_text"].unique().tolist()}
    held = _read_keys(fold(table, columns, keep), layout, table.name)
    held = held.assign(value=to_numbers(held[layout.one["value"]], table.name), code_text=held[layout.one["code"]])
    return held.merge(found.places, on=["classification_text", "code_text"])


def _one_row_each(rows: pd.DataFrame, layout: Layout, file: str) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Totals without their breakdowns, each once; a value that contradicts another is refused."""
    keys = [*layout.places, "year", "classification", "code"]
    whole = rows[list(layout.breakdowns)].apply(lambda column: column.str.strip().isin(TOTALS)).all(axis=1)
    parts, kept = rows[~whole], rows[whole]
    alone = parts.merge(kept[keys].drop_duplicates(), on=keys, how="left", indicator="_found")
    alone = alone[alone["_found"] == "left_only"]
    if len(alone):
        raise InputError(
            f"{file} holds a breakdown by {first_few(layout.breakdowns)} without its totals.",
            first_few(" ".join(map(str, row)) for row in alone[keys].drop_duplicates().itertuples(index=False)),
            "download the totals: customsCode C00, motCode 0, partner2Code 0",
        )
    folded = kept.groupby([*keys, "product", "value"], dropna=False, sort=False)["rows"].sum().reset_index()
    torn = folded[folded.duplicated(keys, keep=False)]
    if len(torn):
        raise DuplicateKeyError(
            f"{file}: values of one reporter, partner, year and product differ.",
            first_few(" ".join(map(str, row)) for row in torn[[*keys, "value"]].itertuples(index=False)),
            "download the file again, or take out one of the rows",
        )
    return folded, stack_conflicts(
        [_listed(parts, layout, "row of a breakdown", "total used"), _repeats(folded, layout)]
    )


def _listed(rows: pd.DataFrame, layout: Layout, problem: str, resolution: str) -> pd.DataFrame:
    reason = pd.Series(problem, index=rows.index, dtype=object)
    return list_conflicts(rows, list(layout.reporter.values())[-1], reason, NAME, resolution, "year")


def _repeats(folded: pd.DataFrame, layout: Layout) -> pd.DataFrame:
    twice = folded[folded["rows"] > 1]
    extra = twice.loc[twice.index.repeat(twice["rows"] - 1)]
    empty = folded[folded["value"].isna()]
    return stack_conflicts(
        [_listed(extra, layout, "exact repeat of a row", "counted once"), _listed(empty, layout, "no value", "missing")]
    )


def _with_places(rows: pd.DataFrame, layout: Layout, reports: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Turn reporters and partners into countries; World, residuals and groups of countries are told apart."""
    places = list(layout.reporter.values())
    names = reports[[*places, "year", "classification", "reporter"]].drop_duplicates()
    rows = rows.merge(names, on=[*places, "year", "classification"])
    iso3, problem = match_in_turn(rows, layout.partner, rows["year"])
    world = pd.Series(data=False, index=rows.index)
    for scheme, column in layout.partner.items():
        world |= rows[column].str.strip().isin(WORLD[scheme])
    rows = rows.assign(partner=iso3.mask(world), partner_problem=problem, world=world)
    rows["group"] = group_of(rows["product"])
    others, shown = rows[~world], list(layout.partner.values())[-1]
    if len(others) and (others["partner_problem"] == "aggregate").all():
        raise InputError(
            "The partners are groups of countries, not countries.",
            first_few(others[shown].unique()),
            "download the data by partner country",
        )
    return split_partners(rows, shown, NAME)


def _same_files(table: Table) -> pd.DataFrame:
    lines = [(NAME, "repeat of another file", name, "", 0, "left out") for name in table.repeats]
    return pd.DataFrame(lines, columns=COLUMNS) if lines else no_conflicts()
