"""Result: an estimate with everything that is said about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import pandas as pd

from eventpanel.datasets.errors import DesignError, number
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import (
    Test,
    cumulative,
    difference,
    lag_test,
    lead_test,
    simultaneous_bands,
    wald,
)

__all__ = ["Result", "estimates_table", "summarise", "tests_table"]

FEW_LEADS = 3
# What a coefficient means where it is not in units of the outcome.
SCALES = {
    "ppml": "Poisson pseudo-maximum likelihood; a coefficient b is 100 (exp(b) - 1) per cent.",
    "debiased_ppml": "Poisson pseudo-maximum likelihood, corrected for estimated effects; a coefficient b is "
    "100 (exp(b) - 1) per cent.",
    "logit": "Logit; a coefficient b multiplies the odds by exp(b).",
    "probit": "Probit; coefficients are in standard deviations of the latent error.",
}


@dataclass(frozen=True, slots=True)
class Result:
    """An estimate, its difference between groups, its sums and its tests.

    Attributes
    ----------
    name, title : str
    estimate : Estimate
    contrast : Estimate or None
        Path of one group minus another.
    tests : tuple of Test
    level : float
        Level of all intervals and bands.
    """

    name: str
    title: str
    estimate: Estimate
    contrast: Estimate | None
    tests: tuple[Test, ...]
    level: float

    @property
    def paths(self) -> tuple[Estimate, ...]:
        """The estimate, and the contrast where there is one."""
        return (self.estimate,) if self.contrast is None else (self.estimate, self.contrast)

    @property
    def notes(self) -> list[str]:
        """What a reader needs beside the numbers: sample, effects, covariance, cautions, joint tests."""
        notes = [*self.estimate.describe(self.level), *[f"Test: {test}." for test in self.tests]]
        if self.estimate.estimator in SCALES:
            notes.insert(0, SCALES[self.estimate.estimator])
        leads = {term.event_time for term in self.estimate.path if (term.event_time or 0) < 0}
        if 0 < len(leads) <= FEW_LEADS:
            notes.append(
                f"With {number(len(leads), 'lead')}, leads that are not significant are weak evidence against a trend: "
                "read their intervals (Roth 2022, doi:10.1257/aeri.20210236)."
            )
        return notes


def summarise(name: str, title: str, estimate: Estimate, groups: Sequence[str] = (), level: float = 0.95) -> Result:
    """Add contrast and tests to an estimate.

    Parameters
    ----------
    name, title : str
    estimate : Estimate
    groups : sequence of str
        The two groups to compare, first minus second; none for no comparison.
    level : float
        Level of intervals and bands.

    Raises
    ------
    DesignError
        A group to compare that the estimate does not have.
    """
    for group in groups:
        if group not in estimate.groups:
            raise DesignError(
                f"The estimate {name!r} compares the group {group!r}, which none of its rows has.",
                f"groups: {', '.join(estimate.groups)}",
                "correct difference, or the moderator and the sample",
            )
    contrast = difference(estimate, groups[0], groups[1]) if len(groups) == 2 else None
    tests = [test(estimate, group) for group in estimate.groups for test in (lead_test, lag_test)]
    if contrast is not None:
        label = contrast.groups[0]
        tests.append(wald(contrast, contrast.path, f"no difference at any event time, {label}"))
        tests.append(lead_test(contrast, label))
    return Result(name, title, estimate, contrast, tuple(tests), level)


def estimates_table(results: Sequence[Result], label: str = "") -> pd.DataFrame:
    """All numbers of all results, one row a coefficient.

    Returns
    -------
    DataFrame
        estimate, part (path, difference, sum), the columns of ``Estimate.tidy`` with ``value`` for the number itself,
        band_low, band_high, dof, level, nobs, n_clusters, outcome, label.
    """
    rows = [_numbers(result, part, path) for result in results for part, path in _parts(result)]
    return pd.concat(rows, ignore_index=True).assign(label=label)


def _parts(result: Result) -> list[tuple[str, Estimate]]:
    parts = [("path", result.estimate), ("sum", cumulative(result.estimate))]
    if result.contrast is not None:
        parts += [("difference", result.contrast), ("sum of difference", cumulative(result.contrast))]
    return parts


def _numbers(result: Result, part: str, path: Estimate) -> pd.DataFrame:
    table = path.tidy(result.level).rename(columns={"estimate": "value"})
    bands = pd.DataFrame({"band_low": pd.Series(dtype=float), "band_high": pd.Series(dtype=float)})
    if path.path:
        bands = simultaneous_bands(path, result.level)[["band_low", "band_high"]]
    table = table.join(bands, on="term")
    table["dof"] = table["term"].map(dict(zip(path.names, path.dof, strict=True)))
    table.insert(0, "part", part)
    table.insert(0, "estimate", result.name)
    return table.assign(level=result.level, nobs=path.nobs, n_clusters=path.n_clusters, outcome=path.design.outcome)


def tests_table(results: Sequence[Result]) -> pd.DataFrame:
    """All joint tests: estimate, null, statistic, dof_numerator, dof_denominator, p_value, remark."""
    return pd.DataFrame(
        [
            {
                "estimate": result.name,
                "null": test.null,
                "statistic": test.statistic,
                "dof_numerator": test.dof[0],
                "dof_denominator": test.dof[1],
                "p_value": test.p_value,
                "remark": test.remark,
            }
            for result in results
            for test in result.tests
        ]
    )
