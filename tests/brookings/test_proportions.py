"""Tests of two proportions: the values of the study's digest, plain twins, edges."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from scipy import stats

from eventpanel.brookings.proportions import NAMES, Groups, p_values
from eventpanel.brookings.switches import Switches

PRINTED = Groups((21, 23), (1, 5))
# Figure A.7 of NBER w31676: 1 of 21 and 5 of 23, printed p = .1715; decision D12.
PRINTED_P = 0.1715
D12 = {
    "student": 0.106,
    "welch": 0.099,
    "fisher": 0.188,
    "chi_square": 0.101,
    "chi_square_yates": 0.230,
    "logit": 0.133,
    "poisson": 0.166,
    "barnard": 0.120,
    "boschloo": 0.116,
}


def found(groups: Groups) -> dict[str, float]:
    table = p_values(groups)
    return dict(zip(table["test"], table["p_value"], strict=True))


def test_no_test_gives_the_printed_p_value() -> None:
    held = found(PRINTED)
    # scipy takes each column as a group. The values of D12 for its two exact tests have groups in rows, as if the
    # numbers of changes had been fixed; that of Barnard's test then even depends on which group comes first.
    cells = [[1, 20], [5, 18]]
    rows = {"barnard": stats.barnard_exact(cells).pvalue, "boschloo": stats.boschloo_exact(cells).pvalue}
    assert {name: round((held | rows)[name], 3) for name in D12} == D12
    assert (round(held["barnard"], 3), round(held["boschloo"], 3)) == (0.118, 0.150)
    # Four digits are printed.
    assert min(abs(p - PRINTED_P) for p in [*held.values(), *rows.values()]) > 0.005


def test_the_choices_of_the_switch_are_tests() -> None:
    choices = [Switches(figure_a7_test=name).figure_a7_test for name in ("student", "welch", "fisher")]
    choices += [Switches(figure_a7_test=name).figure_a7_test for name in ("chi_square", "barnard", "boschloo")]
    assert set(choices) <= set(NAMES)


@pytest.mark.parametrize("groups", [PRINTED, Groups((12, 30), (7, 4)), Groups((9, 9), (8, 2))])
def test_wald_and_t_tests_are_those_of_regressions(groups: Groups) -> None:
    samples = [np.r_[np.ones(hit), np.zeros(size - hit)] for size, hit in zip(groups.sizes, groups.hits, strict=True)]
    y = np.concatenate(samples)
    x = sm.add_constant(np.r_[np.zeros(groups.sizes[0]), np.ones(groups.sizes[1])])
    held = found(groups)
    assert held["logit"] == pytest.approx(sm.Logit(y, x).fit(disp=0).pvalues[1], rel=1e-6)
    assert held["poisson"] == pytest.approx(sm.Poisson(y, x).fit(disp=0).pvalues[1], rel=1e-6)
    assert held["student"] == pytest.approx(stats.ttest_ind(*samples).pvalue, rel=1e-10)
    assert held["welch"] == pytest.approx(stats.ttest_ind(*samples, equal_var=False).pvalue, rel=1e-10)


def test_the_order_of_groups_does_not_matter() -> None:
    held, turned = found(PRINTED), found(Groups((23, 21), (5, 1)))
    assert held == pytest.approx(turned, rel=1e-6)


@pytest.mark.parametrize("groups", [Groups((0, 9), (0, 3)), Groups((0, 0), (0, 0))])
def test_an_empty_group_leaves_nothing_to_test(groups: Groups) -> None:
    assert np.isnan(list(found(groups).values())).all()


def test_where_it_never_happened_only_the_exact_test_has_an_answer() -> None:
    held = found(Groups((8, 9), (0, 0)))
    assert held.pop("fisher") == 1.0
    assert np.isnan(list(held.values())).all()


def test_an_empty_cell_leaves_wald_tests_undefined() -> None:
    held = found(Groups((8, 9), (0, 4)))
    assert {name for name, p in held.items() if np.isnan(p)} == {"logit", "poisson"}
