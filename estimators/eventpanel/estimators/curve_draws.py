"""Draws of a curve: how specifications are drawn together, and what comes back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain
from typing import Any, Literal

import numpy as np

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.datasets.panel import Panel
from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.draws import Draws
from eventpanel.estimators.core.groups import numbered
from eventpanel.estimators.design import Design, one_way

__all__ = ["CurveDraws", "JointDraws", "Label", "Null", "joined_curves", "shared_signs"]

# Whatever a caller names specifications by.
Label = Any
Null = Literal["wild", "permutation"]
NULLS = ("wild", "permutation")


@dataclass(frozen=True, slots=True, kw_only=True)
class JointDraws:
    """How the specifications of a curve are drawn together.

    Parameters
    ----------
    draws : int
        Number of draws.
    seed : int
        Same seed, same draws, whatever else is on the curve.
    by : str
        Column whose values are drawn together in every specification, such as the importer.
    null : {"wild", "permutation"}
        Residuals of whole clusters are flipped, or whole event histories change places.
    strata : tuple of str
        Columns within whose values histories change places; for permutations.

    Raises
    ------
    DesignError
        Fewer than one draw, an unknown null, strata where nothing is permuted.

    Examples
    --------
    >>> JointDraws(seed=1, by="importer").draws
    500
    """

    seed: int
    by: str
    draws: int = 500
    null: Null = "wild"
    strata: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.draws < 1:
            raise DesignError("Joint inference needs draws.", f"draws={self.draws}", "ask for 500 or more")
        if self.null not in NULLS:
            raise DesignError(f"Unknown null {self.null!r}.", "", f"choose one of {', '.join(NULLS)}")
        if self.strata and self.null != "permutation":
            raise DesignError("Strata are for permutations.", first_few(self.strata), "use null='permutation'")


@dataclass(frozen=True, slots=True, eq=False)
class CurveDraws:
    """Specifications, what each found, and what each finds in draws in which the event does nothing.

    Attributes
    ----------
    labels : tuple, length S
    estimate, std_error, t, dof : ndarray, each shape (S,)
        Of the data; degrees of freedom of the t distribution.
    estimates, draws : ndarray, each shape (S, B)
        Estimate and t of every draw. Column b of all specifications is the same draw.
    drawn : tuple of str, length S
        How each was drawn: ``"wild"``, ``"score"`` or ``"permutation"``.
    refused : dict of label to str
        Specifications that could not be drawn, and why.

    Examples
    --------
    See docs/methods/specification_curve.md.
    """

    labels: tuple[Label, ...]
    estimate: Floats
    std_error: Floats
    dof: Floats
    estimates: Floats
    draws: Floats
    drawn: tuple[str, ...]
    refused: dict[Label, str] = field(default_factory=dict)

    @property
    def t(self) -> Floats:
        """Estimates over standard errors, shape (S,)."""
        return self.estimate / self.std_error

    @property
    def count(self) -> int:
        """Number of draws."""
        return int(self.draws.shape[1])


@dataclass(frozen=True, slots=True, eq=False)
class One:
    """One specification of a curve.

    Attributes
    ----------
    estimate, std_error, dof : float
    estimates, t : ndarray, each shape (draws,)
    drawn : str
    """

    estimate: float
    std_error: float
    dof: float
    estimates: Floats
    t: Floats
    drawn: str


def as_curve(labels: Sequence[Label], found: Mapping[Label, One | str], draws: int) -> CurveDraws:
    """Put specifications side by side in the order of their labels; those that are texts are refused.

    Parameters
    ----------
    labels : sequence
    found : mapping of label to One or str
    draws : int
    """
    kept = {label: one for label in labels if isinstance(one := found[label], One)}
    refused = {label: why for label in labels if isinstance(why := found[label], str)}
    estimate, error, dof = (
        np.array([getattr(one, name) for one in kept.values()]) for name in ("estimate", "std_error", "dof")
    )
    estimates, t = (
        np.array([getattr(one, name) for one in kept.values()]).reshape(len(kept), draws) for name in ("estimates", "t")
    )
    return CurveDraws(
        tuple(kept), estimate, error, dof, estimates, t, tuple(one.drawn for one in kept.values()), refused
    )


def joined_curves(curves: Sequence[CurveDraws]) -> CurveDraws:
    """Put curves with the same draws side by side, such as the batches of one curve.

    Parameters
    ----------
    curves : sequence of CurveDraws
        Of one panel, with the same seed, number of draws and clusters.

    Raises
    ------
    DesignError
        No curve, other numbers of draws, a label that two of them hold.

    Examples
    --------
    See docs/methods/specification_curve.md.
    """
    if len({curve.count for curve in curves}) != 1:
        raise DesignError(
            "These curves do not have the same draws.",
            f"draws: {first_few([str(curve.count) for curve in curves]) or 'no curve'}",
            "draw all with the same JointDraws",
        )
    labels = tuple(chain.from_iterable((*curve.labels, *curve.refused) for curve in curves))
    twice = [label for label in dict.fromkeys(labels) if labels.count(label) > 1] if _repeats(labels) else []
    if twice:
        raise DesignError("Two curves hold the same specification.", first_few(map(str, twice)), "name each once")
    estimate, error, dof, estimates, t = (
        np.concatenate([getattr(curve, name) for curve in curves])
        for name in ("estimate", "std_error", "dof", "estimates", "draws")
    )
    refused = {label: why for curve in curves for label, why in curve.refused.items()}
    held = tuple(chain.from_iterable(curve.labels for curve in curves))
    drawn = tuple(chain.from_iterable(curve.drawn for curve in curves))
    return CurveDraws(held, estimate, error, dof, estimates, t, drawn, refused)


def _repeats(labels: tuple[Label, ...]) -> bool:
    return len(set(labels)) < len(labels)


def refuse_other_than_crv1(design: Design) -> None:
    """Refuse a design whose standard errors draws do not have.

    Raises
    ------
    DesignError
        A covariance that is not of one way of clusters, or corrected.
    """
    kind = one_way(design).kind
    if kind != "CRV1":
        raise DesignError(f"Draws are studentised by CRV1, and this design by {kind}.", "", "use kind='CRV1'")


def shared_signs(panel: Panel, how: JointDraws) -> tuple[Codes, Floats]:
    """Cluster of each row of the panel, shape (rows,), and the weights of all clusters, shape (clusters, draws).

    Weights belong to the names of the clusters in their order: they are the same for every specification.
    """

    def make() -> tuple[Codes, Floats]:
        codes = numbered(panel.crossed(how.by))[1]
        plan = Draws(int(codes.max(initial=-1)) + 1, how.draws, "rademacher", how.seed, enumerated=False)
        return codes, np.concatenate(list(plan), axis=1)

    return panel.once(("shared signs", how), make)
