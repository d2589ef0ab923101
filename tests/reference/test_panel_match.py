"""panel_match against published values and values of the R package PanelMatch, on its data: 184 countries, 1960-2010.

Data: Acemoglu, Naidu, Restrepo and Robinson (2019), as the package has it. Published values are those of the package's
tests: tests/testthat/test-PanelMatch.R of versions 1.0 (there "ATC" is the effect of turning off with its sign turned)
and 3.1.1, and tests/manual_tests/test-PanelEstimate.R and test-PanelMatch.R of 3.0.0. panel_match.csv is what
panel_match.R prints with version 3.1.1.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from eventpanel.datasets.panel import Panel
from eventpanel.estimators.covariance import Clustered
from eventpanel.estimators.design import Design
from eventpanel.estimators.events import Event
from eventpanel.estimators.matched_sets import covariate_balance, matched_sets, matching_bootstrap, matching_errors
from eventpanel.estimators.matching import Lagged, Matching, Refinement
from eventpanel.estimators.panel_match import PanelMatch, panel_match
from eventpanel.estimators.trajectories import trajectories
from eventpanel.estimators.window import EventWindow

VALUES = pd.read_csv(Path(__file__).with_name("panel_match.csv"))
BOTH = (Lagged("y", 1, 4), Lagged("tradewb", 1, 4))
NEAREST = Refinement(by="mahalanobis", covariates=BOTH, size=5)
OPTIONS = {
    "none": (Matching(history=4), None),
    "mahalanobis": (Matching(history=4), NEAREST),
    "ps_match": (Matching(history=4), Refinement(by="ps_match", covariates=BOTH, size=5)),
    "ps_weight": (Matching(history=4), Refinement(by="ps_weight", covariates=BOTH)),
    "placebo": (
        Matching(history=4, unknown="match"),
        Refinement(by="mahalanobis", covariates=BOTH[1:], size=5),
    ),
    "exact": (Matching(history=4, exact=("third",)), NEAREST),
    "lasting": (Matching(history=4, lasting=True), NEAREST),
    "drop": (Matching(history=4), Refinement(by="mahalanobis", covariates=BOTH, size=5, missing="drop")),
}


@pytest.fixture(scope="module")
def dem(data_dir: Path) -> Panel:
    frame = pd.read_csv(data_dir / "validation" / "PanelMatch" / "dem.csv")
    frame["third"] = frame["wbcode2"] % 3
    return Panel(frame, ("wbcode2",), "year")


def design(leads: int = 1, lags: int = 3) -> Design:
    return Design(
        outcome="y",
        event=Event(column="dem", kind="dose"),
        window=EventWindow(leads=leads, lags=lags, reference=-1),
        fixed_effects=("wbcode2", "year"),
        covariance=Clustered("wbcode2", "none"),
    )


def method(name: str, target: str) -> PanelMatch:
    matching, refinement = OPTIONS[name]
    return PanelMatch(matching=matching, refinement=refinement, target=target)  # type: ignore[arg-type]


ATT = [-0.593399771464233, -0.321260212377162, 0.456311286847623, 1.73182162255356]
ART = [-5.2177188648897, -8.02138564165901, -8.75646876914828, -8.12399471507353]
PUBLISHED = {
    # Estimate, its tolerance there, and tests/manual_tests/test-PanelEstimate.R, se.method = "conditional".
    "att": (ATT, 1e-12, [0.7386351, 1.2103820, 1.5592321, 1.8248642]),
    "art": (ART, 1e-12, [1.026000, 1.483106, 1.919551, 2.150267]),
    "atc": ([-0.7399887, -0.1418777, -0.4914594, -0.1423150], 1e-7, [0.5917567, 1.1136940, 1.4693785, 1.8571621]),
    "ate": ([-0.73400424, -0.14920097, -0.45276678, -0.06580353], 1e-8, None),
}


@pytest.mark.parametrize("target", list(PUBLISHED))
def test_published_estimates(dem: Panel, target: str) -> None:
    matching, refinement = OPTIONS["mahalanobis"]
    found = panel_match(dem, design(), matching=matching, refinement=refinement, target=target)  # type: ignore[arg-type]
    values, tolerance, conditional = PUBLISHED[target]
    # Digits printed; where all are, what R and numpy round differently.
    np.testing.assert_allclose(found.coef, values, rtol=0, atol=max(tolerance, 1e-11))
    if conditional is not None:
        errors = matching_errors(dem, design(), method("mahalanobis", target))
        np.testing.assert_allclose(errors["conditional"], conditional, rtol=0, atol=1e-6 if target == "art" else 1e-7)


def test_the_average_over_both_directions_of_version_1(dem: Panel) -> None:
    # Version 1.0 weighs ATT and what it calls ATC by their matched sets.
    turning_on, turning_off = (
        panel_match(dem, design(), matching=Matching(history=4), refinement=NEAREST, target=target)
        for target in ("att", "art")
    )
    on, off = (int(dict(each.facts)["Matched sets"]) for each in (turning_on, turning_off))
    both = (on * turning_on.coef - off * turning_off.coef) / (on + off)
    values = [1.40908029917124, 2.55357045354071, 3.31650068953231, 3.93452991794896]
    np.testing.assert_allclose(both, values, rtol=0, atol=1e-11)


@pytest.mark.parametrize(("target", "published"), [("att", 105), ("art", 55)])
def test_number_of_sets(dem: Panel, target: str, published: int) -> None:
    # The package counts with the matched sets those that were empty before it looked at outcomes: changes of a status
    # known over the history that no other unit shares, and all changes of one that is not known.
    t = trajectories(dem, design(1, 4))
    status = np.where(t.event >= 0, t.event if target == "att" else 1 - t.event, np.nan)
    empty = 0
    for unit, before in np.argwhere((status[:, 1:] == 1) & (status[:, :-1] == 0)):
        if before >= 3:
            history = status[:, before - 3 : before + 1]
            same = (history == history[unit]).all(axis=1) & (status[:, before + 1] == 0)
            empty += int(not same.any())
    found = panel_match(dem, design(1, 4), matching=Matching(history=4), target=target)  # type: ignore[arg-type]
    assert int(dict(found.facts)["Matched sets"]) + empty == published


def test_a_published_set(dem: Panel) -> None:
    # tests/testthat/test-PanelMatch.R, "matched.set methods work": the first set, of country 4 in 1992.
    text = """3,13,16,19,28,29,31,35,36,37,43,45,47,51,53,57,62,64,65,67,70,71,81,84,87,93,95,96,97,103,104,105,109,110,
    112,114,115,116,118,123,124,125,128,129,134,140,142,150,155,156,157,159,161,163,168,171,172,173,175,176,178,179,180,
    182,184,186,187,190,193,196,197,199,200,202"""
    sets = matched_sets(dem, design(), method("none", "att"))
    first = sets[(sets["wbcode2"] == 4) & (sets["period"] == 1992)]
    assert sorted(first["matched_wbcode2"]) == [int(number) for number in text.split(",")]
    np.testing.assert_allclose(sets.groupby(["wbcode2", "period"])["weight"].sum(), 1.0, rtol=1e-12)


CASES = [
    (name, target)
    for name, target in VALUES[["name", "target"]].drop_duplicates().itertuples(index=False)
    if name != "balance" and target != "ate" and (name, target) != ("ps_weight", "atc")
]


@pytest.mark.parametrize(("name", "target"), CASES)
def test_values_of_the_package(dem: Panel, name: str, target: str) -> None:
    mine = VALUES[(VALUES["name"] == name) & (VALUES["target"] == target)].astype({"event_time": int})
    conditional, unconditional = (
        mine[mine["method"] == kind].set_index("event_time") for kind in ("conditional", "unconditional")
    )
    asked = method(name, target)
    found = matching_errors(dem, design(4 if name == "placebo" else 1), asked).set_index("event_time")
    found = found.loc[conditional.index]
    # The package subtracts the earlier outcome from that of the base period in its placebo test: the sign is turned.
    sign = np.where(found.index < 0, -1.0, 1.0)
    # Twelve digits are printed; R's glm stops where the deviance moves by less than 1e-8 of itself.
    tolerance = 3e-7 if name == "ps_weight" else 1e-10
    np.testing.assert_allclose(sign * found["estimate"], conditional["estimate"], rtol=0, atol=tolerance)
    np.testing.assert_allclose(found["conditional"], conditional["std_error"], rtol=0, atol=tolerance)
    if name != "placebo":
        printed = unconditional_as_printed(dem, asked)
        np.testing.assert_allclose(printed, unconditional["std_error"], rtol=0, atol=tolerance)


def unconditional_as_printed(dem: Panel, asked: PanelMatch) -> np.ndarray:
    """Work out the package's unconditional error.

    Its covariance is not multiplied by the number of units, as its variances are. The delta method multiplies all
    three, and so does matching_errors.
    """
    t = trajectories(dem, design())
    found = asked.found(t, design())
    a, b = found.changes(t.outcome, (0, 1, 2, 3), centred=False), found.focal.sum(axis=1)
    units, ratio = len(b), a.sum(axis=0) / b.sum()
    covariance = np.array([np.cov(each, b)[0, 1] for each in a.T])
    squares = units * a.var(axis=0, ddof=1) - 2 * ratio * covariance + ratio**2 * units * b.var(ddof=1)
    return np.asarray(np.sqrt(squares) / b.sum())


def test_published_unconditional_errors(dem: Panel) -> None:
    # tests/manual_tests/test-PanelEstimate.R, se.method = "unconditional".
    published = [0.905080467048022, 1.48070275292364, 1.90752332999506, 2.23758074403404]
    asked = method("mahalanobis", "att")
    np.testing.assert_allclose(unconditional_as_printed(dem, asked), published, rtol=0, atol=1e-11)
    estimate = panel_match(dem, design(), matching=asked.matching, refinement=asked.refinement, errors="fixed")
    units = 184
    errors = matching_errors(dem, design(), asked)["unconditional"]
    np.testing.assert_allclose(errors**2, np.diag(estimate.vcov) * units / (units - 1), rtol=1e-10)


@pytest.mark.parametrize(
    ("target", "estimate", "conditional"),
    [("att", -1.20423408195041, 0.618327233714141), ("art", -4.22192232677815, 0.90258389202935)],
)
def test_one_period_of_history(dem: Panel, target: str, estimate: float, conditional: float) -> None:
    # tests/manual_tests/test-PanelMatch.R, "edge case matching checks".
    asked = PanelMatch(matching=Matching(history=1), target=target)  # type: ignore[arg-type]
    found = matching_errors(dem, design(1, 0), asked)
    assert found["estimate"].item() == pytest.approx(estimate, abs=1e-11)
    assert found["conditional"].item() == pytest.approx(conditional, abs=1e-11)


def test_propensity_weights_of_those_that_stay_off_are_the_odds_of_staying_off(dem: Panel) -> None:
    # The package weighs by the odds of turning on whatever the target; for "atc" they are to look like those that stay.
    values = VALUES[(VALUES["name"] == "ps_weight") & (VALUES["target"] == "atc") & (VALUES["method"] == "conditional")]
    asked = method("ps_weight", "atc")
    t = trajectories(dem, design())
    total, count = np.zeros(4), 0
    for _, pool in asked.found(t, design()).pools:
        turned = 1 / pool.weights.toarray()[0]
        turned /= turned.sum()
        for k in range(4):
            change = t.outcome[:, pool.period + k] - t.outcome[:, pool.period - 1]
            total[k] += len(pool.focal) * (turned @ change[pool.matched]) - change[pool.focal].sum()
        count += len(pool.focal)
    np.testing.assert_allclose(total / count, values["estimate"], rtol=0, atol=3e-7)


def test_balance(dem: Panel) -> None:
    found = covariate_balance(dem, design(), method("mahalanobis", "att"), ("y", "tradewb"))
    values = VALUES[VALUES["name"] == "balance"].pivot(index="event_time", columns="method", values="estimate")
    y = found[found["column"] == "y"].set_index("event_time")
    # The package takes missing values of matched units for zero: none among those with weight, none at all after -2.
    np.testing.assert_allclose(y["difference"], values["y"].loc[y.index], rtol=0, atol=1e-11)
    np.testing.assert_allclose(y["unrefined"].loc[[-1, 0]], values["y_unrefined"].loc[[-1, 0]], rtol=0, atol=1e-11)
    # Trade is missing for some; a mean over those whose trade is known is not the package's.
    trade = found[found["column"] == "tradewb"].set_index("event_time")
    assert (np.abs(trade["difference"] - values["tradewb"]) > 1e-4).all()


def test_bootstrap(dem: Panel) -> None:
    asked = method("mahalanobis", "att")
    estimate = panel_match(dem, design(), matching=asked.matching, refinement=asked.refinement, errors="fixed")
    draws = matching_bootstrap(dem, design(), asked, draws=20_000, seed=1)
    # A standard error of 20 000 draws has one of half a per cent; the ratio is linearised, which 97 sets let one see.
    errors = np.sqrt(np.diag(estimate.vcov))
    np.testing.assert_allclose(draws.std(), errors, rtol=0.025)
    assert (np.abs(draws.mean() - estimate.coef) < 0.1 * errors).all()
    # tests/manual_tests/test-PanelEstimate.R, "(ATT) bootstrap SEs": 100 draws, whose standard error is 7 per cent.
    published = [0.8701336, 1.3611202, 1.7512925, 2.0019833]
    np.testing.assert_allclose(published, draws.std(), rtol=0.2)
