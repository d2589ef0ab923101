"""Two proportions: every common test of whether they are equal, side by side."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
from scipy import stats

__all__ = ["NAMES", "Groups", "p_values"]

# The choices of switch D12 first, under their own names; then what else a reader may think of.
NAMES = {
    "student": "Student's t, one variance",
    "welch": "Welch's t, a variance for each group",
    "fisher": "Fisher's exact test",
    "chi_square": "chi-square",
    "barnard": "Barnard's exact test",
    "boschloo": "Boschloo's exact test",
    "chi_square_yates": "chi-square with Yates' correction",
    "logit": "logit, Wald",
    "poisson": "Poisson regression, Wald",
}


class Groups(NamedTuple):
    """Two groups: how many there are of each, and with how many of them it happened."""

    sizes: tuple[int, int]
    hits: tuple[int, int]

    @property
    def shares(self) -> tuple[float, float]:
        """Hits over sizes, missing for an empty group."""
        first, second = (hit / size if size else np.nan for hit, size in zip(self.hits, self.sizes, strict=True))
        return first, second


def p_values(groups: Groups) -> pd.DataFrame:
    """Two-sided p-values of all tests.

    Barnard's and Boschloo's tests take the sizes of the groups as fixed.

    Parameters
    ----------
    groups : Groups

    Returns
    -------
    DataFrame
        test (name), description, p_value: missing where a test is not defined, as are those of Student and Welch for a
        group of one or without variation at all, those of Wald where a cell is empty, and all for an empty group.

    Examples
    --------
    >>> p_values(Groups((21, 23), (1, 5))).set_index("test")["p_value"].round(3)["fisher"].item()
    0.188
    """
    (n1, n2), (k1, k2) = groups.sizes, groups.hits
    cells = np.array([[k1, n1 - k1], [k2, n2 - k2]])
    found = dict.fromkeys(NAMES, np.nan)
    if n1 and n2:
        found["fisher"] = float(stats.fisher_exact(cells).pvalue)
    if (cells.sum(axis=0) > 0).all() and n1 and n2:
        found |= _of_cells(cells) | _of_means(groups)
    if (cells > 0).all():
        wald = {"logit": (1 / cells).sum(), "poisson": 1 / k1 + 1 / k2}
        odds = np.log(k1 * (n2 - k2) / (k2 * (n1 - k1)))
        ratio = np.log((k1 / n1) / (k2 / n2))
        for name, effect in (("logit", odds), ("poisson", ratio)):
            found[name] = float(2 * stats.norm.sf(abs(effect) / np.sqrt(wald[name])))
    rows = [(name, NAMES[name], found[name]) for name in NAMES]
    return pd.DataFrame(rows, columns=["test", "description", "p_value"])


def _of_cells(cells: np.ndarray[tuple[int, int], np.dtype[np.int64]]) -> dict[str, float]:
    """Run the tests that need hits and misses; scipy's exact tests have a group a column."""
    return {
        "chi_square": float(stats.chi2_contingency(cells, correction=False).pvalue),
        "chi_square_yates": float(stats.chi2_contingency(cells, correction=True).pvalue),
        "barnard": float(stats.barnard_exact(cells.T).pvalue),
        "boschloo": float(stats.boschloo_exact(cells.T).pvalue),
    }


def _of_means(groups: Groups) -> dict[str, float]:
    """Run Student's and Welch's tests, from the shares and the variances they imply."""
    if min(groups.sizes) < 2:
        return {}
    shares = np.array(groups.shares)
    if (shares * (1 - shares) == 0).all():
        return {}
    sizes = np.array(groups.sizes)
    deviations = np.sqrt(shares * (1 - shares) * sizes / (sizes - 1))
    found = {}
    for name, same in (("student", True), ("welch", False)):
        first, second = zip(shares, deviations, sizes, strict=True)
        found[name] = float(stats.ttest_ind_from_stats(*first, *second, equal_var=same).pvalue)
    return found
