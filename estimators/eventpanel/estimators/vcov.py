"""From a fit to its covariance, degrees of freedom and cautions, whatever covariance the design asks for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from eventpanel.datasets.errors import DesignError, first_few
from eventpanel.estimators.clusters import degrees_of_freedom
from eventpanel.estimators.contributions import Contributions
from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.conley import spatial
from eventpanel.estimators.core.dyadic import dyadic
from eventpanel.estimators.core.groups import cross, recode
from eventpanel.estimators.core.hc import identified, pinned, robust
from eventpanel.estimators.core.leverage import leverage
from eventpanel.estimators.core.multiway import multiway
from eventpanel.estimators.core.sandwich import influence_of
from eventpanel.estimators.core.semidefinite import semidefinite
from eventpanel.estimators.core.serial import bartlett, serial
from eventpanel.estimators.covariance import Clustered, Conley, DriscollKraay, Dyadic, NeweyWest, Robust
from eventpanel.estimators.design import Design
from eventpanel.estimators.regression import effects_of
from eventpanel.estimators.rows import Rows

__all__ = ["Uncertainty", "few", "leverages", "repaired", "uncertainty"]

# Below about 20 clusters CRV1 tests reject too often even with t(G-1) (Cameron and Miller 2015,
# doi:10.3368/jhr.50.2.317); the clusters of Driscoll and Kraay are periods, those that HC overlooks are units.
FEW = 20


@dataclass(frozen=True, slots=True)
class Uncertainty:
    """What a covariance says of a fit.

    Attributes
    ----------
    vcov : ndarray, shape (k, k)
    dof : ndarray, shape (k,)
        Degrees of freedom of each coefficient's t distribution.
    notes : tuple of str
        Cautions a reader must see beside the numbers.
    contributions : Contributions, optional
        Of the clusters, where rows are clustered one way.
    """

    vcov: Floats
    dof: Floats
    notes: tuple[str, ...] = ()
    contributions: Contributions | None = None


def uncertainty(design: Design, rows: Rows) -> Uncertainty:
    """Covariance of a fit as its design asks for it.

    Parameters
    ----------
    design : Design
    rows : Rows

    Returns
    -------
    Uncertainty

    Raises
    ------
    DesignError
        A column that is missing in rows of the sample, places that are none, lags beyond the calendar, leverage that is
        too large to compute, no degree of freedom left.

    Examples
    --------
    See docs/methods/covariance.md.
    """
    match design.covariance:
        case Clustered() as asked:
            return _clustered(asked, rows)
        case Robust() as asked:
            return _robust(asked, rows)
        case DriscollKraay() as asked:
            return _driscoll_kraay(asked, rows)
        case NeweyWest() as asked:
            return _newey_west(asked, rows)
        case Conley() as asked:
            return _conley(asked, rows)
        case Dyadic() as asked:
            return _dyadic(asked, rows)


def _distinct(*groupings: Codes) -> Callable[[Mask], int]:
    """How many groups there are in some rows, the fewest of several groupings."""
    return lambda some: min(len(np.unique(codes[some])) for codes in groupings)


def repaired(vcov: Floats, dof: Floats, notes: Sequence[str] = ()) -> Uncertainty:
    """Repair a covariance that is not positive semidefinite, and say so.

    Parameters
    ----------
    vcov : ndarray, shape (k, k)
    dof : ndarray, shape (k,)
    notes : sequence of str
        Cautions that there are already.
    """
    mended, changed = semidefinite(vcov)
    said = (
        "the covariance was not positive semidefinite: negative eigenvalues were set to zero (Cameron, Gelbach and "
        "Miller 2011); standard errors are doubtful.",
    )
    return Uncertainty(mended, dof, (*notes, *(said if changed else ())))


def few(count: int, what: str) -> list[str]:
    """Say that there are few clusters, or what stands for them, where there are."""
    return [f"only {count} {what}: tests reject too often; see docs/methods/covariance.md."] if count < FEW else []


def _clustered(asked: Clustered, rows: Rows) -> Uncertainty:
    if len(asked.ways) == 1:
        codes, counts = rows.m.clusters, rows.counts
        if asked.small_sample == "fixest":
            counts = rows.counted(counts.clusters, [codes])
        influence, factor = influence_of(rows.fit, rows.clusters), asked.factor(counts)
        vcov = factor * (influence.T @ influence)
        own = rows.m.by_cluster[0].sum(axis=1)
        fewest = dict(zip(rows.m.names, own.tolist(), strict=True))
        dof = degrees_of_freedom(rows.terms, fewest, counts.clusters)
        return Uncertainty(vcov, dof, contributions=Contributions(np.sqrt(factor) * influence))
    ways = [rows.codes(name) for name in asked.ways]
    sizes = [int(codes.max()) + 1 for codes in ways]
    vcov = multiway(rows.fit, ways, own_factors=asked.own_factors)
    # Few clusters of the first way are noted for every estimate.
    notes = [
        note for name, size in zip(asked.ways[1:], sizes[1:], strict=True) for note in few(size, f"{name} clusters")
    ]
    return repaired(asked.factor(rows.counted(min(sizes), ways)) * vcov, rows.dof(_distinct(*ways)), notes)


def _robust(asked: Robust, rows: Rows) -> Uncertainty:
    counts, notes = rows.counts, _repeated(asked, rows)
    dof = np.full(len(rows.terms), float(counts.nobs - counts.terms - counts.absorbed))
    if asked.kind in ("HC0", "HC1"):
        return Uncertainty(asked.factor(counts) * robust(rows.fit), dof, notes)
    within = rows.within(np.ones(len(rows.m.y), dtype=bool))
    pull = leverages(asked, within, rows.fit.bread, effects_of(rows.m), rows.m.weights)
    vcov, alone = robust(rows.fit, pull, 1 if asked.kind == "HC2" else 2), pinned(pull)
    if not alone.any():
        return Uncertainty(vcov, dof, notes)
    # What only these rows identify has no variance that could be known.
    lost = ~identified(rows.within(~alone), np.linalg.norm(within, axis=0))
    vcov[lost], vcov[:, lost] = np.nan, np.nan
    said = (
        f"{int(alone.sum())} rows are fitted exactly whatever their outcome (leverage 1): {asked.kind} leaves them out."
    )
    return Uncertainty(vcov, dof, (*notes, said))


def _repeated(asked: Robust, rows: Rows) -> tuple[str, ...]:
    """Say what few units seen again and again do to a covariance that takes their rows as independent."""
    units, nobs = rows.counts.clusters, rows.counts.nobs
    if units >= FEW or nobs == units:
        return ()
    return (
        f"{asked.kind} takes {nobs} rows of only {units} units as independent: where errors of a unit last, tests "
        "reject too often; see docs/methods/inference.md.",
    )


def leverages(
    asked: Robust, within: Floats, bread: Floats, effects: Sequence[Codes], weights: Floats | None = None
) -> Floats:
    """Leverage of each row, that of the fixed effects included, shape (n,).

    Parameters
    ----------
    asked : Robust
    within, bread, effects, weights
        As for :func:`.leverage`.

    Raises
    ------
    DesignError
        The effects are too many for it.
    """
    try:
        return leverage(within, bread, effects, weights)
    except ArithmeticError as error:
        raise DesignError(
            f"{asked.kind} needs the leverage of every row, and the fixed effects are too many for it.",
            str(error),
            "use HC1 or clusters, or coarser fixed effects",
        ) from error


def _check_calendar(lags: int, periods: int) -> None:
    if lags >= periods:
        raise DesignError(
            "The lags of the covariance reach beyond the calendar of the sample.",
            f"lags={lags}, {periods} periods from the first to the last",
            "use fewer lags",
        )


def _driscoll_kraay(asked: DriscollKraay, rows: Rows) -> Uncertainty:
    times = rows.times
    _check_calendar(asked.lags, int(np.ptp(times)) + 1)
    periods = recode(times)
    meat = serial(rows.fit.scores, np.zeros_like(times), times, bartlett(asked.lags))
    number = int(periods.max()) + 1
    factor = asked.factor(rows.counted(number, [periods]))
    return repaired(
        factor * rows.fit.bread @ meat @ rows.fit.bread, rows.dof(_distinct(periods)), few(number, "periods")
    )


def _newey_west(asked: NeweyWest, rows: Rows) -> Uncertainty:
    times, units = rows.times, rows.codes(asked.by)
    _check_calendar(asked.lags, int(np.ptp(times)) + 1)
    periods = recode(times)
    meat = serial(rows.fit.scores, units, times, bartlett(asked.lags))
    factor = asked.factor(rows.counted(int(periods.max()) + 1, [units, periods]))
    return repaired(factor * rows.fit.bread @ meat @ rows.fit.bread, rows.dof(_distinct(periods)))


def _conley(asked: Conley, rows: Rows) -> Uncertainty:
    latitude, longitude = rows.numbers(asked.latitude), rows.numbers(asked.longitude)
    _check_places(asked, latitude, longitude)
    scores, bread, times = rows.fit.scores, rows.fit.bread, rows.times
    _check_calendar(asked.serial_lags, int(np.ptp(times)) + 1)
    where = np.column_stack([latitude, longitude])
    meat = spatial(scores, where, recode(times), asked.cutoff_km, asked.kernel, asked.distance)
    if asked.serial_by is not None:
        weights = bartlett(asked.serial_lags)
        # The same period is in the spatial part.
        weights[0] = 0.0
        meat = meat + serial(scores, rows.codes(asked.serial_by), times, weights)
    north, east = (np.unique(column, return_inverse=True)[1].astype(np.int64) for column in (latitude, longitude))
    places = cross(north, east)
    number = int(places.max()) + 1
    factor = asked.factor(rows.counted(number, [north, east]))
    return repaired(factor * bread @ meat @ bread, rows.dof(_distinct(places)), few(number, "places"))


def _check_places(asked: Conley, latitude: Floats, longitude: Floats) -> None:
    wrong = (np.abs(latitude) > 90) | (longitude < -180) | (longitude > 360)
    if wrong.any():
        pairs = {(float(a), float(b)) for a, b in zip(latitude[wrong], longitude[wrong], strict=True)}
        raise DesignError(
            f"Columns {asked.latitude!r} and {asked.longitude!r} hold values that are no degrees.",
            first_few(f"latitude {a:g}, longitude {b:g}" for a, b in sorted(pairs)),
            "latitude lies in [-90, 90], longitude in [-180, 180] or [0, 360]",
        )


def _dyadic(asked: Dyadic, rows: Rows) -> Uncertainty:
    both = pd.factorize(pd.concat([rows.values(name) for name in asked.members], ignore_index=True))[0]
    first, second = np.split(both.astype(np.int64), 2)
    number = int(both.max()) + 1
    factor = asked.factor(rows.counted(number, []))
    dof = rows.dof(lambda some: len(np.union1d(first[some], second[some])))
    return repaired(factor * dyadic(rows.fit, first, second), dof, few(number, "members"))
