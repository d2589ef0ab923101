"""Joint curve: one number of thousands of designs, drawn together under the null that the event does nothing.

Simonsohn, Simmons and Nelson (2020, doi:10.1038/s41562-020-0912-z): the specifications of a curve are tested together
by drawing data in which the null holds, and doing to these all that was done to the data. Each draw flips the residuals
of whole clusters, and a cluster flips in every specification at once, so that they depend on each other as they do.

The null: the event has no effect, so the whole path of the target's groups is zero in the residuals and in the draws,
not the target alone. A target that alone were zero would leave the other event times of the same event at their
estimates, different ones in every specification, and the draws would not come from one world in which nothing happens.
The t of a draw is that of the target. Other groups of the moderator keep the paths they have.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from eventpanel.datasets.errors import DesignError, EventPanelError
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.clusters import degrees_of_freedom
from eventpanel.estimators.core.absorb import Absorber, absorber
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.curve import Drawn, Frame, aim, drawn
from eventpanel.estimators.core.free_effects import free_effects
from eventpanel.estimators.core.groups import is_nested, numbered
from eventpanel.estimators.core.least_squares import COLLINEAR
from eventpanel.estimators.curve_draws import (
    CurveDraws,
    JointDraws,
    Label,
    One,
    as_curve,
    refuse_other_than_crv1,
    shared_signs,
)
from eventpanel.estimators.design import Design, cluster_name, one_way
from eventpanel.estimators.distributed_lag import fitted
from eventpanel.estimators.matrices import Matrices, matrices
from eventpanel.estimators.path import Term
from eventpanel.estimators.permuted_curve import permuted_curve
from eventpanel.estimators.regression import Regression, effects_of
from eventpanel.estimators.solution import ABSORBED_WELL, EstimationWarning, assemble, counts_of, sizes_of, spread
from eventpanel.estimators.target import Target

__all__ = ["joint_curve"]
Step = Callable[[str], None]
# Samples with their effects that are held at a time.
HELD = 8


def _silent(_: str) -> None:
    """Report no progress."""


def joint_curve(
    panel: Panel, designs: Mapping[Label, Design], target: Target, how: JointDraws, step: Step = _silent
) -> CurveDraws:
    """Draw the target of every design under the null of no effect, the same clusters flipped in all of them.

    Parameters
    ----------
    panel : Panel
    designs : mapping of label to Design
        Distributed lags, with clusters of one way that are those of ``how.by`` or lie inside them.
    target : Target
        The number that is watched.
    how : JointDraws
    step : callable
        Is told what is done, batch by batch.

    Returns
    -------
    CurveDraws
        In the order of the designs. Any part of the designs gives the same numbers, bit by bit, as all of them.

    Raises
    ------
    ColumnError
        No column of the name ``how.by``.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from eventpanel.estimators.covariance import Clustered
    >>> from eventpanel.estimators.events import Event
    >>> from eventpanel.estimators.window import EventWindow
    >>> rng = np.random.default_rng(1)
    >>> frame = pd.DataFrame([(u, t) for u in range(30) for t in range(20)], columns=["unit", "year"])
    >>> frame["x"], frame["y"] = rng.poisson(1.0, len(frame)), rng.normal(size=len(frame))
    >>> designs = {leads: Design(outcome="y", event=Event(column="x", kind="dose"),
    ...     window=EventWindow(leads=leads, lags=1, reference=None), fixed_effects=("unit", "year"),
    ...     covariance=Clustered("unit", "reghdfe")) for leads in (0, 1)}
    >>> curve = joint_curve(Panel(frame, ("unit",), "year"), designs, Target(), JointDraws(seed=1, by="unit", draws=99))
    >>> curve.labels, curve.draws.shape
    ((0, 1), (2, 99))
    """
    if how.null == "permutation":
        return permuted_curve(panel, designs, target, how, step)
    # A column that is not there is the fault of the question, not of each design.
    shared_signs(panel, how)
    task = _Task(panel, target, how)
    batches: dict[Hashable, list[Label]] = defaultdict(list)
    for label, design in designs.items():
        batches[_effects(design), _sharing(panel, design)].append(label)
    found: dict[Label, One | str] = {}
    # Batches with the same sample and effects one after another: their absorbed outcomes are held.
    for number, key in enumerate(sorted(batches, key=repr), 1):
        step(f"sample and event {number} of {len(batches)}")
        found |= task.batch({label: designs[label] for label in batches[key]})
    return as_curve(tuple(designs), found, how.draws)


def _effects(d: Design) -> Hashable:
    return d.fixed_effects, d.covariance, d.weights, d.sample


def _sharing(panel: Panel, d: Design) -> Hashable:
    """Name what designs of one batch have in common; they differ in outcomes and controls without gaps only."""
    own = tuple(sorted(name for name in {d.outcome, *d.controls} if _gaps(panel, name)))
    return d.event, d.window, d.moderator, d.offset, own


def _gaps(panel: Panel, name: str) -> bool:
    """Whether a column decides which rows are used, or is no column of numbers at all."""
    try:
        values = panel.values(name)
    except EventPanelError:
        return True
    return panel.once(("gaps", name), lambda: bool(np.isnan(values).any() or panel.censored(name).any()))


@dataclass(frozen=True, slots=True, eq=False)
class _Rows:
    """Rows of a sample with their effects: outcomes and controls after these, one by one as they are asked for."""

    frame: Frame
    absorber: Absorber
    within: dict[str, Floats | None] = field(default_factory=dict)

    def of(self, panel: Panel, m: Matrices, name: str) -> Floats | None:
        """Return a column after the effects, shape (n,); None where they leave nothing of it, or not all is removed."""
        if name not in self.within:
            raw = panel.values(name)[m.sample][:, None]
            self.within[name] = self._absorbed(raw) if np.isfinite(raw).all() else None
        return self.within[name]

    def _absorbed(self, raw: Floats) -> Floats | None:
        # Each column for itself: what stands beside it must not change its last digit.
        done = self.absorber.absorb(raw)
        kept = np.linalg.norm(done.columns) > COLLINEAR * spread(raw)[0]
        return done.columns[:, 0] if kept and done.certificate <= ABSORBED_WELL else None


@dataclass(frozen=True, slots=True, eq=False)
class _Task:
    """What is drawn, on what, how; and the rows of the samples met last."""

    panel: Panel
    target: Target
    how: JointDraws
    held: dict[Hashable, _Rows] = field(default_factory=dict)

    def batch(self, designs: Mapping[Label, Design]) -> dict[Label, One | str]:
        """Draw designs that differ in outcomes and controls only."""
        by_controls: dict[tuple[str, ...], dict[Label, Design]] = defaultdict(dict)
        for label, design in designs.items():
            by_controls[design.controls][label] = design
        found: dict[Label, One | str] = {}
        first = next(iter(designs.values()))
        if _is_plain(first):
            try:
                found = self._shared(first, by_controls)
            except EventPanelError:
                # Whatever is wrong is said of each design by itself.
                found = {}
        return found | {label: self._alone(d) for label, d in designs.items() if label not in found}

    def _shared(
        self, first: Design, by_controls: Mapping[tuple[str, ...], Mapping[Label, Design]]
    ) -> dict[Label, One | str]:
        m = matrices(self.panel, first)
        rows = self._rows(m, first)
        profiles = m.profiles[m.cells]
        path = rows.absorber.absorb(profiles)
        absorbed = np.linalg.norm(path.columns, axis=0) <= COLLINEAR * spread(profiles)
        if path.certificate > ABSORBED_WELL or absorbed.any():
            return {}
        found: dict[Label, One | str] = {}
        for controls, designs in by_controls.items():
            columns = [rows.of(self.panel, m, name) for name in controls]
            if not any(column is None for column in columns):
                X = np.vstack([path.columns.T, *(column for column in columns if column is not None)]).T
                found |= self._outcomes(m, rows, X, controls, designs)
        return found

    def _outcomes(
        self, m: Matrices, rows: _Rows, X: Floats, controls: Sequence[str], designs: Mapping[Label, Design]
    ) -> dict[Label, One | str]:
        """Draw designs with the same terms."""
        terms = (*m.terms[: m.profiles.shape[1]], *map(Term, controls))
        ready = aim(rows.frame, X, self.target.weights(terms))
        if ready is None:
            return {}
        asked = one_way(next(iter(designs.values())))
        factor = asked.factor(counts_of(m, rows.absorber.rank if m.effects else 0, len(terms)))
        by_group = {size.group: size.clusters for size in sizes_of(m)[0]}
        dof = self._dof(terms, degrees_of_freedom(terms, by_group, int(m.clusters.max()) + 1))
        null, found = self._null(terms), {}
        for label, design in designs.items():
            y = rows.of(self.panel, m, design.outcome)
            if y is not None:
                found[label] = _one(drawn(ready, y, null), factor, dof)
        return found

    def _dof(self, terms: Sequence[Term], dof: Floats) -> float:
        return float(dof[self.target.weights(terms) != 0].min())

    def _null(self, terms: Sequence[Term]) -> list[int]:
        """Columns that are zero under the null: the whole path of the target's groups."""
        groups = (self.target.group, self.target.minus) if self.target.minus else (self.target.group,)
        return [i for i, term in enumerate(terms) if term.event_time is not None and term.group in groups]

    def _rows(self, m: Matrices, design: Design) -> _Rows:
        key = (_effects(design), design.moderator, m.sample.tobytes())
        if key not in self.held:
            while len(self.held) >= HELD:
                del self.held[next(iter(self.held))]
            groups = effects_of(m)
            whole = Regression(m.y, m.controls, groups, m.clusters, m.weights)
            frame = self._frame(design, whole, self._clusters(m))
            self.held[key] = _Rows(frame, absorber(groups, m.weights))
        return self.held[key]

    def _clusters(self, m: Matrices) -> Codes:
        """Return what is drawn together, by row of the sample, as clusters of the panel."""
        return shared_signs(self.panel, self.how)[0][m.sample]

    def _frame(self, design: Design, r: Regression, clusters: Codes) -> Frame:
        """Frame of a fit, given what is drawn together with each of its rows."""
        name = cluster_name(self.panel, design)
        if not is_nested(r.clusters, clusters):
            raise DesignError(
                f"Clusters by {name} do not lie inside those that are drawn together, by {self.how.by}.",
                design.covariance.describe(),
                f"cluster by {self.how.by}, or by something inside it",
            )
        present, outer = numbered(clusters)
        try:
            free = free_effects(r.effects, outer, r.weights)
        except ArithmeticError as error:
            raise DesignError("The fixed effects are too many to draw.", str(error), "use coarser effects") from error
        # As many clusters, one inside the other: they are the same.
        inner = outer if int(r.clusters.max()) == int(outer.max()) else r.clusters
        return Frame(outer, inner, r.weights, free, shared_signs(self.panel, self.how)[1][present])

    def _alone(self, design: Design) -> One | str:
        """Draw one design by itself, or say why it cannot be."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", EstimationWarning)
            try:
                return self._by_itself(design)
            except EventPanelError as error:
                return error.what

    def _by_itself(self, design: Design) -> One | str:
        refuse_other_than_crv1(design)
        found = fitted(self.panel, design)
        estimate = assemble("distributed_lag", design, found.m, found.solution)
        weights = self.target.weights(estimate.terms)
        watched = self.target.of(estimate)
        r = found.regression
        clusters = self._clusters(found.m)
        if len(r.y) < len(clusters):
            of_cells = np.zeros(len(r.y), dtype=np.int64)
            of_cells[found.m.cells] = clusters
            clusters = of_cells
        frame = self._frame(design, r, clusters)
        ready = aim(frame, found.within[:, 1:], weights, found.solution.fit.bread)
        assert ready is not None
        one = drawn(ready, found.within[:, 0], self._null(estimate.terms))
        return _one(one, float(watched.vcov[0, 0]) / one.variance, float(watched.dof[0]))


def _is_plain(design: Design) -> bool:
    """Whether cross-products give the covariance."""
    asked = design.covariance
    return getattr(asked, "kind", "") == "CRV1" and getattr(asked, "small_sample", "") != "fixest"


def _one(found: Drawn, factor: float, dof: float) -> One | str:
    if not found.variance > 0:
        return "The target has no standard error: it is fitted without any error."
    with np.errstate(divide="ignore", invalid="ignore"):
        t = found.estimates / np.sqrt(factor * found.variances)
    return One(found.estimate, float(np.sqrt(factor * found.variance)), dof, found.estimates, t, "wild")
