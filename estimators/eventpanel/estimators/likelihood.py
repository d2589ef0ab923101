"""Likelihood: what Poisson, logit and probit say of a fit."""

from __future__ import annotations

from eventpanel.estimators.core.convergence import LikelihoodFit

__all__ = ["facts"]


def facts(found: LikelihoodFit) -> tuple[tuple[str, str], ...]:
    """Say what a table says about a fit, as (name, value)."""
    return (
        ("Absorbed degrees of freedom", str(found.rank)),
        ("Deviance", f"{found.deviance:.6g}"),
        ("Iterations", str(found.iterations)),
        ("Largest score left", f"{found.score:.1e}"),
    )
