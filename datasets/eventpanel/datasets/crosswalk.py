"""The country crosswalk: names and codes of states and the years in which they held them, as data.

``data/countries.csv`` has one row per state and code set, ``data/country_names.csv`` and
``data/other_codes.csv`` hold further spellings and codes, ``data/not_countries.csv`` what must never match
(aggregates, organisations, movements). ``first`` is the first year in which a state existed on 31 December,
``last`` the last year in which it existed at all, ``last_december`` the last year in which it existed on
31 December; an empty year has no bound. ``first`` is 1800 for older states and for territories that are not
states; ``gw``, the number of Gleditsch and Ward, marks states. Former states keep the ISO3 code they had.
South Vietnam, which had none, is RVN, as in COW; VDR is the North in ISO 3166-3 and the South in V-Dem.

Where the numbers come from: ISO 3166 and M49 (United Nations Statistics Division), Correlates of War state
list, Gleditsch and Ward, V-Dem, Polity5, FIPS 10-4; the tests compare them with an independent list of codes.
``comtrade`` are the reporters and partners of UN Comtrade's reference tables (2024), ``baci`` the country
codes of CEPII's BACI (release 202501), each compared with a second copy. They are M49 but for states whose
customs area differs: 842 USA, 251 France, 579 Norway, 699 India, 757 Switzerland, and 492, which is Monaco
in M49 and a residual in Comtrade. A number that never meant another state is accepted in all years of its
state, also before its publisher used it. 490 (Other Asia, nes) is a residual, although mostly Taiwan.

``data/regions.csv`` holds the geographic regions of M49, each country's smallest (its intermediate region where it has
one, such as Eastern Africa, else its sub-region) and the continent. Former states stand where most of their people
lived; Kosovo and Taiwan, which M49 does not list, where their neighbours do. Antarctica has none.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from importlib import resources
from itertools import product
from string import ascii_uppercase
from typing import Literal

import pandas as pd

__all__ = [
    "FOREVER",
    "SCHEMES",
    "YEARS",
    "Scheme",
    "crosswalk",
    "lives",
    "names",
    "normalise",
    "not_countries",
    "region_of",
    "spells",
]

Scheme = Literal[
    "name", "iso3", "iso2", "m49", "comtrade", "baci", "cow", "cow_letters", "gw", "vdem", "polity", "fips"
]
SCHEMES: tuple[Scheme, ...] = (
    "name", "iso3", "iso2", "m49", "comtrade", "baci", "cow", "cow_letters", "gw", "vdem", "polity", "fips",
)  # fmt: skip
NUMBERS = {"m49", "comtrade", "baci", "cow", "gw", "polity"}
FOREVER = 9999
YEARS = ["first", "last", "last_december"]


def normalise(values: pd.Series, scheme: Scheme) -> pd.Series:
    """Bring names or codes to the form they are compared in.

    Examples
    --------
    >>> import pandas as pd
    >>> normalise(pd.Series(["Côte d’Ivoire", "Korea, Rep."]), "name").tolist()
    ['cote d ivoire', 'korea rep']
    """
    text = values.astype(object).where(values.notna(), "").astype(str).str.strip()
    if scheme == "name":
        return text.map(_plain_name)
    if scheme in NUMBERS:
        return text.str.replace(r"\.0$|^0+(?=\d)", "", regex=True)
    return text.str.upper()


@cache
def _plain_name(name: str) -> str:
    letters = unicodedata.normalize("NFKD", name.casefold())
    plain = "".join(c for c in letters if not unicodedata.combining(c)).replace("&", " and ")
    return re.sub(r"[^a-z0-9]+", " ", plain).strip()


@cache
def crosswalk() -> pd.DataFrame:
    """All rows of the crosswalk, and a row for each simulated country.

    Examples
    --------
    >>> crosswalk().query("iso3 == 'SRB'")[["cow", "gw", "polity", "first"]].values.tolist()
    [['345', '340', '342', 1830], ['345', '340', '342', 2006]]
    """
    table = _with_years(_read("countries.csv"))
    codes = [f"X{second}{third}" for second, third in product(ascii_uppercase[:24], ascii_uppercase)]
    simulated = pd.DataFrame({"iso3": sorted(set(codes) - set(table["iso3"]))})
    simulated = simulated.assign(name="Simulated " + simulated["iso3"], first=-FOREVER)
    simulated = simulated.assign(last=FOREVER, last_december=FOREVER)
    return pd.concat([table, simulated], ignore_index=True).fillna("")


def _read(name: str) -> pd.DataFrame:
    path = resources.files("eventpanel.datasets").joinpath("data", name)
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, dtype=str, keep_default_na=False)


def _with_years(table: pd.DataFrame) -> pd.DataFrame:
    """Turn years into numbers; an empty one has no bound."""
    bounds = {"first": -FOREVER, "last": FOREVER, "last_december": FOREVER}
    numbers = {name: table[name].replace("", str(bound)).astype("int64") for name, bound in bounds.items()}
    return table.assign(**numbers)


@cache
def names() -> dict[str, str]:
    """Latest English name of each ISO3 code."""
    table = crosswalk().sort_values("last")
    return dict(zip(table["iso3"], table["name"], strict=True))


@cache
def region_of(column: Literal["region", "subregion"]) -> dict[str, str]:
    """Continent or geographic region of each ISO3 code; codes without one are left out.

    Examples
    --------
    >>> region_of("region")["KEN"], region_of("subregion")["KEN"], region_of("subregion")["SUN"]
    ('Africa', 'Eastern Africa', 'Eastern Europe')
    """
    table = _read("regions.csv")
    table = table[table[column] != ""]
    return dict(zip(table["iso3"], table[column], strict=True))


@cache
def not_countries(scheme: Scheme) -> dict[str, str]:
    """Keys of a scheme that must never match, and what they are.

    Examples
    --------
    >>> not_countries("iso3")["WLD"]
    'aggregate'
    """
    table = _read("not_countries.csv")
    table = table[table["scheme"] == scheme]
    return dict(zip(normalise(table["value"], scheme), table["kind"], strict=True))


@cache
def spells(scheme: Scheme) -> pd.DataFrame:
    """Keys of a scheme and the years in which a state held them: key, iso3, first, last, last_december."""
    table = crosswalk()
    codes = table[["iso3", *YEARS]].assign(code=table[scheme])
    every = pd.concat([codes[codes["code"] != ""], _further(scheme, table)], ignore_index=True)
    every["key"] = normalise(every["code"], scheme)
    every = every.astype(dict.fromkeys(YEARS, "int64"))
    return every[["key", "iso3", *YEARS]].drop_duplicates(ignore_index=True)


def _further(scheme: Scheme, table: pd.DataFrame) -> pd.DataFrame:
    """Further spellings and codes, valid as long as their state, or within the years stated for them."""
    if scheme == "name":
        stated = _read("country_names.csv").rename(columns={"name": "code"})
    else:
        stated = _read("other_codes.csv")
        stated = stated[stated["scheme"] == scheme]
    stated = _with_years(stated.assign(last_december=""))
    stated["last_december"] = stated["last"].where(stated["last"] == FOREVER, stated["last"] - 1)
    both = stated.merge(table[["iso3", *YEARS]], on="iso3", suffixes=("", "_of_state"))
    both["first"] = both[["first", "first_of_state"]].max(axis=1)
    for name in YEARS[1:]:
        both[name] = both[[name, f"{name}_of_state"]].min(axis=1)
    return both.loc[both["first"] <= both["last"], ["code", "iso3", *YEARS]]


@cache
def lives(scheme: Scheme) -> dict[str, str]:
    """Which states held a key and when.

    Examples
    --------
    >>> lives("cow_letters")["YUG"]
    'Serbia 1830-1918, 2006-; Serbia and Montenegro 2003-2006; Yugoslavia 1918-2003'
    """
    rows = spells(scheme).assign(state=lambda table: table["iso3"].map(names()))
    rows = rows.sort_values(["state", "first"])
    spans: dict[str, dict[str, list[tuple[int, int]]]] = {}
    for key, state, first, last in zip(rows["key"], rows["state"], rows["first"], rows["last"], strict=True):
        held = spans.setdefault(key, {}).setdefault(state, [])
        touching = bool(held) and first <= held[-1][1]
        start, end = held.pop() if touching else (first, last)
        held.append((start, max(end, last)))
    return {key: "; ".join(f"{state} {_text(held)}" for state, held in by.items()) for key, by in spans.items()}


def _text(spans: list[tuple[int, int]]) -> str:
    return ", ".join(f"{first}-{'' if last == FOREVER else last}" for first, last in spans)
