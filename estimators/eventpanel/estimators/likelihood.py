"""Likelihood: what Poisson, logit and probit share before the fit and after it."""

from __future__ import annotations

import numpy as np

from eventpanel.datasets.errors import ConstantOutcomeError
from eventpanel.estimators.core.convergence import LikelihoodFit
from eventpanel.estimators.design import Design
from eventpanel.estimators.matrices import Matrices

__all__ = ["check_varies", "facts"]


def check_varies(m: Matrices, design: Design) -> None:
    """Refuse an outcome that is the same in every row.

    Raises
    ------
    ConstantOutcomeError
    """
    if np.ptp(m.y) == 0:
        raise ConstantOutcomeError(
            f"The outcome {design.outcome!r} is the same in every row.",
            f"value {m.y[0]:g} in {len(m.y)} rows",
            "check the outcome and the sample",
        )


def facts(found: LikelihoodFit) -> tuple[tuple[str, str], ...]:
    """Say what a table says about a fit, as (name, value)."""
    return (
        ("Absorbed degrees of freedom", str(found.rank)),
        ("Deviance", f"{found.deviance:.6g}"),
        ("Iterations", str(found.iterations)),
        ("Largest score left", f"{found.score:.1e}"),
    )
