"""Materials: the data that the study of trade in surveillance AI rests on, whatever they come from.

The same shape holds simulated data, public stand-ins and a user's own list of deals, so that one code makes every
exhibit of Beraja, Kao, Yang and Yuchtman (2023, doi:10.3386/w31676).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from eventpanel.datasets.errors import NotAvailableError, first_few
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

__all__ = ["Materials", "Part"]

Part = Literal["countries", "pairs", "goods", "goods_years", "importers", "arms", "investment"]
HOW = "add an input that holds it: docs/brookings.md, section on inputs"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Materials:
    """Deals and what they are set against; what is not there is ``None`` or lacks a column, and says why.

    Attributes
    ----------
    kind : {"simulated", "public", "own"}
        Simulated deals; public stand-ins for deals; a list of deals of the user's own.
    label : str
        What the data are; stands on every page.
    deals : Records
        One row a deal: exporter, importer, year; where known ``company``, ``smart_city`` (truth value), ``carnegie``
        (truth value: named in the bibliography the search began with) and ``domestic`` (truth value).
    countries : Panel
        Unit importer, by year: ``polity2``, ``unrest`` (count of events), where known ``regimes_of_the_world`` (0 to
        3), ``gdp`` (current US dollars), ``total_trade`` (imports from the world), ``trade_china``, ``trade_usa``,
        ``government_revenue``, ``institutions`` and its parts ``fair_elections``, ``free_media``, ``peaceful``,
        ``monitors`` (indices, standard deviations), ``autocratization`` (1 in years of an episode), ``domestic_ai``.
    pairs : Panel, optional
        Unit (exporter, importer), no year: ``log_distance`` (log km), ``border``, ``fta``, ``colonial``,
        ``language``, ``legal``, ``religion``, ``landlocked``, ``island``.
    goods : Panel, optional
        Unit (exporter, importer, product), no year: ``trade`` (US dollars, 0 where none). Products are the codes of
        the frontier goods. Its importers and exporters are the countries of the product tables.
    goods_years : Panel, optional
        Unit (exporter, importer, product), by year: ``trade``, for the exporters China and the United States.
    importers : Panel, optional
        Unit importer, no year: ``ai_investment``, ``aid_china``, ``aid_usa`` (US dollars) and where known by kind
        ``aid_china_KIND``; ``latitude``, ``longitude``, ``region``.
    arms : Records, optional
        Arms deals: exporter, importer, year.
    investment : Panel, optional
        Unit (exporter, importer), by year: ``investment``, ``construction`` (US dollars).
    planted : mapping of str to float
        True coefficients of simulated data, by exhibit and term such as ``"table_4: same year"``; empty otherwise.
    absent : mapping of str to str
        Why a part is not there, by its name.
    sources : tuple of Source
        All sources, for citations and licences.
    """

    kind: Literal["simulated", "public", "own"]
    label: str
    deals: Records
    countries: Panel
    pairs: Panel | None = None
    goods: Panel | None = None
    goods_years: Panel | None = None
    importers: Panel | None = None
    arms: Records | None = None
    investment: Panel | None = None
    planted: Mapping[str, float] = field(default_factory=dict)
    absent: Mapping[str, str] = field(default_factory=dict)
    sources: tuple[Source, ...] = ()

    def panel(self, part: Part, *columns: str) -> Panel:
        """Return a part that is a panel and has some columns.

        Parameters
        ----------
        part : str
        *columns : str
            Columns it must have.

        Raises
        ------
        NotAvailableError
            The part is not there or lacks a column.
        """
        held = getattr(self, part)
        if not isinstance(held, Panel):
            raise NotAvailableError(f"There are no data on {part.replace('_', ' ')}.", self.absent.get(part, part), HOW)
        lacking = [name for name in dict.fromkeys(columns) if name not in held.frame.columns]
        if lacking:
            why = "; ".join(dict.fromkeys(self.absent.get(name, "") for name in lacking)).strip("; ")
            raise NotAvailableError(
                f"The data on {part.replace('_', ' ')} lack {first_few(lacking, 9)}.", why or part, HOW
            )
        return held

    def records(self, part: Literal["deals", "arms"], *columns: str) -> Records:
        """Return a list of deals that has some columns.

        Parameters
        ----------
        part : {"deals", "arms"}
        *columns : str
            Columns it must have.

        Raises
        ------
        NotAvailableError
            There is no list, or it lacks a column.
        """
        held = self.deals if part == "deals" else self.arms
        if held is None:
            raise NotAvailableError("There is no list of arms deals.", self.absent.get(part, part), HOW)
        lacking = [name for name in dict.fromkeys(columns) if name not in held.frame.columns]
        if lacking:
            why = "; ".join(dict.fromkeys(self.absent[name] for name in lacking if name in self.absent))
            raise NotAvailableError(f"The list of {part} lacks {first_few(lacking, 9)}.", why or held.source.title, HOW)
        return held
