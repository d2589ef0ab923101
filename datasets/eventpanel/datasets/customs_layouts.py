"""Layouts of UN Comtrade: which column of a file holds what, in every dialect its publisher has used.

Three dialects: today's interface and bulk files (``refYear``, ``primaryValue``), the interface before 2023 (``yr``,
``TradeValue``), and the files of its old web page (``Year``, ``Trade Value (US$)``). Names, codes and letters of places
may all stand in one file; any of them is enough.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from eventpanel.datasets.countries import Scheme
from eventpanel.datasets.errors import WrongLayoutError, first_few

__all__ = ["FLOWS", "WANTED", "Layout", "find_layout"]

ONE = {
    "year": ("refYear", "yr", "Year", "period", "Period"),
    "flow": ("flowCode", "rgDesc", "Trade Flow", "flowDesc", "rgCode", "Trade Flow Code"),
    "code": ("cmdCode", "Commodity Code"),
    "value": ("primaryValue", "TradeValue", "Trade Value (US$)"),
    "classification": ("classificationCode", "pfCode", "Classification"),
    "level": ("aggrLevel", "Aggregate Level"),
    "period": ("period", "Period"),
    "frequency": ("freqCode",),
}
NEEDED = ("year", "flow", "code", "value")
PLACES: dict[str, dict[Scheme, tuple[str, ...]]] = {
    "reporter": {
        "iso3": ("reporterISO", "rt3ISO", "Reporter ISO"),
        "comtrade": ("reporterCode", "rtCode", "Reporter Code"),
        "name": ("reporterDesc", "rtTitle", "Reporter"),
    },
    "partner": {
        "iso3": ("partnerISO", "pt3ISO", "Partner ISO"),
        "comtrade": ("partnerCode", "ptCode", "Partner Code"),
        "name": ("partnerDesc", "ptTitle", "Partner"),
    },
}
BREAKDOWNS = (
    ("partner2Code", "ptCode2", "2nd Partner Code"),
    ("customsCode", "cstCode", "Customs Proc. Code"),
    ("motCode", "Mode of Transport Code"),
    ("mosCode",),
)
WANTED = tuple(
    name
    for names in (*ONE.values(), *BREAKDOWNS, *(one for place in PLACES.values() for one in place.values()))
    for name in names
)
FLOWS = {
    "imports": ("m", "import", "imports", "1"),
    "exports": ("x", "export", "exports", "2"),
}


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns of one file.

    Attributes
    ----------
    one : mapping of str to str
        What a column holds (year, flow, code, value and perhaps classification, level, period, frequency) to its name.
    reporter, partner : mapping of scheme to str
        Columns that name the two places, the most certain first.
    breakdowns : tuple of str
        Columns that split a flow further: second partner, customs procedure, means of transport.
    """

    one: Mapping[str, str]
    reporter: Mapping[Scheme, str]
    partner: Mapping[Scheme, str]
    breakdowns: tuple[str, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """Columns of both places."""
        return (*self.reporter.values(), *self.partner.values())

    def has(self, *roles: str) -> list[str]:
        """Names of the columns that hold these, as far as the file has them."""
        return [self.one[role] for role in roles if role in self.one]


def find_layout(columns: Sequence[str], file: str) -> Layout:
    """Tell the layout of a file by its columns.

    Raises
    ------
    WrongLayoutError
        Not a file of UN Comtrade, with what is missing.

    Examples
    --------
    >>> find_layout(["yr", "rgDesc", "rtTitle", "ptTitle", "cmdCode", "TradeValue"], "x.csv").one["value"]
    'TradeValue'
    """
    one = {role: found for role, names in ONE.items() if (found := _first(names, columns))}
    places: dict[str, dict[Scheme, str]] = {
        place: {scheme: found for scheme, names in schemes.items() if (found := _first(names, columns))}
        for place, schemes in PLACES.items()
    }
    missing = [f"{role} ({' or '.join(ONE[role])})" for role in NEEDED if role not in one]
    missing += [f"{place} ({' or '.join(PLACES[place]['name'])})" for place, found in places.items() if not found]
    if missing:
        raise WrongLayoutError(
            f"{file} is no file of UN Comtrade: it lacks {first_few(missing)}.",
            f"it has: {first_few(columns, 12)}",
            "download it from UN Comtrade, with its own column names",
        )
    breakdowns = tuple(found for names in BREAKDOWNS if (found := _first(names, columns)))
    return Layout(one, places["reporter"], places["partner"], breakdowns)


def _first(names: Sequence[str], columns: Sequence[str]) -> str:
    return next((name for name in names if name in columns), "")
