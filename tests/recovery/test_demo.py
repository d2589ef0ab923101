"""The demo study recovers what was planted, over many seeds."""

from __future__ import annotations

import numpy as np
import pytest

from eventpanel.build import build_designs, build_panel
from eventpanel.datasets.errors import InputError
from eventpanel.datasets.simulate import DEALS, PUBLISHED_EFFECT, SMART_CITY, simulate
from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.distributed_lag import distributed_lag
from eventpanel.estimators.estimate import Estimate
from eventpanel.study import load_study

SEEDS = 200


def fit(seed: int, name: str) -> Estimate:
    study = load_study("demo", [f"simulation.seed={seed}"])
    return distributed_lag(build_panel(study), build_designs(study)[name])


def truth(estimate: Estimate) -> Floats:
    """Planted effect for the first group in the year of unrest, zero for all else."""
    planted = [term.event_time == 0 and term.group == estimate.groups[0] for term in estimate.terms]
    return np.where(planted, PUBLISHED_EFFECT, 0.0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", ["regimes", "suppliers"])
def test_intervals_cover_the_truth(name: str) -> None:
    estimates = [fit(seed, name) for seed in range(SEEDS)]
    planted = truth(estimates[0])
    bounds = [estimate.conf_int() for estimate in estimates]
    covered = [(b["lower"] <= planted) & (planted <= b["upper"]) for b in bounds]
    share = np.mean([c.to_numpy() for c in covered], axis=0)
    # 95 % nominal; the standard error of a share over 200 seeds is 1.5 points.
    assert ((share >= 0.92) & (share <= 0.98)).all(), dict(zip(estimates[0].names, share, strict=True))
    coefs = np.array([estimate.coef for estimate in estimates])
    error = coefs.std(axis=0, ddof=1) / np.sqrt(SEEDS)
    assert (np.abs(coefs.mean(axis=0) - planted) < 3.5 * error).all()


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_marginals_are_the_published_ones() -> None:
    totals: dict[str, list[tuple[float, float]]] = {key: [] for key in DEALS}
    smart = []
    for seed in range(60):
        simulation = simulate(seed)
        deals = simulation.deals.frame
        polity = simulation.regime.frame.query("year == 2007").set_index("importer")["polity2"]
        strong = deals["importer"].map(polity) >= 7
        smart.append(deals["smart_city"].mean())
        for exporter in DEALS:
            mine = deals["exporter"] == exporter
            totals[exporter].append(((mine & strong).sum() / 48, (mine & ~strong).sum() / 52))
    for exporter, want in DEALS.items():
        # Published to one decimal; six per cent covers that and the clipped tail of importers' tastes.
        np.testing.assert_allclose(np.mean(totals[exporter], axis=0), want, rtol=0.06)
    assert np.mean(smart) == pytest.approx(SMART_CITY, abs=0.01)


def test_the_same_seed_gives_the_same_data_and_another_seed_does_not() -> None:
    one, same, other = simulate(5), simulate(5), simulate(6)
    assert one.deals.frame.equals(same.deals.frame)
    assert not one.deals.frame.equals(other.deals.frame)


def test_without_an_effect_nothing_but_chance_is_found() -> None:
    study = load_study("demo", ["simulation.effect=0.0"])
    estimate = distributed_lag(build_panel(study), build_designs(study)["regimes"])
    assert abs(estimate.tstats.iloc[2]) < 3


def test_an_effect_that_probabilities_cannot_carry_is_refused() -> None:
    with pytest.raises(InputError, match=r"between 0 and 0\.09"):
        simulate(1, effect=0.5)


def test_the_regime_of_the_base_year_is_what_the_truth_is_attached_to() -> None:
    simulation = simulate(1)
    polity = simulation.regime.frame.pivot(index="importer", columns="year", values="polity2")
    assert (polity[2007] >= 7).sum() == 48
    crossed = ((polity[2023] >= 7) != (polity[2007] >= 7)).sum()
    assert crossed == 6
    assert simulation.effect == PUBLISHED_EFFECT
