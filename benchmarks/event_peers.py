"""What pyfixest, linearmodels and diff-diff are asked to do with events: their fastest way with errors."""

from __future__ import annotations

from typing import Any

import pandas as pd

from benchmarks.event_ours import Path
from benchmarks.event_ready import LAGS, TIMES, lag_column, listed, outcome_column, package
from benchmarks.peers import SLIM


def pyfixest_lags(frame: pd.DataFrame) -> Path:
    """Leads and lags in one regression."""
    text = f"y ~ {' + '.join(map(lag_column, LAGS))} | unit + year"
    fit = package("pyfixest").feols(text, frame, vcov={"CRV1": "unit"}, **SLIM).tidy()
    return listed(LAGS, fit["Estimate"], fit["Std. Error"])


def pyfixest_projections(frame: pd.DataFrame) -> Path:
    """One regression for each event time; no covariance between them."""
    found: Path = {}
    for k in TIMES:
        text = f"{outcome_column(k)} ~ event + before | unit + year"
        fit = package("pyfixest").feols(text, frame, vcov={"CRV1": "unit"}, **SLIM).tidy()
        found[k] = (float(fit["Estimate"].iloc[0]), float(fit["Std. Error"].iloc[0]))
    return found


def linearmodels_projections(frame: pd.DataFrame) -> Path:
    """One regression for each event time; no covariance between them."""
    fit, found = package("linearmodels.panel").PanelOLS, {}
    held = frame.set_index(["unit", "year"])
    for k in TIMES:
        some = held[[outcome_column(k), "event", "before"]].dropna()
        model = fit(some.iloc[:, 0], some.iloc[:, 1:], entity_effects=True, time_effects=True)
        made = model.fit(cov_type="clustered", cluster_entity=True)
        found[k] = (float(made.params["event"]), float(made.std_errors["event"]))
    return found


def pyfixest_lpdid(frame: pd.DataFrame) -> Path:
    """Each horizon a regression."""
    fit = package("pyfixest").lpdid(
        frame, "y", "unit", "year", "first", vcov={"CRV1": "unit"}, pre_window=3, post_window=2, att=False
    )
    table = fit.tidy()
    times = [int(str(name).rsplit("::", 1)[1]) for name in table.index]
    return listed(times, table["Estimate"], table["Std. Error"])


def pyfixest_saturated(frame: pd.DataFrame) -> Path:
    """Sun and Abraham."""
    fit = package("pyfixest").event_study(frame, "y", "unit", "year", "first", estimator="saturated", cluster="unit")
    table = fit.aggregate().reset_index()
    return listed(table["period"], table["Estimate"], table["Std. Error"])


def pyfixest_did2s(frame: pd.DataFrame) -> Path:
    """Two stages, effects by event time, untreated rows as the reference."""
    fit = (
        package("pyfixest").did2s(frame, "y", "~0 | unit + year", "~i(treated_for, ref=-1.0)", "status", "unit").tidy()
    )
    times = [int(float(str(name).rsplit("::", 1)[1].split("T.")[-1].rstrip("]"))) for name in fit.index]
    return listed(times, fit["Estimate"], fit["Std. Error"])


def _by_time(found: Any, coef: str) -> Path:
    return {int(k): (float(v[coef]), float(v["se"])) for k, v in found.items()}


def _diff_diff(result: Any) -> Path:
    return _by_time(result.event_study_effects, "effect")


def diff_diff_lpdid(frame: pd.DataFrame) -> Path:
    """Take a status that turns on once."""
    fit = package("diff_diff").LPDiD(pre_window=3, post_window=2)
    table = fit.fit(frame, "y", "unit", "year", "status", only_event=True).event_study
    return listed(table["horizon"], table["coefficient"], table["se"])


def diff_diff_lpdid_stabilised(frame: pd.DataFrame) -> Path:
    """Take a status that turns on and off."""
    fit = package("diff_diff").LPDiD(
        pre_window=3, post_window=2, non_absorbing="effect_stabilization", stabilization_window=2
    )
    table = fit.fit(frame, "y", "unit", "year", "event", only_event=True).event_study
    return listed(table["horizon"], table["coefficient"], table["se"])


def diff_diff_switches(frame: pd.DataFrame) -> Path:
    """Take a status that turns on and off; units that switch more than once are kept."""
    fit = package("diff_diff").DCDH(drop_larger_lower=False, twfe_diagnostic=False)
    result = fit.fit(frame, "y", "unit", "year", "event", L_max=3)
    effects = {int(k) - 1: v for k, v in result.event_study_effects.items()}
    effects |= {int(k) - 1: v for k, v in (result.placebo_event_study or {}).items()}
    return _by_time(effects, "effect")


def diff_diff_callaway(frame: pd.DataFrame) -> Path:
    """Units not yet treated as comparisons, one base period."""
    fit = package("diff_diff").CallawaySantAnna(
        control_group="not_yet_treated", estimation_method="reg", base_period="universal"
    )
    return _diff_diff(fit.fit(frame, "y", "unit", "year", "first", aggregate="event_study"))


def diff_diff_sun_abraham(frame: pd.DataFrame) -> Path:
    """Units never treated as comparisons."""
    return _diff_diff(package("diff_diff").SunAbraham().fit(frame, "y", "unit", "year", "first"))


def diff_diff_two_stage(frame: pd.DataFrame) -> Path:
    """Effects by event time."""
    fit = package("diff_diff").TwoStageDiD()
    return _diff_diff(fit.fit(frame, "y", "unit", "year", "first", aggregate="event_study"))


def diff_diff_imputation(frame: pd.DataFrame) -> Path:
    """Effects by event time."""
    fit = package("diff_diff").ImputationDiD(horizon_max=2)
    return _diff_diff(fit.fit(frame, "y", "unit", "year", "first", aggregate="event_study"))


def diff_diff_wooldridge(frame: pd.DataFrame) -> Path:
    """Cohort by period, averaged by event time."""
    result = package("diff_diff").WooldridgeDiD().fit(frame, "y", "unit", "year", "first")
    result.aggregate("event")
    return _by_time(result.event_study_effects, "att")


def diff_diff_stacked(frame: pd.DataFrame) -> Path:
    """Take a status that turns on once."""
    fit = package("diff_diff").StackedDiD(kappa_pre=3, kappa_post=2)
    return _diff_diff(fit.fit(frame, "y", "unit", "year", "first", aggregate="event_study"))
