"""Share of rejections at 5 % under the null, for every way to test the effect of the event's own year."""

from __future__ import annotations

import argparse
import datetime
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

import eventpanel.api as ep
from benchmarks.null_panels import AROUND, LAYOUTS, Layout, null_panel

SEED = 1
PANELS = 1000
LEVEL = 0.05
# Tests whose size lies within half and one and a half times the level are robust by the liberal criterion of Bradley
# (1978, doi:10.1111/j.2044-8317.1978.tb00581.x).
ROBUST = (0.5 * LEVEL, 1.5 * LEVEL)
BOOTSTRAP_DRAWS = 399
ASSIGNMENTS = 199

Outcome = Literal["y", "count"]
Door = Callable[[ep.Panel, ep.Design], ep.Estimate]
PValue = Callable[[ep.Panel, int], float]


@dataclass(frozen=True, slots=True)
class Method:
    """A way to test.

    Attributes
    ----------
    name : str
    p_value : callable
        P-value of the same-year effect, from a panel and a seed.
    most : int
        Most panels it is run on, where it is slow.
    by_controls : bool
        Whether it needs clusters that never have an event.
    """

    name: str
    p_value: PValue
    most: int = PANELS
    by_controls: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """What a method did on the panels of a layout.

    Attributes
    ----------
    method, layout : str
    panels, rejected : int
        Panels in which the p-value is defined, and rejections at 5 %.
    warned : bool
        Whether an EstimationWarning was printed for every panel.
    """

    method: str
    layout: str
    panels: int
    rejected: int
    warned: bool

    @property
    def share(self) -> float:
        """Share of rejections; missing where no p-value is defined."""
        return self.rejected / self.panels if self.panels else np.nan

    @property
    def error(self) -> float:
        """Binomial standard error of the share."""
        return float(np.sqrt(self.share * (1 - self.share) / self.panels)) if self.panels else np.nan

    def __str__(self) -> str:
        """Per cent, with the standard error; bold where the size is off, ``!`` where the toolkit warns."""
        share = f"{100 * self.share:.1f}"
        robust = ROBUST[0] <= self.share <= ROBUST[1]
        return f"{share if robust else f'**{share}**'} ({100 * self.error:.1f}){' !' if self.warned else ''}"


def _design(outcome: Outcome, covariance: ep.Clustered | ep.Robust | ep.DriscollKraay) -> ep.Design:
    return ep.Design(
        outcome=outcome,
        event=ep.Event(column="event", kind="dose"),
        window=ep.EventWindow(leads=AROUND, lags=AROUND, reference=None),
        fixed_effects=("unit", "year"),
        covariance=covariance,
    )


LINEAR = _design("y", ep.Clustered("unit", "reghdfe"))
COUNT = _design("count", ep.Clustered("unit", "ppmlhdfe"))


def _same_year(table: pd.DataFrame) -> float:
    return float(table.loc[table["event_time"] == 0, "p_value"].iloc[0])


def _by_covariance(door: Door, design: ep.Design, panel: ep.Panel, seed: int) -> float:
    """P-value of the t test; nothing is drawn."""
    found = door(panel, design)
    return float(found.pvalues.iloc[[term.event_time for term in found.terms].index(0)])


def _wild(bootstrap: ep.Bootstrap, panel: ep.Panel, seed: int) -> float:
    return _same_year(ep.wild_bootstrap(panel, LINEAR, _seeded(bootstrap, seed)))


def _score(bootstrap: ep.Bootstrap, panel: ep.Panel, seed: int) -> float:
    return _same_year(ep.score_bootstrap(panel, COUNT, _seeded(bootstrap, seed), level=None))


def _seeded(bootstrap: ep.Bootstrap, seed: int) -> ep.Bootstrap:
    return ep.Bootstrap(draws=bootstrap.draws, seed=seed, weights=bootstrap.weights, residuals=bootstrap.residuals)


def _permuted(design: ep.Design, model: Literal["linear", "poisson score"], panel: ep.Panel, seed: int) -> float:
    how = ep.Randomisation(draws=ASSIGNMENTS, seed=seed, scheme="permute", model=model)
    return _same_year(ep.randomisation(panel, design, how))


def _few(panel: ep.Panel, seed: int) -> float:
    return _same_year(ep.few_treated(panel, LINEAR, ep.FewTreated(draws=BOOTSTRAP_DRAWS, seed=seed)))


def _linear(covariance: ep.Clustered | ep.Robust | ep.DriscollKraay) -> PValue:
    return partial(_by_covariance, ep.distributed_lag, _design("y", covariance))


def _poisson(covariance: ep.Clustered) -> PValue:
    return partial(_by_covariance, ep.ppml, _design("count", covariance))


PLAIN = ep.Bootstrap(draws=BOOTSTRAP_DRAWS, seed=0)
METHODS = (
    Method("HC1", _linear(ep.Robust("HC1"))),
    Method("Driscoll-Kraay, 2 lags", _linear(ep.DriscollKraay(lags=2, small_sample="fixest"))),
    Method("CRV1, t(G-1)", _linear(ep.Clustered("unit", "reghdfe"))),
    Method("CRV2, Satterthwaite", _linear(ep.Clustered("unit", "none", kind="CRV2"))),
    Method("CRV3, t(G-1)", _linear(ep.Clustered("unit", "none", kind="CRV3"))),
    Method("wild bootstrap, restricted", partial(_wild, PLAIN)),
    Method(
        "wild bootstrap, restricted, Webb",
        partial(_wild, ep.Bootstrap(draws=BOOTSTRAP_DRAWS, seed=0, weights="webb")),
    ),
    Method(
        "wild bootstrap, restricted jackknife",
        partial(_wild, ep.Bootstrap(draws=BOOTSTRAP_DRAWS, seed=0, residuals="restricted_jackknife")),
    ),
    Method(
        "wild bootstrap, unrestricted",
        partial(_wild, ep.Bootstrap(draws=BOOTSTRAP_DRAWS, seed=0, residuals="unrestricted")),
    ),
    Method("randomisation, permute", partial(_permuted, LINEAR, "linear")),
    Method("few treated (Conley and Taber)", _few, by_controls=True),
    Method("Poisson, CRV1, t(G-1)", _poisson(ep.Clustered("unit", "ppmlhdfe"))),
    Method("Poisson, CRV2, Satterthwaite", _poisson(ep.Clustered("unit", "none", kind="CRV2"))),
    Method("Poisson, CRV3, t(G-1)", _poisson(ep.Clustered("unit", "none", kind="CRV3"))),
    Method("Poisson, score bootstrap", partial(_score, PLAIN)),
    Method("Poisson, randomisation by scores", partial(_permuted, COUNT, "poisson score"), most=300),
)


def rejections(layout: Layout, methods: Sequence[Method], panels: int) -> list[Cell]:
    """Run methods on the same simulated panels; a panel depends on the layout and its number alone.

    Parameters
    ----------
    layout : Layout
        One of LAYOUTS.
    methods : sequence of Method
    panels : int
        Number of panels; a method runs on as many as it may.
    """
    methods = [method for method in methods if layout.treated < layout.clusters or not method.by_controls]
    p_values: dict[str, list[float]] = {method.name: [] for method in methods}
    warned = dict.fromkeys(p_values, True)
    streams = np.random.SeedSequence(SEED).spawn(len(LAYOUTS))[LAYOUTS.index(layout)].spawn(panels)
    for number, stream in enumerate(streams):
        panel, seed = null_panel(layout, np.random.default_rng(stream)), int(stream.generate_state(1)[0])
        for method in methods:
            if number < method.most:
                with warnings.catch_warnings(record=True) as said:
                    warnings.simplefilter("always")
                    p_values[method.name].append(method.p_value(panel, seed))
                warned[method.name] &= any(issubclass(one.category, ep.EstimationWarning) for one in said)
    return [_cell(name, layout, np.array(values), warned=warned[name]) for name, values in p_values.items()]


def _cell(name: str, layout: Layout, p: np.ndarray[tuple[int], np.dtype[np.float64]], *, warned: bool) -> Cell:
    return Cell(name, layout.name, int((~np.isnan(p)).sum()), int((p <= LEVEL).sum()), warned)


def table(cells: Sequence[Cell]) -> list[tuple[str, ...]]:
    """Rows of text: a method a row, a layout a column, and the number of panels."""
    run = {cell.method for cell in cells}
    names = [method.name for method in METHODS if method.name in run]
    layouts = list(dict.fromkeys(cell.layout for cell in cells))
    by = {(cell.method, cell.layout): cell for cell in cells}
    rows = [("method", *layouts, "panels")]
    for name in names:
        found = [by.get((name, layout)) for layout in layouts]
        counts = sorted({cell.panels for cell in found if cell is not None})
        rows.append((name, *("-" if cell is None else str(cell) for cell in found), " to ".join(map(str, counts))))
    return rows


def text(rows: Sequence[tuple[str, ...]]) -> str:
    """Table of aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def markdown(rows: Sequence[tuple[str, ...]]) -> str:
    """Table in Markdown."""
    return "\n".join(f"| {' | '.join(row)} |" for row in (rows[0], ("---",) * len(rows[0]), *rows[1:]))


def main() -> None:
    """Run the command."""
    options = argparse.ArgumentParser(description="Share of rejections at 5 % where the event does nothing.")
    options.add_argument("--draws", type=int, default=PANELS, metavar="N", help="panels simulated for each layout")
    options.add_argument("--markdown", action="store_true", help="print the table in Markdown")
    asked = options.parse_args()
    cells: list[Cell] = []
    for layout in LAYOUTS:
        cells += rejections(layout, METHODS, asked.draws)
        print(f"{layout.name}: done", file=sys.stderr, flush=True)
    rows = table(cells)
    print(f"{datetime.date.today()}, seed {SEED}, {asked.draws} panels for each layout\n")
    print(markdown(rows) if asked.markdown else text(rows))
