"""Product tables: the four columns that equations (1) and (2) have in every table, and what stands below them."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice

import numpy as np

from eventpanel.brookings.exhibit import Column, column_of
from eventpanel.brookings.product_panel import CONTROLS, GRAVITY, control_terms, with_demeaned
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.linear import Linear, LinearFit, linear

__all__ = [
    "LOG_NOTE",
    "PRODUCTS",
    "SMART_NOTE",
    "Ask",
    "Numbered",
    "columns",
    "fitted",
    "lacking",
    "models",
    "prepared",
    "remarks",
    "shown",
]

PRODUCTS = (
    "Products: the frontier goods, AI, and smart-city AI where the deals tell; this is how the printed N comes about. "
    "AI is 1 for both AI products, which are compared with goods."
)
LOG_NOTE = (
    "Outcome: log(1 + trade), trade in US dollars, or in numbers of deals for AI, standardised within each product "
    "over all pairs of countries. It hangs on these units (Chen and Roth 2024, doi:10.1093/qje/qjad054)."
)
SMART_NOTE = (
    "Only deals on smart cities count, so that both AI products hold the same deals; this is how N can be the printed "
    "one. Each exporter or importer is one cluster, however many of its rows are the same."
)
Numbered = tuple[Column, LinearFit]

TIMES = "Controls times"
INTERACTED = {
    "none": "Controls enter alone. In a balanced sample they cannot move the coefficients of AI and its products.",
    "raw": "Controls also enter times AI, as they stand: the coefficient of AI is that of a pair whose "
    "controls are all zero.",
    "demeaned": "Controls also enter times AI, less their means: the coefficient of AI is that at the mean "
    "of all controls.",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """What the columns of a panel of a table have in common.

    Attributes
    ----------
    outcome : str
        Column of the product panel.
    terms : tuple of str
        Terms to show, as :class:`Linear` names them.
    cluster : str
    treatment : str
        Column of zeros and ones; the table says how many clusters have it.
    dummy : str
        Dummy of products that controls are multiplied by; none where it is empty.
    without : tuple of str
        Controls that cannot vary beside the terms.
    """

    outcome: str
    terms: tuple[str, ...]
    cluster: str
    treatment: str
    dummy: str = "AI"
    without: tuple[str, ...] = ()


def models(ask: Ask, switches: Switches) -> Iterator[tuple[Linear, str]]:
    """Yield the regression of each of the four columns, and what its controls are called."""
    held: list[str] = []
    for label, names in CONTROLS:
        held += [name for name in names if name not in ask.without]
        terms = control_terms(ask.dummy, held, switches) if ask.dummy else tuple(held)
        yield (
            Linear(outcome=ask.outcome, terms=(*ask.terms, *terms), covariance=Clustered(ask.cluster, "reghdfe")),
            label,
        )


def fitted(panel: Panel, model: Linear) -> LinearFit:
    """Fit a regression; its cautions stand below the exhibit."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", EstimationWarning)
        return linear(panel, model)


def prepared(panel: Panel, switches: Switches) -> Panel:
    """Add the demeaned controls where a switch asks for them."""
    return with_demeaned(panel) if switches.interact_controls == "demeaned" else panel


def shown(term: str) -> str:
    """Name a term as tables print it."""
    return term.replace(":", " x ")


def columns(
    panel: Panel, ask: Ask, switches: Switches, *, name: str = "", first: int = 1, many: int = 4
) -> list[Numbered]:
    """Make the four columns of a panel of a table, or the first of them where the data lack controls of the others.

    Parameters
    ----------
    panel : Panel
        Of products.
    ask : Ask
    switches : Switches
    name : str
        Of the table's panel.
    first : int
        Number of the first column.
    many : int
        How many of the four to make.
    """
    panel = prepared(panel, switches)
    made = []
    for number, (model, label) in enumerate(islice(models(ask, switches), min(many, _possible(panel))), start=first):
        fit = fitted(panel, model)
        treated = _treated(panel, ask, fit)
        below = {
            "Clusters by": ask.cluster,
            f"Clusters with {ask.treatment} = 1": f"{treated}",
            "Controls": label,
            **({f"{TIMES} {shown(ask.dummy)}": switches.interact_controls} if ask.dummy else {}),
        }
        column = column_of(fit, name, f"({number})", {term: shown(term) for term in ask.terms}, below)
        made.append((replace(column, treated=float(treated)), fit))
    return made


def _possible(panel: Panel) -> int:
    """How many of the four columns have all their controls, which are those of the columns before and some more."""
    there = [set(names) <= set(panel.frame.columns) for _, names in CONTROLS]
    return [*there, False].index(False)


def lacking(materials: Materials) -> tuple[str, ...]:
    """Say which columns are left out of every panel since the data lack their controls, and why.

    Parameters
    ----------
    materials : Materials
        With distances of pairs, without which there is no column.
    """
    try:
        materials.panel("pairs", *GRAVITY)
    except NotAvailableError as error:
        there = {*materials.panel("pairs").variables}
        first = next(label for label, names in CONTROLS if {*names} & {*GRAVITY} - there)
        return (f"Left out: columns of each panel from that with {first} on. {error.what} {error.where}",)
    return ()


def _treated(panel: Panel, ask: Ask, fit: LinearFit) -> int:
    ones = fit.sample & (panel.values(ask.treatment) == 1)
    return len(np.unique(panel.codes(ask.cluster).codes[ones]))


def remarks(made: Sequence[Numbered], switches: Switches) -> tuple[str, ...]:
    """Say how controls enter, how errors are computed, what could not be estimated, and cautions on what is shown."""
    interacted = any(name.startswith(TIMES) for column, _ in made for name, _ in column.counts)
    said = [INTERACTED[switches.interact_controls]] if interacted else []
    said += dict.fromkeys(f"Standard errors: {fit.model.covariance.describe()}." for _, fit in made)
    where: dict[str, list[str]] = {}
    for column, fit in made:
        for text in _cautions(column, fit):
            where.setdefault(text, []).append(f"{column.panel} {column.head}".strip())
    said += [f"{', '.join(heads)}: {text}." for text, heads in where.items()]
    return tuple(said)


def _cautions(column: Column, fit: LinearFit) -> Iterator[str]:
    """Terms left out, and cautions but those on terms that are not shown."""
    yield from (f"not estimated: {shown(term)}, {why}" for term, why in fit.dropped)
    there = {one.term for one in column.coefficients}
    for note in fit.notes:
        term = next((term for term in fit.terms if note.startswith(f"{term} is ")), "")
        if not term or shown(term) in there:
            yield (shown(term) + note.removeprefix(term)).rstrip(".")
