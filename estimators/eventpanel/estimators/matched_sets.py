"""Matched sets laid open: who was matched to whom, how alike they are, and further standard errors of their means."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, IdentificationError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.groups import group_sums
from eventpanel.estimators.design import Design
from eventpanel.estimators.panel_match import PanelMatch
from eventpanel.estimators.pools import Found, Pool
from eventpanel.estimators.trajectories import Trajectories, trajectories

__all__ = ["covariate_balance", "matched_sets", "matching_bootstrap", "matching_errors"]

# Draws of the bootstrap that are summed at once: draws x clusters stay within some 100 MB.
CELLS = 10_000_000


def matched_sets(panel: Panel, design: Design, method: PanelMatch) -> pd.DataFrame:
    """List who is matched to whom.

    Parameters
    ----------
    panel : Panel
    design : Design
    method : PanelMatch

    Returns
    -------
    DataFrame
        One row for each pair with weight, very many without a refinement: group, the unit columns (whose status
        changes; for ``"atc"`` whose does not), period, the unit columns with ``matched_`` before their names, weight
        (adding up to one in each set).

    Raises
    ------
    DesignError
        As :func:`eventpanel.estimators.panel_match.panel_match`; without a match the table is empty.

    Examples
    --------
    See docs/methods/panel_match.md.
    """
    method.check(panel, design)
    parts = [_pairs(t, pool, panel) for t, found in _groups(panel, design, method) for _, pool in found.pools]
    names = ["group", *panel.unit, "period", *(f"matched_{name}" for name in panel.unit), "weight"]
    return pd.concat(parts, ignore_index=True)[names] if parts else pd.DataFrame(columns=names)


def _groups(panel: Panel, design: Design, method: PanelMatch) -> Iterator[tuple[Trajectories, Found]]:
    whole = trajectories(panel, design)
    for name in whole.names:
        t = whole.only(name)
        if t.inside.any():
            yield t, method.found(t, design)


def _pairs(t: Trajectories, pool: Pool, panel: Panel) -> pd.DataFrame:
    weights = pool.weights[pool.profile].tocoo()
    row, column = weights.coords
    held = weights.data > 0
    first, second = pool.focal[row[held]], pool.matched[column[held]]
    made = pd.DataFrame({"group": t.names[0], "weight": weights.data[held]})
    rows = t.row[:, pool.period]
    made["period"] = panel.frame[panel.period].array[rows[first]]
    for name in panel.unit:
        values = panel.frame[name].to_numpy()
        made[name], made[f"matched_{name}"] = values[rows[first]], values[rows[second]]
    return made


def covariate_balance(panel: Panel, design: Design, method: PanelMatch, columns: tuple[str, ...]) -> pd.DataFrame:
    """Compare the units looked at with those matched to them, before the event, in standard deviations.

    Parameters
    ----------
    panel : Panel
    design : Design
    method : PanelMatch
    columns : tuple of str
        Columns of the panel.

    Returns
    -------
    DataFrame
        One row for each group, column and event time from the start of the history to 0: difference (mean over sets of
        a unit's value less the weighted mean of those matched to it, over the standard deviation of such units'
        values at that event time), unrefined (the same with equal weights for all with the same history), sets (in
        which both are known). Weighted means are over those whose value is known.

    Raises
    ------
    DesignError
        As :func:`eventpanel.estimators.panel_match.panel_match`; without a match the table is empty.

    Examples
    --------
    See docs/methods/panel_match.md.
    """
    method.check(panel, design)
    rows = []
    for t, found in _groups(panel, design, method):
        for name in columns:
            grid = t.column(name)
            for k in range(-method.matching.history, 1):
                compared = [_differences(grid, pool, k) for _, pool in found.pools]
                if compared:
                    rows.append((t.names[0], name, k, *_standardised(np.hstack(compared))))
    return pd.DataFrame(rows, columns=["group", "column", "event_time", "difference", "unrefined", "sets"])


def _differences(grid: Floats, pool: Pool, event_time: int) -> Floats:
    """Values of focal units, their distance from the weighted mean of the others, and from the plain one, (3, m)."""
    own, others = (grid[units, pool.period + event_time] for units in (pool.focal, pool.matched))
    known = ~np.isnan(others)
    mass, total = pool.weights @ known.astype(np.float64), pool.weights @ np.where(known, others, 0.0)
    with np.errstate(invalid="ignore"):
        mean = total / np.where(mass > 0, mass, np.nan)
    plain = others[known].mean() if known.any() else np.nan
    return np.array([own, own - mean[pool.profile], own - plain])


def _standardised(found: Floats) -> tuple[float, float, int]:
    both = found[:, ~np.isnan(found).any(axis=0)]
    own = found[0, ~np.isnan(found[0])]
    spread = own.std(ddof=1) if len(own) > 1 else np.nan
    if not both.shape[1] or not spread > 0:
        return np.nan, np.nan, both.shape[1]
    return float(both[1].mean() / spread), float(both[2].mean() / spread), both.shape[1]


def matching_errors(panel: Panel, design: Design, method: PanelMatch) -> pd.DataFrame:
    """Analytical standard errors of means over matched sets, weights taken as given.

    With A_i the weighted changes of outcome of unit i, B_i the number of its sets and N units in the panel, the
    estimate is sum A / sum B. The conditional error takes B as given: root of (units with weight) var(A) / (sum B)^2.
    The unconditional one lets both vary: root of N (var(A) - 2 b cov(A, B) + b^2 var(B)) / (sum B)^2, b the estimate;
    with units as clusters it is that of the estimate, up to its small-sample factor (Imai, Kim and Wang 2023,
    doi:10.1111/ajps.12685).

    Parameters
    ----------
    panel : Panel
    design : Design
    method : PanelMatch

    Returns
    -------
    DataFrame
        One row for each group and event time: group, event_time, estimate, conditional, unconditional.

    Raises
    ------
    DesignError
        And its branches: the target ``"ate"``, for which no such error is published; no matched set.

    Examples
    --------
    See docs/methods/panel_match.md.
    """
    method.check(panel, design)
    if method.target == "ate":
        raise DesignError("No analytical errors are published for 'ate'.", "", "use panel_match or matching_bootstrap")
    parts = []
    for t, found in _groups(panel, design, method):
        changes, sets = _sums(t, found, design)
        coef = changes.sum(axis=0) / sets.sum()
        weighty = (found.load != 0).any(axis=1).sum()
        within = (changes - coef * sets[:, None]).var(axis=0, ddof=1)
        parts.append(
            pd.DataFrame(
                {
                    "group": t.names[0],
                    "event_time": design.window.event_times,
                    "estimate": coef,
                    "conditional": np.sqrt(weighty * changes.var(axis=0, ddof=1)) / sets.sum(),
                    "unconditional": np.sqrt(len(sets) * within) / sets.sum(),
                }
            )
        )
    return pd.concat(parts, ignore_index=True)


def _sums(t: Trajectories, found: Found, design: Design) -> tuple[Floats, Floats]:
    """Weighted changes of outcome and number of sets of each unit, shapes (U, k) and (U,)."""
    if not found.pools:
        group = f" in group {t.names[0]!r}" if t.names[0] else ""
        raise IdentificationError(f"There is no matched set{group}.", "", "see the card: what is done with every event")
    return found.changes(t.outcome, design.window.event_times, centred=False), found.focal.sum(axis=1).astype(
        np.float64
    )


def matching_bootstrap(panel: Panel, design: Design, method: PanelMatch, *, draws: int, seed: int) -> pd.DataFrame:
    """Draw clusters with replacement, with the weights that the matching gave them.

    Matching is not done anew: a bootstrap that did would not be valid for nearest neighbours (Abadie and Imbens 2008,
    doi:10.3982/ECTA6474). Draws without a set are drawn again. The standard deviation of draws has the errors of the
    estimate with ``errors="fixed"`` as its limit, up to their small-sample factor.

    Parameters
    ----------
    panel : Panel
    design : Design
        Its clusters are drawn.
    method : PanelMatch
    draws, seed : int

    Returns
    -------
    DataFrame
        One row a draw; columns are pairs of group and event time.

    Raises
    ------
    DesignError
        And its branches: fewer than one draw, no matched set.

    Examples
    --------
    See docs/methods/panel_match.md.
    """
    method.check(panel, design)
    if draws < 1:
        raise DesignError("A bootstrap needs draws.", f"draws={draws}", "ask for 999 or more")
    whole, rng = trajectories(panel, design).cluster, np.random.default_rng(seed)
    found = [(t, *_sums(t, matches, design)) for t, matches in _groups(panel, design, method)]
    sums = [group_sums(np.column_stack([changes, sets]), whole) for _, changes, sets in found]
    blocks, left = [], draws
    while left:
        counts = _counts(whole, min(left, max(1, CELLS // (int(whole.max()) + 1))), rng)
        drawn = [counts @ each for each in sums]
        good = np.all([each[:, -1] > 0 for each in drawn], axis=0)
        blocks.append(np.hstack([each[good, :-1] / each[good, -1:] for each in drawn]))
        left -= int(good.sum())
    names = [(t.names[0], k) for t, _, _ in found for k in design.window.event_times]
    return pd.DataFrame(np.vstack(blocks), columns=pd.MultiIndex.from_tuples(names, names=["group", "event_time"]))


def _counts(cluster: Codes, draws: int, rng: np.random.Generator) -> Floats:
    """How often each cluster is drawn, shape (draws, G)."""
    size = int(cluster.max()) + 1
    return rng.multinomial(size, np.full(size, 1.0 / size), size=draws).astype(np.float64)
