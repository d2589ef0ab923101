"""Cautions: what a reader must see beside the numbers, whatever the estimator."""

from __future__ import annotations

from collections.abc import Sequence

from eventpanel.estimators.design import Design
from eventpanel.estimators.estimate import GroupSize
from eventpanel.estimators.path import Term

__all__ = ["EstimationWarning", "cautions", "restriction"]

# Below about 20 clusters CRV1 tests reject too often even with t(G-1) (Cameron and Miller 2015,
# doi:10.3368/jhr.50.2.317); with few treated clusters at any number of clusters (MacKinnon and Webb 2018,
# doi:10.1111/ectj.12107).
FEW_CLUSTERS = 20
FEW_TREATED = 10


class EstimationWarning(UserWarning):
    """A result that should be read with care."""


def cautions(
    design: Design, clusters: int, treated: int, sizes: Sequence[GroupSize], dropped: Sequence[tuple[Term, str]]
) -> tuple[str, ...]:
    """Say where clusters are few, where the moderator comes after the event, and what was not estimated.

    Parameters
    ----------
    design : Design
    clusters, treated : int
        Clusters, and those in which the event happened.
    sizes : sequence of GroupSize
    dropped : sequence of (Term, reason)
    """
    notes = []
    what = "clusters" if design.covariance.ways else "units"
    if clusters < FEW_CLUSTERS and design.covariance.ways:
        notes.append(f"only {clusters} clusters: tests reject too often; see docs/methods/inference.md.")
    elif treated < FEW_TREATED:
        notes.append(f"the event happens in only {treated} {what}: standard errors may be far too small.")
    for size in sizes:
        few = size.clusters < FEW_CLUSTERS or size.treated_clusters < FEW_TREATED
        if size.group and few:
            notes.append(
                f"{size.group}: {size.clusters} {what}, {size.treated_clusters} with an event; its standard "
                f"errors rest on few {what}."
            )
    if design.moderator is not None and design.moderator.timing == "contemporaneous":
        notes.append(f"{design.moderator.name} is taken in the same period: a post-treatment moderator.")
    notes += [f"not estimated: {term} ({reason})." for term, reason in dropped if term.event_time is not None]
    return tuple(notes)


def restriction(design: Design) -> tuple[str, ...]:
    """Say that a reference is a restriction, where it is one in a regression on leads and lags."""
    if not design.window.is_restricted:
        return ()
    return (
        f"the effect at event time {design.window.reference} is set to zero: a restriction, not a normalisation, "
        "since nothing is collinear; compare with no reference.",
    )
