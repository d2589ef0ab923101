"""Permuted curve: one number of many designs, whole event histories changing places between units, the same in all.

Every unit of the panel has one random key a draw. Within a stratum the units, in the order of their names, receive the
histories of its units in the order of their keys. A design whose sample holds some of them takes the permutation that
this induces: a unit receives the history of the next unit on its cycle that is in the design. Uniform permutations of a
stratum induce uniform ones of any part of it, so each design's draws are those of a randomisation test of its own, and
designs with the same strata move the same histories wherever they can.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial

import numpy as np

from eventpanel.datasets.errors import DesignError, EventPanelError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.assignments import Permutations
from eventpanel.estimators.core.groups import cross, numbered
from eventpanel.estimators.core.permutation import Drawn, Fixed
from eventpanel.estimators.curve_draws import CurveDraws, JointDraws, Label, One, as_curve, refuse_other_than_crv1
from eventpanel.estimators.design import Design
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.histories import Histories, permuted
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.moderator import groups_or_one
from eventpanel.estimators.record import event_unit
from eventpanel.estimators.redrawn import evaluator
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.solution import EstimationWarning
from eventpanel.estimators.target import Target

__all__ = ["exchanged", "induced", "permuted_curve"]


def permuted_curve(
    panel: Panel, designs: Mapping[Label, Design], target: Target, how: JointDraws, step: Callable[[str], None]
) -> CurveDraws:
    """Draw the target of every design with event histories that have changed places.

    Parameters
    ----------
    panel : Panel
    designs : mapping of label to Design
        Distributed lags of events of the units ``how.by``.
    target : Target
    how : JointDraws
        With strata, histories stay within their values.
    step : callable
        Is told what is done.
    """
    task = _Task(panel, target, how, _keys(panel, how))
    found: dict[Label, One | str] = {}
    for number, (label, design) in enumerate(designs.items(), 1):
        if number % 50 == 1:
            step(f"design {number} of {len(designs)}")
        found[label] = task.one(design)
    return as_curve(tuple(designs), found, how.draws)


def _keys(panel: Panel, how: JointDraws) -> Floats:
    """Draw a key of every unit of the panel, in the order of their names, for every draw, shape (draws, U)."""
    return np.random.default_rng(how.seed).random((how.draws, len(numbered(panel.crossed(how.by))[0])))


def exchanged(keys: Floats, strata: Codes) -> Codes:
    """Permutations of units within strata by their keys, uniform and independent across strata, shape (draws, U).

    Parameters
    ----------
    keys : ndarray, shape (draws, U)
        Between zero and one.
    strata : ndarray, shape (U,)

    Examples
    --------
    >>> exchanged(np.array([[0.9, 0.5, 0.1, 0.3]]), np.array([0, 1, 0, 1])).tolist()
    [[2, 3, 0, 1]]
    """
    out = np.empty(keys.shape, dtype=np.int64)
    out[:, np.argsort(strata, kind="stable")] = np.argsort(strata + keys, axis=1)
    return out


def induced(draws: Codes, classes: Codes) -> Codes:
    """Permutations of some units of each stratum that permutations of all its units induce, shape (draws, U).

    Parameters
    ----------
    draws : ndarray, shape (draws, U)
        Source of each unit.
    classes : ndarray, shape (U,)
        Stratum of each unit that exchanges; units below zero are passed over, and keep what they have.

    Examples
    --------
    >>> induced(np.array([[1, 2, 3, 0]]), np.array([0, -1, 0, 0])).tolist()
    [[2, 1, 3, 0]]
    """
    own = np.arange(len(classes))
    out = np.where(classes < 0, own, draws)
    wrong = classes[out] != classes
    while wrong.any():
        row, unit = np.nonzero(wrong)
        out[row, unit] = draws[row, out[row, unit]]
        wrong = classes[out] != classes
    return np.asarray(out)


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is drawn, on what, how; keys of all units, and the sources on classes met before."""

    panel: Panel
    target: Target
    how: JointDraws
    keys: Floats
    known: dict[tuple[bytes, bytes], Codes] = field(default_factory=dict)

    def one(self, design: Design) -> One | str:
        """Draw one design, or say why it cannot be."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            try:
                return self._one(design)
            except EventPanelError as error:
                return error.what

    def _one(self, design: Design) -> One | str:
        refuse_other_than_crv1(design)
        unit = event_unit(self.panel, design.event)
        if unit != self.how.by:
            raise DesignError(
                f"Events belong to units of {unit}, and histories of {self.how.by} change places.", "", f"use by={unit}"
            )
        estimate = distributed_lag(self.panel, design)
        watched, m = self.target.of(estimate), matrices(self.panel, design)
        kept = np.array([term in estimate.terms for term in m.terms])
        path = np.array([term.event_time is not None for term in m.terms])
        histories = permuted(self.panel, design, m, kept[path], self.how.strata, "match")
        fixed = Fixed(m.y, m.X[:, ~path & kept], effects_of(m), m.clusters, m.weights)
        evaluate = partial(evaluator(m, fixed, histories, "linear"), histories.moved.histories)
        weights = self.target.weights([t for t, use in zip(m.terms, path & kept, strict=True) if use])
        own_variance = _watched(evaluate(histories.assignments.own[None]), weights)[1][0]
        estimates, variances = _watched(evaluate(self._sources(design, m, histories)), weights)
        if not own_variance > 0:
            return "The target has no standard error: it is fitted without any error."
        # The factor of small samples is the same in every draw.
        error = float(watched.std_errors.iloc[0])
        with np.errstate(divide="ignore", invalid="ignore"):
            t = estimates / np.sqrt(variances / own_variance) / error
        return One(float(watched.coef[0]), error, float(watched.dof[0]), estimates, t, "permutation")

    def _sources(self, design: Design, m: Matrices, histories: Histories) -> Codes:
        """Source of each unit of a design in every draw, shape (draws, units of the design)."""
        assert isinstance(histories.assignments, Permutations)
        strata = self._strata(design, m)
        mine = np.unique(numbered(self.panel.crossed(self.how.by))[1][m.sample])
        classes = np.full(len(strata), -1)
        classes[mine] = np.where(_largest(histories.assignments.strata, strata[mine]), strata[mine], -1)
        key = (strata.tobytes(), classes.tobytes())
        if key not in self.known:
            place = np.zeros(len(classes), dtype=np.int64)
            place[mine] = np.arange(len(mine))
            self.known[key] = place[induced(exchanged(self.keys, strata), classes)[:, mine]]
        return self.known[key]

    def _strata(self, design: Design, m: Matrices) -> Codes:
        """Stratum of every unit of the panel; what the rows of a design say goes before what others say."""
        unit = numbered(self.panel.crossed(self.how.by))[1]
        code = np.zeros(self.keys.shape[1], dtype=np.int64)
        for name in self.how.strata:
            is_moderator = design.moderator is not None and name == design.moderator.name
            values = groups_or_one(self.panel, design.moderator).codes if is_moderator else self.panel.crossed(name)
            own = np.zeros(len(code), dtype=np.int64)
            own[unit] = values + 1
            own[unit[m.sample]] = values[m.sample] + 1
            code = cross(code, own)
        return code


def _largest(covered: Codes, strata: Codes) -> Mask:
    """Units that exchange: of each stratum the most whose records cover the same periods; the others are held."""
    number = int(covered.max()) + 1
    counts = np.bincount(covered, minlength=number)
    chosen = np.zeros(len(strata), dtype=bool)
    for stratum in np.unique(strata):
        inside = np.unique(covered[strata == stratum])
        chosen |= covered == inside[np.argmax(counts[inside])]
    return chosen


def _watched(drawn: Drawn, weights: Floats) -> tuple[Floats, Floats]:
    """Find the target and its variance without small-sample factor in each draw."""
    return drawn.coef @ weights, np.einsum("i,dij,j->d", weights, drawn.vcov, weights)
