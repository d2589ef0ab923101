"""Labour force participation of 1461 women over nine years (PSID), as the vignettes of alpaca and bife print it.

alpaca 0.3.4, "How to use alpaca": unit and period effects; bife 0.7.3, "How to use bife": unit effects. Probit, static
and with the lagged outcome (bandwidth 1). Data: psid of the R package bife. Both stop when the deviance moves by less
than 1e-8 of itself, here by 6e-5. A deviance too high by d puts a coefficient off by at most
sqrt(d) standard errors; a thousandth, d = 1e-6, is allowed for.

Both divide the bias of average effects by the rows fitted and the effects by all rows; here both are divided by all
rows, so the bias is scaled back before it is compared. tests/recovery/test_binary_bias.py shows why.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rdata

from eventpanel.estimators.core.arrays import Floats
from eventpanel.estimators.core.binary import binary, binary_given
from eventpanel.estimators.core.binary_bias import Lags, coefficient_bias, maximum, partial_effects
from eventpanel.estimators.core.binary_separation import none_separated, one_sided
from eventpanel.estimators.core.groups import recode
from eventpanel.estimators.core.links import PROBIT


@pytest.fixture(scope="module")
def women(data_dir: Path) -> pd.DataFrame:
    path = data_dir / "validation" / "bife" / "psid.rda"
    if not path.is_file():
        pytest.skip("no psid.rda of the R package bife")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = next(iter(rdata.read_rda(path).values())).reset_index(drop=True)
    assert isinstance(rows, pd.DataFrame)
    rows = rows.sort_values(["ID", "TIME"], ignore_index=True)
    before = rows.groupby("ID")["LFP"].shift()
    return rows.assign(LINCH=np.log(rows["INCH"]), LLFP=before, AGE2=rows["AGE"] ** 2)


@dataclass(frozen=True)
class Got:
    rows: int
    deviance: float
    coef: Floats
    errors: Floats
    effects: Floats
    plain_errors: Floats
    corrected: Floats
    corrected_errors: Floats
    corrected_effects: Floats
    effect_errors: Floats


def estimate(women: pd.DataFrame, names: list[str], *, two_way: bool, L: int) -> Got:
    rows = women.dropna(subset=names)
    y, X = rows["LFP"].to_numpy(dtype=float), rows[names].to_numpy(dtype=float)
    unit, period = recode(pd.factorize(rows["ID"])[0]), rows["TIME"].to_numpy(dtype=np.int64)
    keep, n = ~one_sided(y, [unit]), len(y)
    y, X, unit, period = y[keep], X[keep], recode(unit[keep]), period[keep]
    effects = [unit, recode(period)] if two_way else [unit]
    fitted = binary(y, X, effects, PROBIT)
    assert none_separated(y, X, effects, fitted.fit.residuals)
    at, lags = maximum(y, X, effects, PROBIT, fitted.eta), Lags(unit, period, L) if L else None
    coef = fitted.fit.coef - coefficient_bias(at, lags)
    again = maximum(y, X, effects, PROBIT, binary_given(y, X, coef, effects, PROBIT).eta)
    shares, discrete = np.full(X.shape, 1 / n), np.asarray(((X == 0) | (X == 1)).all(axis=0))
    plain = partial_effects(at, fitted.fit.coef, shares, discrete, lags)
    after = partial_effects(again, coef, shares, discrete, lags)

    def errors(point: Floats) -> Floats:
        information = PROBIT.expected(point)
        within = maximum(y, X, effects, PROBIT, point).residual(X)
        return np.asarray(np.sqrt(np.diag(np.linalg.inv(within.T @ (within * information[:, None])))))

    return Got(
        len(y),
        fitted.deviance,
        fitted.fit.coef,
        errors(fitted.eta),
        plain.effects,
        np.sqrt((plain.influence**2).sum(axis=0)),
        coef,
        errors(again.eta),
        after.effects - after.bias * n / len(y),
        np.sqrt((after.influence**2).sum(axis=0)),
    )


# In standard errors; relative for standard errors themselves.
STOPPED = 1e-3
STOPPED_ERRORS = 1e-4


def near(got: Floats, errors: Floats, want: list[float], printed: list[float], digits: int) -> None:
    """Numbers and standard errors as printed with so many digits after the point."""
    half = 0.51 * 10.0**-digits
    assert (np.abs(got - want) <= STOPPED * errors + half).all(), got
    assert (np.abs(errors - printed) <= STOPPED_ERRORS * errors + half).all(), errors


def test_alpaca_static(women: pd.DataFrame) -> None:
    got = estimate(women, ["KID1", "KID2", "KID3", "LINCH"], two_way=True, L=0)
    assert (got.rows, round(got.deviance, 2)) == (5976, 6069.65)
    near(
        got.coef, got.errors, [-0.676898, -0.344370, -0.007045, -0.234128], [0.056301, 0.049897, 0.035344, 0.054403], 6
    )
    want = [-0.0880155, -0.0447776, -0.0009161, -0.0304432]
    near(got.effects, got.plain_errors, want, [0.0077937, 0.0068196, 0.0050062, 0.0077090], 7)
    want = [-0.596285, -0.303346, -0.006117, -0.207061]
    near(got.corrected, got.corrected_errors, want, [0.055528, 0.049517, 0.035211, 0.053928], 6)
    want = [-0.096501, -0.049093, -0.000990, -0.033510]
    near(got.corrected_effects, got.effect_errors, want, [0.007620, 0.006766, 0.004987, 0.007588], 6)


def test_alpaca_dynamic(women: pd.DataFrame) -> None:
    got = estimate(women, ["LLFP", "KID1", "KID2", "KID3", "LINCH"], two_way=True, L=1)
    assert (got.rows, round(got.deviance, 2)) == (4792, 4777.58)
    want = [1.01607, -0.45387, -0.15736, 0.01561, -0.18833]
    near(got.corrected, got.corrected_errors, want, [0.04759, 0.06811, 0.06116, 0.04406, 0.06231], 5)
    want = [0.186310, -0.072321, -0.025074, 0.002487, -0.030009]
    near(got.corrected_effects, got.effect_errors, want, [0.006686, 0.007832, 0.007003, 0.005008, 0.007002], 6)


def test_bife_static(women: pd.DataFrame) -> None:
    got = estimate(women, ["KID1", "KID2", "KID3", "LINCH", "AGE", "AGE2"], two_way=False, L=0)
    assert (got.rows, round(got.deviance, 2)) == (5976, 6058.88)
    want = [-0.7144667, -0.4114554, -0.1298776, -0.2417657, 0.2319724, -0.0028846]
    near(got.coef, got.errors, want, [0.0562414, 0.0515524, 0.0415477, 0.0541720, 0.0375351, 0.0004989], 7)
    want = [-0.09278, -0.05343, -0.01687, -0.03140, 0.03012, -0.0003746]
    near(got.effects, got.plain_errors, want, [0.007728, 0.007116, 0.005995, 0.007479, 0.005258, 0.00007015], 5)
    want = [-0.6308839, -0.3635269, -0.1149869, -0.2139549, 0.2052708, -0.0025520]
    near(
        got.corrected, got.corrected_errors, want, [0.0555073, 0.0511325, 0.0413488, 0.0536613, 0.0373054, 0.0004962], 7
    )
    want = [-0.1016, -0.05852, -0.01851, -0.03444, 0.03304, -0.0004108]
    near(
        got.corrected_effects[1:],
        got.effect_errors[1:],
        want[1:],
        [0.007057, 0.005951, 0.007376, 0.005235, 0.00006986],
        5,
    )
    assert got.corrected_effects[0] == pytest.approx(want[0], abs=6e-5)


def test_bife_dynamic(women: pd.DataFrame) -> None:
    got = estimate(women, ["LLFP", "KID1", "KID2", "KID3", "LINCH", "AGE", "AGE2"], two_way=False, L=1)
    assert (got.rows, round(got.deviance, 2)) == (4792, 4774.57)
    want = [1.0025625, -0.4741275, -0.1958365, -0.0754042, -0.1946970, 0.2009569, -0.0024142]
    printed = [0.0473066, 0.0679073, 0.0625921, 0.0505110, 0.0621143, 0.0477728, 0.0006293]
    near(got.corrected, got.corrected_errors, want, printed, 7)
    want = [-0.07525, -0.03108, -0.01197, -0.03090, 0.03189, -0.0003832]
    printed = [0.007768, 0.007239, 0.005886, 0.006992, 0.005403, 0.00007107]
    near(got.corrected_effects[1:], got.effect_errors[1:], want, printed, 5)
    assert got.corrected_effects[0] == pytest.approx(0.1826, abs=6e-5)
