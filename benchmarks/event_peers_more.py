"""What StatsPAI, moderndid, differences and csdid are asked to do with events: their fastest way with errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from benchmarks.event_ours import FACTORS, PENALTY, Path
from benchmarks.event_ready import listed, package

# Where a peer has no standard errors by formula: its default number of draws.
DRAWS = 200


def _statspai(result: Any) -> Path:
    table = result.model_info["event_study"]
    return listed(table["relative_time"], table["att"], table["se"])


def statspai_lp_did(frame: pd.DataFrame) -> Path:
    """Each horizon a regression."""
    return _statspai(package("statspai").lp_did(frame, "y", "unit", "year", "event", horizons=(-3, 2)))


def statspai_lp_did_once(frame: pd.DataFrame) -> Path:
    """Each horizon a regression."""
    return _statspai(package("statspai").lp_did(frame, "y", "unit", "year", "status", horizons=(-3, 2)))


def statspai_projections(frame: pd.DataFrame) -> Path:
    """Panel local projections, later event times only, with the outcome of the period before."""
    result = package("statspai").local_projections(
        frame, "y", "event", horizons=2, id="unit", time="year", lags=1, endog_order=["y"], vce="cluster"
    )
    return listed(range(3), result.irf, result.se)


def statspai_switches(frame: pd.DataFrame) -> Path:
    """Take a status that turns on and off."""
    result = package("statspai").did_multiplegt_dyn(
        frame,
        "y",
        group="unit",
        time="year",
        treatment="event",
        placebo=2,
        dynamic=2,
        se_method="analytic",
        aggregation="simple",
    )
    table = result.model_info["event_study"]
    # Placebos count from -1 there.
    times = np.where(table["relative_time"] < 0, table["relative_time"] - 1, table["relative_time"])
    return listed(times, table["att"], table["se"])


def statspai_panel_match(frame: pd.DataFrame) -> Path:
    """Two periods of history, no refinement, standard errors by formula."""
    table = (
        package("statspai")
        .panel_match(
            frame, "y", "event", "unit", "year", lag=2, lead=[0, 1, 2], refinement="none", se_method="conditional"
        )
        .detail
    )
    return listed(table["lead"], table["estimate"], table["se"])


def statspai_stacked(frame: pd.DataFrame) -> Path:
    """Every event a stack of its own."""
    return _statspai(package("statspai").stacked_did(frame, "y", "unit", "year", events="event", window=(-3, 2)))


def statspai_stacked_once(frame: pd.DataFrame) -> Path:
    """Every cohort a stack of its own, controls first treated after the window."""
    return _statspai(
        package("statspai").stacked_did(
            frame, "y", "unit", "year", "first", window=(-3, 2), control_group="notyettreated"
        )
    )


def statspai_callaway(frame: pd.DataFrame) -> Path:
    """Units not yet treated as comparisons, one base period."""
    return _statspai(
        package("statspai").callaway_santanna(
            frame, "y", "first", "year", "unit", estimator="reg", control_group="notyettreated", base_period="universal"
        )
    )


def statspai_sun_abraham(frame: pd.DataFrame) -> Path:
    """Units never treated as comparisons."""
    return _statspai(package("statspai").sun_abraham(frame, "y", "first", "year", "unit", event_window=(-3, 2)))


def statspai_two_stage(frame: pd.DataFrame) -> Path:
    """Effects by event time."""
    result = package("statspai").did_2stage(
        frame, "y", "unit", "year", "first", event_study=True, horizon=list(range(3))
    )
    held = result.model_info["event_study"]
    names = [name for name in held["horizon"] if "+" in name]
    times = [int(name.split("k+")[1]) for name in names]
    return listed(times, [held["coef"][name] for name in names], [held["se"][name] for name in names])


def statspai_etwfe(frame: pd.DataFrame) -> Path:
    """Cohort by period, averaged by event time."""
    statspai = package("statspai")
    table = statspai.etwfe_emfx(statspai.etwfe(frame, "y", "unit", "year", "first"), type="event").detail
    return listed(table["event_time"], table["estimate"], table["se"])


def statspai_imputation(frame: pd.DataFrame) -> Path:
    """Effects by event time."""
    table = package("statspai").did_imputation(frame, "y", "unit", "year", "first", horizon=[0, 1, 2]).detail
    return listed(table["relative_time"], table["att"], table["se"])


def _fect(frame: pd.DataFrame, **asked: Any) -> Path:
    result = package("statspai").fect(
        frame, "y", "window", "unit", "year", vce="bootstrap", n_boot=DRAWS, seed=1, **asked
    )
    return {0: (float(result.estimate), float(result.se))}


def statspai_fect(frame: pd.DataFrame) -> Path:
    """Take unit and period effects; the mean over all rows in windows."""
    return _fect(frame, method="fe")


def statspai_fect_factors(frame: pd.DataFrame) -> Path:
    """Two factors; the mean over all rows in windows."""
    return _fect(frame, method="ife", r=FACTORS)


def statspai_fect_completion(frame: pd.DataFrame) -> Path:
    """Take a stated penalty; the mean over all rows in windows."""
    return _fect(frame, method="mc", lam=PENALTY / len(frame))


def statspai_completion(frame: pd.DataFrame) -> Path:
    """Take a stated penalty; the mean over all rows in windows."""
    result = package("statspai").mc_panel(
        frame, "y", "unit", "year", "window", lambda_reg=PENALTY, n_bootstrap=DRAWS, random_state=1
    )
    return {0: (float(result.estimate), float(result.se))}


def moderndid_switches(frame: pd.DataFrame) -> Path:
    """Take a status that turns on and off."""
    result = package("moderndid").did_multiplegt(frame, "y", "year", "unit", "event", effects=3, placebo=2)
    effects, placebos = result.effects, result.placebos
    times = np.concatenate([np.asarray(effects.horizons) - 1, np.asarray(placebos.horizons) - 1])
    coef = np.concatenate([effects.estimates, placebos.estimates])
    return listed(times, coef, np.concatenate([effects.std_errors, placebos.std_errors]))


def moderndid_callaway(frame: pd.DataFrame) -> Path:
    """Units not yet treated as comparisons, one base period."""
    moderndid = package("moderndid")
    cells = moderndid.att_gt(
        frame,
        "y",
        "year",
        "unit",
        "first",
        est_method="reg",
        control_group="notyettreated",
        base_period="universal",
        cband=False,
    )
    result = moderndid.aggte(cells, type="dynamic", cband=False)
    return listed(result.event_times, result.att_by_event, result.se_by_event)


def differences_callaway(frame: pd.DataFrame) -> Path:
    """Units not yet treated as comparisons, one base period."""
    made = package("differences").ATTgt(
        data=frame.set_index(["unit", "year"])[["y", "cohort"]], cohort_column="cohort", base_period="universal"
    )
    made.fit("y", est_method="reg", control_group="not_yet_treated", progress_bar=False)
    table = made.aggregate("event")
    return listed(table.index, table.iloc[:, 0], table.iloc[:, 1])


def csdid_callaway(frame: pd.DataFrame) -> Path:
    """Units not yet treated as comparisons, one base period."""
    made = package("csdid.att_gt").ATTgt("y", "year", "unit", "first", frame, control_group="notyettreated")
    made.fit(est_method="reg", base_period="universal", bstrap=False)
    made.aggte("dynamic", bstrap=False, cband=False)
    found = made.atte
    return listed(found["egt"], found["att_egt"], np.ravel(found["se_egt"]))
