"""What stands below the exhibits of equation (3): scale, restriction, what leads and bands can show."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_models import Fitted, term_name
from eventpanel.brookings.unrest_parts import Parted
from eventpanel.datasets.errors import DesignError
from eventpanel.estimators.cautions import restriction
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import simultaneous_bands
from eventpanel.estimators.leads_in_words import leads_in_words

__all__ = ["simultaneous", "words"]

# Level of the intervals in notes; levels of the bands that are handed on.
LEVEL = 0.95
LEVELS = (0.90, 0.95)
SAID = {
    "distributed_lag": "distributed lag",
    "orthogonalised": "distributed lag with leads and lags orthogonalised to unrest of the same year",
    "local_projections": "stacked local projections, controlling for the outcome one year before unrest",
    "event": "unrest above the country's own mean plus one standard deviation as an event, against clean controls",
}
POST_TREATMENT = "The regime is that of the same year, which unrest may have changed: a sample chosen after treatment."


def simultaneous(parts: Sequence[Parted]) -> pd.DataFrame:
    """Bands that cover each column's whole path, at two levels.

    Parameters
    ----------
    parts : sequence of Parted

    Returns
    -------
    DataFrame
        panel, column, term, level, lower, upper, critical.
    """
    names = ["panel", "column", "term", "level", "lower", "upper", "critical"]
    rows: list[tuple[str | float, ...]] = []
    for one, fitted in [(part, fitted) for part in parts for fitted in part.fits]:
        for level in LEVELS if fitted.estimate is not None else ():
            rows += _bands(one, fitted, level)
    return pd.DataFrame(rows, columns=names)


def _bands(one: Parted, fitted: Fitted, level: float) -> list[tuple[str | float, ...]]:
    path = _path(fitted)
    table = simultaneous_bands(path, level)[["band_low", "band_high", "critical"]].to_numpy()
    names = [term_name(term.event_time or 0, one.part.outcome.what) for term in path.path]
    return [(one.part.panel, one.head(fitted), name, level, *row) for name, row in zip(names, table, strict=True)]


def _path(fitted: Fitted) -> Estimate:
    """Path alone, without controls."""
    if fitted.estimate is None:
        raise ValueError("there is no estimate")
    return fitted.estimate.select(fitted.estimate.path)


def words(parted: Parted, switches: Switches) -> tuple[str, ...]:
    """Say below a table what its coefficients are, what is assumed, and what leads and bands show.

    Parameters
    ----------
    parted : Parted
    switches : Switches
    """
    part, scale = parted.part, parted.rows.scale
    size = f"{scale.sd:,.4g} events a year, from a mean of {scale.mean:,.4g}"
    where = "over the importer-years of the sample; years outside it are on the same scale"
    unit = f"Coefficients are changes of the outcome per one standard deviation of unrest ({size}) {where}."
    if switches.reading == "event":
        unit = "Coefficients are changes of the outcome since the year before a year of high unrest."
    return (
        f"{parted.name}Outcome: {part.outcome.said}. Importer-years; standard errors are clustered by importer.",
        unit,
        f"Reading: {SAID[switches.reading]}. {_restriction(switches)}",
        *((POST_TREATMENT,) if switches.regime_timing == "yearly" else ()),
        *(f"{_column(parted, one)} is empty: {one.why}" for one in parted.fits if one.estimate is None),
        *_shown(parted),
    )


def _column(parted: Parted, fitted: Fitted) -> str:
    return f"{parted.name}Column {parted.head(fitted)}"


def _restriction(switches: Switches) -> str:
    if switches.reading == "orthogonalised":
        return (
            "The coefficient of the same year is a scaled sum of the effects of all leads and lags; all terms are "
            "estimated."
        )
    if switches.reading in ("local_projections", "event"):
        return "The outcome one year before unrest is the base; it must be in the sample, which costs rows."
    if switches.year_before == "estimated":
        return "All five terms are estimated; none is left out."
    return (
        "The term one year before unrest is left out. Unrest is a dose, so nothing is collinear, and this is the "
        "restriction that its effect is zero, not a normalisation."
    )


def _shown(parted: Parted) -> tuple[str, ...]:
    """Say what the leads show in the first column that was estimated, bands in it and the last, and cautions."""
    made = [one for one in parted.fits if one.estimate is not None]
    if not made:
        return ()
    bands = [_band(_column(parted, one), _path(one)) for one in (made[0], *made[1:][-1:])]
    cautions = dict.fromkeys(note for one in made if one.estimate is not None for note in _cautions(one.estimate))
    return (f"{_column(parted, made[0])}, what the leads can show: {_leads(made[0])}", *bands, *cautions)


def _leads(fitted: Fitted) -> str:
    try:
        return " ".join(leads_in_words(_path(fitted), level=LEVEL))
    except DesignError as error:
        return f"nothing: {error}"


def _cautions(estimate: Estimate) -> tuple[str, ...]:
    """Cautions of the estimator, without the restriction, which is said above."""
    return tuple(f"Caution: {note}" for note in estimate.notes if note not in restriction(estimate.design))


def _band(name: str, path: Estimate) -> str:
    """Say whether intervals of the same year cover zero: its own, and that of the whole path."""
    now = [k for k, term in enumerate(path.path) if term.event_time == 0]
    if not now:
        return f"{name}: the same year could not be estimated."
    own, band = path.conf_int(LEVEL).iloc[now[0]], simultaneous_bands(path, LEVEL).iloc[now[0]]
    low, high = float(band["band_low"]), float(band["band_high"])
    covers = "covers" if low <= 0 <= high else "does not cover"
    return (
        f"{name}, same year: {LEVEL:.0%} interval by itself [{own['lower']:.3f}, {own['upper']:.3f}]; simultaneous "
        f"band for the whole path [{low:.3f}, {high:.3f}], which {covers} zero."
    )
