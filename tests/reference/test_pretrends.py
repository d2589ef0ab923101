"""He and Wang (2017, doi:10.1257/app.20160079), Figure 2A, as the page of the R package pretrends prints it.

Coefficients and covariance: HeAndWangResults of that package (jonathandroth/pretrends, MIT); printed values: its
README, "Application to He and Wang (2017)". It tests at |t| > 1.96. Its probabilities are those of mvtnorm::pmvnorm,
quasi-random with a stated absolute error of 0.001, and are not seeded; its slope is a root found to 1.2e-4 (uniroot) of
such probabilities. Likelihood ratios are closed forms, and are held to what is printed.
"""

from __future__ import annotations

import numpy as np
import pytest
from scipy import special

from eventpanel.estimators.event_coefficients import EventCoefficients
from eventpanel.estimators.pretrend_power import detectable_slope, pretrend_power

TIMES = np.array([-4, -3, -2, 0, 1, 2, 3])
BETA = np.array(
    [
        0.06670314818620682,
        -0.007701792288571596,
        -0.03076905384659767,
        0.08403065800666809,
        0.2424418181180954,
        0.21987898647785187,
        0.19109253585338593,
    ]
)
UPPER = """
8.906571194529533e-3 4.4883135706186295e-3 1.4587024925276637e-3 1.2157688615843654e-3 2.0327644888311625e-3
1.3225014554336667e-3 1.961772795766592e-3
5.936916917562485e-3 2.750079147517681e-3 1.350585836917162e-3 1.4315459411591291e-3 1.2067791540175676e-3
1.3847157824784517e-3
3.03862476721406e-3 9.056166163645685e-4 6.791298510506749e-4 1.0167636210098863e-3 7.09014420863241e-4
3.924740944057703e-3 2.5961180217564106e-3 1.7326149391010404e-3 2.2345525212585926e-3
8.065897040069103e-3 5.875375121831894e-3 3.7414359394460917e-3
7.881578989326954e-3 3.6507095210254192e-3
9.78842657059431e-3
"""
# The level of a test at 1.96.
LEVEL = float(1 - 2 * special.ndtr(-1.96))
SLOPE = 0.05205871
PMVNORM = 1e-3
UNIROOT = 1.2e-4


@pytest.fixture(scope="module")
def path() -> EventCoefficients:
    vcov = np.zeros((7, 7))
    vcov[np.triu_indices(7)] = [float(number) for number in UPPER.split()]
    return EventCoefficients(TIMES, BETA, vcov + np.triu(vcov, 1).T)


def test_slope_of_half_the_power(path: EventCoefficients) -> None:
    slope = detectable_slope(path, 0.5, level=LEVEL)
    steeper = pretrend_power(path, slope + 1e-4, level=LEVEL).power
    rise = (steeper - 0.5) / 1e-4
    assert slope == pytest.approx(SLOPE, abs=UNIROOT + PMVNORM / rise)
    # As it happens it is much closer.
    assert slope == pytest.approx(SLOPE, abs=2e-5)


def test_power_against_a_line(path: EventCoefficients) -> None:
    got = pretrend_power(path, SLOPE, level=LEVEL)
    assert got.error < 1e-11
    assert got.power == pytest.approx(0.4999776, abs=PMVNORM)
    # A ratio of two such probabilities, 0.50 and 0.88.
    assert got.bayes_factor == pytest.approx(0.56901, abs=PMVNORM * (1 + 0.57) / 0.88)
    assert got.likelihood_ratio == pytest.approx(0.1057627, abs=6e-8)


def test_path_after_passing(path: EventCoefficients) -> None:
    got = pretrend_power(path, SLOPE, level=LEVEL).table
    printed = [-0.09230764, -0.05555285, -0.02790950, 0.0, 0.06490184, 0.12084694, 0.16946498, 0.22453827]
    errors = [0.09437463, 0.07705139, 0.05512372, 0.0, 0.06264775, 0.08981034, 0.08877826, 0.09893648]
    assert got["event_time"].tolist() == list(range(-4, 4))
    np.testing.assert_allclose(got["std_error"], errors, atol=5e-9)
    # Sums of six products of a density, at most 0.4, and a probability from pmvnorm, over the probability of passing,
    # 0.5, in standard errors of at most 0.1.
    np.testing.assert_allclose(got["after_passing"], printed, atol=6 * 0.4 * PMVNORM / 0.5 * 0.1)


def test_power_against_a_square(path: EventCoefficients) -> None:
    got = pretrend_power(path, {int(k): 0.024 * (k + 1) ** 2 for k in TIMES}, level=LEVEL)
    assert got.power == pytest.approx(0.6624282, abs=PMVNORM)
    assert got.bayes_factor == pytest.approx(0.3841516, abs=PMVNORM * (1 + 0.39) / 0.88)
    assert got.likelihood_ratio == pytest.approx(0.4332635, abs=6e-8)
