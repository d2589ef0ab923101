"""Ways of inference: the headline's p-value and interval by every method that its data allow, one line each."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import EventPanelError, NotAvailableError
from eventpanel.estimating import estimate_by_name
from eventpanel.estimators.bootstrap import Bootstrap
from eventpanel.estimators.clusters import MINIMUM_CLUSTERS
from eventpanel.estimators.core.draws import Weights
from eventpanel.estimators.covariance import Clustered, Conley, Covariance, DriscollKraay
from eventpanel.estimators.design import Design, cluster_name
from eventpanel.estimators.few_treated import FewTreated, few_treated
from eventpanel.estimators.score_bootstrap import score_bootstrap
from eventpanel.estimators.wild_bootstrap import wild_bootstrap
from eventpanel.robustness.case import Case
from eventpanel.robustness.lines import ABSENT, Line, line_of, not_made
from eventpanel.robustness.reassignment import drawn, line_of_draws
from eventpanel.robustness.variation import reason, unit_of

__all__ = [
    "BOOTSTRAP",
    "BY_CLUSTER",
    "CRV1",
    "CRV3",
    "DEPENDENCE",
    "RANDOMISATION",
    "TREATED",
    "clustered",
    "clusters_of",
    "ways_of",
]

BY_CLUSTER = "by cluster"
BOOTSTRAP = "bootstrap"
RANDOMISATION = "randomisation"
TREATED = "few treated"
DEPENDENCE = "other dependence"
CRV1 = "CRV1, t(G-1)"
CRV2 = "CRV2, Satterthwaite"
CRV3 = "CRV3, jackknife"
# Below this number of clusters signs are too few to draw (Webb 2023, doi:10.1111/caje.12661).
FEW_SIGNS = 12
PLACES = ("latitude", "longitude")
CUTOFF_KM = 1000.0

Way = Callable[[Case, Line], Line]


def ways_of(case: Case, check: str, part: str) -> tuple[Line, ...]:
    """Lines of one kind of inference; what cannot be made says why.

    Parameters
    ----------
    case : Case
    check : str
    part : str
        One of the kinds: "by cluster", "bootstrap", "randomisation", "few treated", "other dependence".
    """
    return tuple(_tried(case, check, part, label, way) for label, way in _ways(case)[part].items())


def _ways(case: Case) -> dict[str, dict[str, Way]]:
    by, periods = cluster_name(case.panel, case.design), case.panel.period
    weights: Weights = "webb" if clusters_of(case)[0] < FEW_SIGNS else "rademacher"
    drawn_by = f"{'wild cluster' if case.is_linear else 'score'} bootstrap, {weights.capitalize()}"
    lags = _lags(case)
    return {
        BY_CLUSTER: {
            CRV1: _crv1,
            CRV2: partial(_covariance, Clustered(by, "none", "CRV2")),
            CRV3: partial(_covariance, Clustered(by, "none", "CRV3")),
        },
        BOOTSTRAP: {drawn_by: partial(_bootstrap, weights)},
        RANDOMISATION: {"randomisation, exchanged histories": _randomised},
        TREATED: {"few treated (Conley and Taber)": _few_treated},
        DEPENDENCE: {
            "clusters of two ways": _two_ways,
            f"Driscoll-Kraay, {lags} lags of {periods}": partial(_covariance, DriscollKraay(lags, "fixest")),
            f"Conley, {CUTOFF_KM:,.0f} km": _conley,
        },
    }


def _tried(case: Case, check: str, part: str, label: str, way: Way) -> Line:
    quantity = f"p-value, {label}, {case.target.describe()}"
    blank = Line(check, part, label, "test", quantity, unit_of(case.question))
    try:
        found = way(case, blank)
    except EventPanelError as error:
        return not_made(blank, reason(error))
    return not_made(blank, found.note or ABSENT) if np.isnan(found.p_value) else found


def clustered(case: Case) -> Design:
    """Design of the headline with CRV1 and clusters of one way: its own, or the first of several.

    Parameters
    ----------
    case : Case
    """
    asked = case.design.covariance
    if isinstance(asked, Clustered) and len(asked.ways) == 1 and asked.kind == "CRV1":
        return case.design
    rule = Clustered(cluster_name(case.panel, case.design), "reghdfe" if case.is_linear else "ppmlhdfe")
    return replace(case.design, covariance=rule)


def clusters_of(case: Case) -> tuple[int, int]:
    """Clusters, and clusters with an event, of the groups of the target, the fewest of them.

    Parameters
    ----------
    case : Case
    """
    own = [one for one in case.estimate.sizes if one.group in (case.target.group, case.target.minus)]
    if case.design.moderator is None or not own:
        return case.estimate.n_clusters, case.estimate.n_treated
    return min(one.clusters for one in own), min(one.treated_clusters for one in own)


def _crv1(case: Case, blank: Line) -> Line:
    return _covariance(clustered(case).covariance, case, blank)


def _covariance(asked: Covariance, case: Case, blank: Line) -> Line:
    estimate = estimate_by_name(case.question.estimator, case.panel, replace(case.design, covariance=asked))
    # Cautions of the covariance itself, not of the design.
    notes = [note for note in estimate.notes if note not in case.estimate.notes]
    return line_of(blank, case.target.of(estimate), case.level)._replace(note=" ".join(notes))


def _bootstrap(weights: Weights, case: Case, blank: Line) -> Line:
    section, target = case.section, case.target
    how = Bootstrap(draws=section.draws, seed=section.seed, weights=weights)
    pair = (target.group, target.minus) if target.minus else ()
    boot = wild_bootstrap if case.is_linear else score_bootstrap
    row = _row(case, boot(case.panel, clustered(case), how, difference=pair, level=case.level))
    p, draws = float(row["p_value"]), float(row["draws"])
    return blank._replace(
        estimate=float(row["estimate"]),
        p_value=p,
        p_error=0.0 if row["enumerated"] else float(np.sqrt(p * (1 - p) / draws)),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        draws=draws,
        nobs=float(case.estimate.nobs),
        n_clusters=float(case.estimate.n_clusters),
        n_treated=float(case.estimate.n_treated),
        note="null imposed" + ("; all sign changes" if row["enumerated"] else ""),
    )


def _row(case: Case, table: pd.DataFrame) -> pd.Series:
    """Find the row of the target in a table of a path."""
    target = case.target
    group = f"{target.group} - {target.minus}" if target.minus else target.group
    return table[(table["event_time"] == target.event_time) & (table["group"] == group)].iloc[0]


def _randomised(case: Case, blank: Line) -> Line:
    found = drawn(case, "permute")
    # The estimate of a score test is one step from the null; here all ways share the headline's.
    return line_of_draws(case, blank, found)._replace(estimate=float(case.headline.coef[0]))


def _few_treated(case: Case, blank: Line) -> Line:
    if not case.is_linear or case.target.minus:
        raise NotAvailableError("It is for one coefficient of a linear headline.", "", "see randomisation")
    how = FewTreated(draws=case.section.draws, seed=case.section.seed)
    row = _row(case, few_treated(case.panel, case.design, how, level=case.level))
    if row["treated"] > row["controls"]:
        raise NotAvailableError(
            "Units with an event are not few beside those without.",
            f"{row['treated']} with, {row['controls']} without",
            "see the other rows",
        )
    p = float(row["p_value"])
    return blank._replace(
        estimate=float(row["estimate"]),
        p_value=p,
        p_error=0.0 if row["enumerated"] else float(np.sqrt(p * (1 - p) / row["draws"])),
        conf_low=float(row["conf_low"]),
        conf_high=float(row["conf_high"]),
        draws=float(row["draws"]),
        nobs=float(case.estimate.nobs),
        n_treated=float(row["treated"]),
        note=f"errors of {row['controls']} units without an event",
    )


def _two_ways(case: Case, blank: Line) -> Line:
    first = cluster_name(case.panel, case.design)
    for second in case.panel.unit:
        number = case.panel.column(second)[case.estimate.sample].nunique()
        if second not in first.split("^") and number >= MINIMUM_CLUSTERS:
            asked = Clustered((first, second), "fixest")
            return _covariance(asked, case, blank._replace(label=f"clusters of {first} and of {second}"))
    raise NotAvailableError(
        "The sample has no second way of clusters.",
        f"{first} beside {', '.join(name for name in case.panel.unit if name != first) or 'nothing'}, "
        f"{MINIMUM_CLUSTERS} of them needed",
        "a headline over several exporters has one",
    )


def _lags(case: Case) -> int:
    """Lags by the usual rule of the number of periods T: 4 (T/100)^(2/9) (Hoechle 2007, Stata Journal 7:281-312)."""
    periods = case.panel.frame[case.panel.period][case.estimate.sample].nunique()
    return int(4 * (periods / 100) ** (2 / 9))


def _conley(case: Case, blank: Line) -> Line:
    missing = [name for name in PLACES if name not in case.panel.frame.columns]
    if missing:
        raise NotAvailableError("The panel has no places.", f"columns {', '.join(PLACES)}", "add them to the inputs")
    asked = Conley(
        latitude=PLACES[0],
        longitude=PLACES[1],
        cutoff_km=CUTOFF_KM,
        kernel="bartlett",
        distance="great_circle",
        serial_lags=_lags(case),
        serial_by=cluster_name(case.panel, case.design),
        small_sample="fixest",
    )
    return _covariance(asked, case, blank)
