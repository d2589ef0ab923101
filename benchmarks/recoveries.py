"""Bias and coverage of the estimators for recurring events, on simulated panels whose events do something known."""

from __future__ import annotations

import argparse
import datetime
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

import eventpanel.api as ep
from benchmarks.recurring_panels import LAGS, WORLDS, World, recurring_panel
from eventpanel.datasets.errors import IdentificationError, RecurringEventError
from eventpanel.estimators.imputation import Imputation
from eventpanel.estimators.method import Planned
from eventpanel.estimators.methods import METHODS, run_method
from eventpanel.estimators.treatment import Reach

Floats = npt.NDArray[np.float64]
Found = tuple[Floats, Floats, float]

SEED, PANELS = 1, 300
PAGE = Path(__file__).resolve().parents[1] / "docs" / "methods" / "recurring.md"
BEGIN, END = "<!-- table: python benchmarks/recurring.py --write -->", "<!-- end of table -->"
# Coverage within this of 95 % and a bias within this share of the effect of the event's own year are called good.
COVERAGE, BIAS = 0.03, 0.05
DESIGN = ep.Design(
    outcome="y",
    event=ep.Event(column="event", kind="threshold", threshold=ep.Threshold(rule="absolute", value=0.5)),
    window=ep.EventWindow(leads=2, lags=LAGS, reference=-1),
    fixed_effects=("unit", "year"),
    covariance=ep.Clustered("unit", "ppmlhdfe"),
)
# Options that change what a method says of events that recur.
VARIANTS: dict[str, Planned] = {"imputation, overlap=latest": Imputation(reach=Reach(overlap="latest"))}
NOT_LINEAR = ("ppml", "imputation_poisson", "extended_two_way_poisson")
# Methods whose standard errors need many fits run on fewer panels.
MOST = {"interactive_effects": 20, "matrix_completion": 20}


@dataclass(frozen=True, slots=True)
class Cell:
    """What a method found in a world.

    Attributes
    ----------
    method, world : str
    errors : ndarray, shape (panels, LAGS + 1)
        Estimate less the mean effect of all events, by event time from 0.
    covered : ndarray, shape (panels, LAGS + 1)
        One where the 95 % interval holds the truth.
    leads : ndarray, shape (panels,)
        One where the lead at -2 is significant at 5 %.
    refused : str
        Why there is nothing; empty where there is.
    """

    method: str
    world: str
    errors: Floats
    covered: Floats
    leads: Floats
    refused: str = ""

    def __str__(self) -> str:
        """Bias at event times 0 and 2, coverage at both in per cent, rejections of the leads in per cent."""
        if self.refused:
            return "refuses"
        bias, covered = np.nanmean(self.errors, axis=0), np.nanmean(self.covered, axis=0)
        shown = []
        for k in (0, LAGS):
            text = f"{bias[k]:+.2f} ({100 * covered[k]:.0f})"
            good = abs(bias[k]) <= BIAS and abs(covered[k] - 0.95) <= COVERAGE
            shown.append(text if good else f"**{text}**")
        leads = "-" if np.isnan(self.leads).all() else f"{100 * np.nanmean(self.leads):.0f}"
        return f"{' / '.join(shown)}; {leads}"


def recovery(world: World, methods: Sequence[str], panels: int) -> list[Cell]:
    """Run methods on the same simulated panels of a world; a panel depends on the world and its number alone.

    Parameters
    ----------
    world : World
        One of WORLDS.
    methods : sequence of str
    panels : int
    """
    streams = np.random.SeedSequence(SEED).spawn(len(WORLDS))[WORLDS.index(world)].spawn(panels)
    found: dict[str, list[Found]] = {name: [] for name in methods}
    refused: dict[str, str] = {}
    for number, stream in enumerate(streams):
        truth = recurring_panel(world, np.random.default_rng(stream))
        for name in methods:
            if name in refused or number >= MOST.get(name, panels):
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore", ep.EstimationWarning)
                    found[name].append(_compared(run_method(_method(name), truth.panel, DESIGN), truth.effects))
            except RecurringEventError as error:
                refused[name] = str(error)
            except IdentificationError:
                # Nothing to compare on this panel.
                continue
    return [_cell(name, world, found[name], refused.get(name, "")) for name in methods]


def table_methods() -> list[str]:
    """Names of the methods of the table, in order."""
    names = [name for name in METHODS if name not in NOT_LINEAR]
    return [each for name in names for each in (name, *(v for v in VARIANTS if v.partition(",")[0] == name))]


def _method(name: str) -> Planned:
    return VARIANTS[name] if name in VARIANTS else METHODS[name]


def _compared(estimate: ep.Estimate, effects: dict[int, float]) -> Found:
    """Errors, whether intervals cover the truth, whether the lead is rejected; missing where nothing is estimated."""
    places = {term.event_time: i for i, term in enumerate(estimate.terms)}
    bounds, p_values = estimate.conf_int(0.95).to_numpy(), estimate.pvalues.to_numpy()
    errors, covered = np.full(LAGS + 1, np.nan), np.full(LAGS + 1, np.nan)
    for k in set(effects) & set(places):
        at = places[k]
        errors[k] = estimate.coef[at] - effects[k]
        covered[k] = bounds[at, 0] <= effects[k] <= bounds[at, 1]
    return errors, covered, float(p_values[places[-2]] <= 0.05) if -2 in places else np.nan


def _cell(name: str, world: World, found: list[Found], refused: str) -> Cell:
    if refused or not found:
        return Cell(name, world.name, np.empty((0, 0)), np.empty((0, 0)), np.empty(0), refused or "nothing")
    errors, covered, leads = zip(*found, strict=True)
    return Cell(name, world.name, np.array(errors), np.array(covered), np.array(leads))


def markdown(cells: Sequence[Cell]) -> str:
    """Table in Markdown: a method a row, a world a column."""
    worlds = list(dict.fromkeys(cell.world for cell in cells))
    by = {(cell.method, cell.world): str(cell) for cell in cells}
    rows = [("estimator", *worlds), ("---",) * (len(worlds) + 1)]
    rows += [
        (f"`{method}`{_fewer(cells, method)}", *(by[method, world] for world in worlds))
        for method in dict.fromkeys(cell.method for cell in cells)
    ]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def _fewer(cells: Sequence[Cell], method: str) -> str:
    """Say on how many panels a method ran, where others ran on more."""
    run = max(len(cell.leads) for cell in cells if cell.method == method)
    return "" if run == max(len(cell.leads) for cell in cells) or not run else f" ({run} panels)"


def written(page: str, table: str, said: str) -> str:
    """Page with the rows of a table in the place of the page's own rows of these methods; others stay.

    Parameters
    ----------
    page, table : str
    said : str
        When and how it was made.
    """
    before, rest = page.split(BEGIN)
    old, after = rest.split(END)
    rows = _rows(old) | _rows(table)
    head = table.splitlines()[:2]
    order = [name for name in table_methods() if name in rows]
    body = "\n".join([*head, *(rows[name] for name in order)])
    return f"{before}{BEGIN}\n{said}\n\n{body}\n{END}{after}"


def _rows(table: str) -> dict[str, str]:
    """Rows of a table by method."""
    return {line.split("`")[1]: line for line in table.splitlines() if line.startswith("| `")}


def main() -> None:
    """Run the command."""
    options = argparse.ArgumentParser(description="Bias and coverage of the estimators for recurring events.")
    options.add_argument("--panels", type=int, default=PANELS, metavar="N", help="panels simulated for each world")
    options.add_argument("--only", nargs="+", metavar="NAME", help="estimators to run")
    options.add_argument("--write", action="store_true", help="write the table into docs/methods/recurring.md")
    asked = options.parse_args()
    methods = asked.only or table_methods()
    cells: list[Cell] = []
    for world in WORLDS:
        cells += recovery(world, methods, asked.panels)
        print(f"{world.name}: done", file=sys.stderr, flush=True)
    said = f"{datetime.date.today()}, seed {SEED}, {asked.panels} panels for each world."
    table = markdown(cells)
    print(said, table, sep="\n\n")
    if asked.write:
        PAGE.write_text(written(PAGE.read_text("utf-8"), table, said), "utf-8")
