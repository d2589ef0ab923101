"""Side by side: several estimators on one panel, horizons aligned, their differences tested jointly."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from scipy import stats

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.card import Card, card
from eventpanel.estimators.cautions import EstimationWarning
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.draws import Draws, Weights
from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.joint import joined
from eventpanel.estimators.method import Planned
from eventpanel.estimators.methods import method_of, run_method
from eventpanel.estimators.tidy import check_level

__all__ = ["SideBySide", "compare_estimators"]

# Below this many clusters signs alone give few different draws (Webb 2023, doi:10.1111/caje.12661).
FEW_CLUSTERS = 12
SHOWN = ("group", "event_time", "role", "estimate", "std_error", "p_value", "conf_low", "conf_high")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class SideBySide:
    """Estimates of several methods on one panel.

    Attributes
    ----------
    design : Design
        What was asked of all of them.
    estimates : mapping of str to Estimate
        By label, in the order they were asked for.
    cards : mapping of str to Card
        Of all methods, also of those that refuse, be it only when they are run.
    refused : mapping of str to str
        Why a method has no estimate.
    """

    design: Design
    estimates: Mapping[str, Estimate]
    cards: Mapping[str, Card]
    refused: Mapping[str, str]

    def table(self, level: float = 0.95) -> pd.DataFrame:
        """One row per method, group and event time, the base period included.

        Returns
        -------
        DataFrame
            method, group, event_time, role, estimate, std_error, p_value, conf_low, conf_high, share_of_events,
            share_of_rows; without rows where every method refuses.
        """
        check_level(level)
        parts = []
        for label, estimate in self.estimates.items():
            tidy = estimate.tidy(level)
            shown, one = tidy.loc[tidy["event_time"].notna(), list(SHOWN)], self.cards[label]
            parts.append(shown.assign(method=label, share_of_events=one.share_of_events, share_of_rows=one.share))
        columns = ["method", *SHOWN, "share_of_events", "share_of_rows"]
        return pd.concat(parts, ignore_index=True)[columns] if parts else pd.DataFrame(columns=columns)

    def differences(self, base: str | None = None, *, draws: int = 9_999, seed: int = 1) -> pd.DataFrame:
        """Differences between the methods and one of them, tested jointly by a bootstrap of whole clusters.

        Methods differ in what they estimate: a difference that is not noise says that effects vary between events,
        units or times, or that an assumption of one of them fails.

        Parameters
        ----------
        base : str, optional
            Label of the method that the others are compared with; the first without it.
        draws : int
            Of the bootstrap, which gives each cluster's contribution to all coefficients at once a random sign, or
            one of Webb's six weights below 12 clusters.
        seed : int

        Returns
        -------
        DataFrame
            method, group, event_time, difference, std_error, p_value, p_joint: that the largest of all differences,
            in standard errors, is at least as large where no method differs from the base; and a row for each method
            without group and event time, whose p_joint is of all its differences.

        Raises
        ------
        DesignError
            An unknown base, or fewer than two estimates.
        """
        labels = list(self.estimates)
        against = labels[0] if base is None and labels else str(base)
        if against not in labels or len(labels) < 2:
            raise DesignError(
                "There is nothing to compare.", f"base {base!r}; estimates: {first_few(labels)}", "name one of several"
            )
        keys, matrix = _differences(self.estimates, against)
        both = joined(list(self.estimates.values()))
        values = matrix @ np.concatenate([estimate.coef for estimate in self.estimates.values()])
        parts = both.values @ matrix.T
        table = pd.DataFrame(keys, columns=["method", "group", "event_time"])
        return _tested(table, values, parts, Draws(len(parts), draws, _weights(len(parts)), seed, enumerated=False))

    def __repr__(self) -> str:
        """Estimates by event time, one column a method, and what each uses."""
        lines = [f"{self.design.outcome} on {self.design.event.describe()}", ""]
        table = self.table()
        if len(table):
            wide = table.pivot_table(
                index=["group", "event_time"], columns="method", values="estimate", sort=False, observed=True
            ).sort_index()
            lines += [wide.to_string(float_format=lambda v: f"{v:.4f}", na_rep=""), ""]
        uses = pd.DataFrame([one.totals for one in self.cards.values()], index=list(self.cards))
        shown = uses[["events", "used", "dropped", "comparison", "share_of_rows"]]
        lines.append(shown.to_string(float_format=lambda v: f"{v:.2f}", na_rep=""))
        return "\n".join([*lines, *(f"{label}: refused. {why}" for label, why in self.refused.items())])


def compare_estimators(
    panel: Panel, design: Design, methods: Sequence[str | Planned] | Mapping[str, str | Planned]
) -> SideBySide:
    """Run several methods on one panel and design; those that refuse are listed with their reason.

    Parameters
    ----------
    panel : Panel
    design : Design
        With clusters of one way, a window with reference -1, units and periods as fixed effects.
    methods : sequence of str or method, or mapping of label to these
        Names as in :data:`eventpanel.estimators.methods.METHODS`, or methods with options.

    Returns
    -------
    SideBySide

    Raises
    ------
    DesignError
        An unknown name, or two methods of one label.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(0.2, len(frame))
    >>> frame["y"] = 2.0 * frame["x"] + rng.normal(size=len(frame))
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=2, lags=1, reference=-1), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "none"))
    >>> found = compare_estimators(Panel(frame, ("unit",), "year"), design, ["distributed_lag", "local_projections"])
    >>> list(found.estimates)
    ['distributed_lag', 'local_projections']
    """
    named = _labelled(methods)
    estimates, refused = {}, {}
    cards = {label: card(method, panel, design) for label, method in named.items()}
    for label, method in named.items():
        try:
            with warnings.catch_warnings():
                # Cautions stay on the estimates, as their notes.
                warnings.simplefilter("ignore", EstimationWarning)
                estimates[label] = run_method(method, panel, design)
        except DesignError as error:
            refused[label] = " ".join(str(error).split())
            cards[label] = replace(cards[label], refused=refused[label])
    return SideBySide(design, estimates, cards, refused)


def _labelled(methods: Sequence[str | Planned] | Mapping[str, str | Planned]) -> dict[str, Planned]:
    if isinstance(methods, Mapping):
        return {label: method_of(method) for label, method in methods.items()}
    made = [(method if isinstance(method, str) else method.name, method_of(method)) for method in methods]
    labels = [label for label, _ in made]
    if len(set(labels)) < len(labels):
        raise DesignError(
            "Two methods have one label.",
            first_few(sorted({label for label in labels if labels.count(label) > 1})),
            "give a mapping of labels to methods",
        )
    return dict(made)


def _differences(estimates: Mapping[str, Estimate], base: str) -> tuple[list[tuple[str, str, int]], Floats]:
    """Differences that both methods have: what they are, and their matrix on all coefficients."""
    place, start = {}, 0
    for label, estimate in estimates.items():
        for i, term in enumerate(estimate.terms):
            if term.event_time is not None and not term.binned:
                place[label, term.group, term.event_time] = start + i
        start += len(estimate.terms)
    keys = [key for key in place if key[0] != base and (base, *key[1:]) in place]
    matrix = np.zeros((len(keys), start))
    for row, (label, group, event_time) in enumerate(keys):
        matrix[row, place[label, group, event_time]] = 1.0
        matrix[row, place[base, group, event_time]] = -1.0
    return keys, matrix


def _weights(clusters: int) -> Weights:
    return "webb" if clusters < FEW_CLUSTERS else "rademacher"


def _tested(table: pd.DataFrame, values: Floats, parts: Floats, draws: Draws) -> pd.DataFrame:
    errors = np.sqrt((parts**2).sum(axis=0))
    known = errors > 0
    sizes = np.divide(np.abs(values), errors, out=np.full(len(values), np.nan), where=known)
    drawn = np.zeros((len(values), draws.count))
    drawn[known] = np.hstack([np.abs((parts[:, known] / errors[known]).T @ block) for block in draws])
    rows = table.assign(
        difference=values,
        std_error=errors,
        p_value=2 * stats.t.sf(sizes, len(parts) - 1),
        p_joint=[_share(drawn.max(axis=0), size) for size in sizes],
    )
    whole = []
    for label in dict.fromkeys(table["method"]):
        mine = (table["method"] == label).to_numpy() & known
        size = float(sizes[mine].max()) if mine.any() else np.nan
        whole.append({"method": label, "p_joint": _share(drawn[mine].max(axis=0, initial=0.0), size)})
    return pd.concat([rows, pd.DataFrame(whole)], ignore_index=True)


def _share(draws: Floats, size: float) -> float:
    """P-value that counts the data among the draws; missing where the difference has no standard error."""
    return np.nan if np.isnan(size) else float((1 + (draws >= size).sum()) / (1 + len(draws)))
