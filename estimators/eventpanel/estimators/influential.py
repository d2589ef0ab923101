"""Influential: how few clusters, years, events or rows would have to go for the headline to fall."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few, number
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Floats, Mask
from eventpanel.estimators.core.distributions import t_quantile
from eventpanel.estimators.core.least_squares import least_squares
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.leave_out import cluster_parts
from eventpanel.estimators.matrices import matrices
from eventpanel.estimators.parts import Parts, parts_of
from eventpanel.estimators.solution import absorb_effects, identified
from eventpanel.estimators.target import Target
from eventpanel.estimators.tidy import NUMBERS, check_level, numbers
from eventpanel.estimators.without import Answer, ByClusters, Refits, answer_of, by_clusters, is_sandwich, marked

__all__ = ["Dropping", "drop_influential"]

Aim = Literal["sign", "significance", "opposite"]
# What is to fall: which end of the interval, in half lengths from the estimate, has to pass zero.
AIMS: dict[Aim, float] = {"sign": 0.0, "significance": -1.0, "opposite": 1.0}
WORDS: dict[Aim, str] = {
    "sign": "The sign changes",
    "significance": "Significance at {} % is lost",
    "opposite": "The opposite sign becomes significant at {} %",
}

LAST = float(np.finfo(np.float64).max)


@dataclass(frozen=True, slots=True, eq=False)
class Dropping:
    """What becomes of a target when the most influential parts of the sample are dropped, one after another.

    Attributes
    ----------
    by : str
    most : int
    curve : DataFrame
        One row per aim and number dropped, from none: aim (``"sign"``, ``"significance"``, ``"opposite"``), dropped,
        left_out (the last one dropped), rows (of the sample, dropped so far), estimate, std_error, dof, p_value,
        conf_low, conf_high, note.
    needed : DataFrame
        One row per aim: aim, dropped (how many have to go; missing where ``most`` are not enough), share (of all
        parts), rows, left_out (all that go).
    level : float
        Of the intervals; tests are at one less it.
    """

    by: str
    most: int
    curve: pd.DataFrame
    needed: pd.DataFrame
    level: float = 0.95

    def describe(self) -> list[str]:
        """Say it in words, one sentence for each aim."""
        said = []
        what = self.by if self.by in ("cluster", "event", "row") else f"{self.by} value"
        for aim, dropped, gone in zip(AIMS, self.needed["dropped"], self.needed["left_out"], strict=True):
            words = WORDS[aim].format(f"{100 * (1 - self.level):.3g}")
            if pd.isna(dropped):
                said.append(f"{words}: not within {self.most} dropped.")
            elif dropped == 0:
                said.append(f"{words}: so it is with nothing dropped.")
            else:
                said.append(f"{words}: {number(int(dropped), what)} dropped ({first_few(gone, self.most)}).")
        return said


def drop_influential(
    panel: Panel, design: Design, target: Target, most: int = 10, by: str = "cluster", *, level: float = 0.95
) -> Dropping:
    """Drop the clusters, values, events or rows that carry a distributed lag, and estimate exactly after each.

    The order is greedy: what is dropped stays dropped, and the rest is ranked again. Where each cluster lies in one
    part and the covariance is CRV1, every part that is left is tried by cross-products, for each aim. Else parts are
    ranked by the sum of the first-order influence of their rows on the estimate, whatever the aim (Broderick, Giordano
    and Meager 2020, arXiv:2011.14999), and the target is estimated without the first of them. So the numbers of the
    curve are exact, and how many have to go is an upper bound: other sets of fewer parts may do it as well. Only where
    one cluster changes the sign is it surely found.

    Parameters
    ----------
    panel : Panel
    design : Design
    target : Target
    most : int
        How many may go.
    by : str
        As for :func:`.leave_out`; also ``"row"``.
    level : float
        Of the intervals.

    Raises
    ------
    DesignError
        And its branches, as distributed_lag; also where fewer than one may go, or the level is none.

    Examples
    --------
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"] = rng.poisson(1.0, len(frame))
    >>> frame["y"] = np.where(frame["unit"] == 7, 40.0, -0.1) * frame["x"] + rng.normal(size=len(frame))
    >>> design = Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=0, lags=0, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe"))
    >>> dropping = drop_influential(Panel(frame, ("unit",), "year"), design, Target(), most=2)
    >>> dropping.needed[["aim", "dropped", "left_out"]].values.tolist()[0]
    ['sign', 1, ('7',)]
    """
    if most < 1:
        raise DesignError("At least one must be allowed to go.", f"most={most}", "for example 10")
    check_level(level)
    whole = distributed_lag(panel, design)
    parts = parts_of(panel, design, by).among(whole.sample)
    start = answer_of(target, whole)
    search = _Search(panel, design, target, parts, 1.0 if start.estimate >= 0 else -1.0, level)
    found = by_clusters(panel, design, target) if is_sandwich(design) else None
    held = None if found is None else cluster_parts(found, parts)
    if found is None or held is None:
        path = search.path(start, most, search.by_influence)
        paths: dict[Aim, Path] = dict.fromkeys(AIMS, path)
    else:
        exact = _Exact(found, held, search)
        paths = {aim: search.path(start, most, partial(exact.choose, aim), exact.answer) for aim in AIMS}
    curves = [_curve(aim, path, search, whole.sample) for aim, path in paths.items()]
    needed = pd.DataFrame(
        [_needed(aim, curve, search.sign, len(parts.labels)) for aim, curve in zip(AIMS, curves, strict=True)]
    )
    return Dropping(
        by, most, pd.concat(curves, ignore_index=True), needed.astype({"dropped": "Int64", "rows": "Int64"}), level
    )


Path = list[tuple[int, Answer]]
Choose = Callable[[Mask, Answer], int]


@dataclass(frozen=True, slots=True, eq=False)
class _Search:
    """Greedy dropping of parts, shape (M,), against the sign of the whole estimate."""

    panel: Panel
    design: Design
    target: Target
    parts: Parts
    sign: float
    level: float

    def path(self, start: Answer, most: int, choose: Choose, answer: Callable[[Mask], Answer] | None = None) -> Path:
        """Parts in the order they go, and the answers without them; it ends where nothing more can be estimated."""
        out, path = np.zeros(len(self.parts.labels), dtype=bool), [(-1, start)]
        while len(path) <= most and not out.all() and not np.isnan(path[-1][1].estimate):
            part = choose(out, path[-1][1])
            out[part] = True
            path.append((part, self.again(out) if answer is None else answer(out)))
        return path

    def refits(self, out: Mask) -> Refits:
        """Estimates on rows that stay (code 0) or go (code 1)."""
        codes = self.parts.rows(out).astype(np.int64)
        return Refits(marked(self.panel, codes), self.design, self.target, distributed_lag)

    def again(self, out: Mask) -> Answer:
        return self.refits(out).answer(np.array([False, True]))

    def by_influence(self, out: Mask, _: Answer) -> int:
        """Part whose rows together hold the estimate up most, to first order."""
        panel, design = self.refits(out).on(np.array([True, False])) if out.any() else (self.panel, self.design)
        sums = self.parts.sums(_influence(panel, design, self.target))
        return int(np.argmax(np.where(out, -np.inf, self.sign * sums)))


def _influence(panel: Panel, design: Design, target: Target) -> Floats:
    """First-order fall of a target when a row goes, by row of the panel; zero outside the sample."""
    m = matrices(panel, design)
    within = absorb_effects(m, np.column_stack([m.y, m.X])).columns
    kept, _ = identified(m, within[:, 1:])
    fit = least_squares(within[:, 0], within[:, 1:][:, kept], m.weights)
    weights = target.weights([term for term, keep in zip(m.terms, kept, strict=True) if keep])
    out = np.zeros(len(panel.frame))
    out[m.sample] = fit.scores @ (fit.bread @ weights)
    return out


@dataclass(frozen=True, slots=True, eq=False)
class _Exact:
    """Every part that is left tried from cross-products; ``held`` says which clusters it holds, shape (G, M)."""

    found: ByClusters
    held: Mask
    search: _Search

    def answer(self, out: Mask) -> Answer:
        quick = self.found.answer(self._gone(out))
        return self.search.again(out) if quick is None else quick

    def _gone(self, out: Mask) -> Mask:
        return np.asarray(self.held[:, out].any(axis=1), dtype=bool)

    def choose(self, aim: Aim, out: Mask, now: Answer) -> int:
        """Part without which the end of the interval that an aim asks for lies furthest on the other side."""
        gone = self._gone(out)
        # The small-sample factor is that of the last sample: it is the same for all that are compared.
        plain = self.found.left(gone)
        factor = 1.0 if plain is None else now.variance / float(plain.influence @ plain.influence)
        half = AIMS[aim] * t_quantile(0.5 + self.search.level / 2, np.array([now.dof]))[0] * np.sqrt(factor)
        ends = [np.inf if out[j] else self._end(gone | self.held[:, j], half) for j in range(len(out))]
        return int(np.argmin(ends))

    def _end(self, gone: Mask, half: float) -> float:
        """How far that end lies on the side of the whole estimate; what cannot be told comes last."""
        left = self.found.left(gone)
        if left is None:
            return LAST
        return float(self.search.sign * left.estimate + half * np.linalg.norm(left.influence))


def _curve(aim: Aim, path: Path, search: _Search, sample: Mask) -> pd.DataFrame:
    parts = search.parts
    answers = [answer for _, answer in path]
    columns = (np.array([getattr(a, name) for a in answers], dtype=float) for name in ("estimate", "variance", "dof"))
    coef, variance, dof = columns
    values = dict(zip(NUMBERS, numbers(coef, variance, dof, search.level), strict=True))
    out, rows = np.zeros(len(parts.labels), dtype=bool), []
    for part, _ in path:
        out[part] |= part >= 0
        rows.append(int((parts.rows(out) & sample).sum()))
    return pd.DataFrame(
        {
            "aim": aim,
            "dropped": np.arange(len(path)),
            "left_out": [parts.labels[part] if part >= 0 else "" for part, _ in path],
            "rows": rows,
            "estimate": values["estimate"],
            "std_error": values["std_error"],
            "dof": dof,
            **{name: values[name] for name in ("p_value", "conf_low", "conf_high")},
            "note": [answer.note for answer in answers],
        }
    )


def _needed(aim: Aim, curve: pd.DataFrame, sign: float, parts: int) -> dict[str, object]:
    low, high = (sign * curve["estimate"] + side * (curve["conf_high"] - curve["estimate"]) for side in (-1.0, 1.0))
    passed = {"sign": sign * curve["estimate"] < 0, "significance": low <= 0, "opposite": high < 0}[aim]
    if not passed.any():
        return {"aim": aim, "dropped": pd.NA, "share": np.nan, "rows": pd.NA, "left_out": ()}
    k = int(np.argmax(passed.to_numpy()))
    gone = tuple(curve["left_out"].iloc[1 : k + 1])
    return {"aim": aim, "dropped": k, "share": k / parts, "rows": int(curve["rows"].iloc[k]), "left_out": gone}
