"""Score curve: estimates of any method drawn together, from what each cluster contributes to their error.

The multiplier form of the score bootstrap (Kline and Santos 2012, doi:10.1515/2156-6674.1006): a draw multiplies the
contributions of whole clusters by their weights, and no model is fitted again. Contributions are those of the estimate
itself, which add up to zero; so every draw is around no effect. What holds for many clusters holds here only; the wild
draws of :mod:`joint_curve` impose the null on the residuals and are closer with few.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from eventpanel.datasets.errors import DesignError, EventPanelError
from eventpanel.estimators.core.groups import is_nested, numbered
from eventpanel.estimators.core.score import recentred
from eventpanel.estimators.curve_draws import CurveDraws, JointDraws, Label, One, as_curve, shared_signs
from eventpanel.estimators.design import cluster_name
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.target import Target

__all__ = ["score_curve"]


def score_curve(estimates: Mapping[Label, Estimate], target: Target, how: JointDraws) -> CurveDraws:
    """Draw the target of every estimate around no effect, each cluster with one weight in all of them.

    The weights are those of :func:`eventpanel.estimators.joint_curve.joint_curve` on the same panel with the same
    ``how``, so that :func:`eventpanel.estimators.curve_draws.joined_curves` puts both on one curve.

    Parameters
    ----------
    estimates : mapping of label to Estimate
        Of any estimator that tells what each cluster contributes, with clusters that lie inside those of ``how.by``.
    target : Target
    how : JointDraws

    Returns
    -------
    CurveDraws

    Raises
    ------
    DesignError
        Another null than flips.

    Examples
    --------
    See docs/methods/specification_curve.md.
    """
    if how.null != "wild":
        raise DesignError("Contributions are drawn by flips.", f"null={how.null!r}", "use null='wild'")
    return as_curve(tuple(estimates), {label: _answer(e, target, how) for label, e in estimates.items()}, how.draws)


def _answer(estimate: Estimate, target: Target, how: JointDraws) -> One | str:
    try:
        return _one(target.of(estimate), how)
    except EventPanelError as error:
        return error.what


def _one(watched: Estimate, how: JointDraws) -> One | str:
    if watched.contributions is None:
        return f"The estimate of {watched.estimator} does not tell what each cluster contributes."
    panel, name = watched.lost.panel, cluster_name(watched.lost.panel, watched.design)
    clusters, signs = shared_signs(panel, how)
    inner, outer = numbered(panel.crossed(name)[watched.sample])[1], clusters[watched.sample]
    if not is_nested(inner, outer):
        return f"Clusters by {name} do not lie inside those that are drawn together, by {how.by}."
    own = watched.contributions.values[:, 0]
    outer_of = np.zeros(len(own), dtype=np.int64)
    outer_of[inner] = outer
    variance = float(own @ own)
    if not variance > 0:
        return "The target has no standard error: it is fitted without any error."
    effects = own @ signs[outer_of]
    # Around their mean in each draw, as the contributions of the data are around zero.
    squared = recentred(effects**2 / variance, len(own))
    t = np.copysign(np.sqrt(squared), effects)
    return One(float(watched.coef[0]), variance**0.5, float(watched.dof[0]), effects, t, "score")
