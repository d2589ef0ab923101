"""Treatment paths: when the treatment of each unit first changes, from what, and which outcomes may then be compared.

de Chaisemartin and D'Haultfoeuille (2024, doi:10.1162/rest_a_01414) compare units from the first change on with units
that have the same treatment since their first period. The rules for gaps in the record of the treatment follow their
software; docs/methods/did_multiplegt.md lists them one by one.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Floats, Mask
from eventpanel.estimators.core.groups import cross, numbered

__all__ = ["NO_SWITCH", "Record", "TreatmentPaths", "strata", "treatment_paths"]

# A period after all others.
NO_SWITCH = np.iinfo(np.int64).max
# Sums of treatments below this share of the sum of their sizes are rounding.
ROUNDING = 1e-12


@dataclass(frozen=True, slots=True, eq=False)
class Record:
    """What is known of each unit's treatment, shape (U,) each, as positions on the calendar.

    Attributes
    ----------
    first, last : ndarray
        First and last period with a known treatment.
    baseline : ndarray
        Treatment in the first; missing where none is known.
    change : ndarray
        First period with another treatment; ``NO_SWITCH`` without one.
    before : ndarray
        Last period before the change, or the last of all, with a known treatment.
    """

    first: Codes
    last: Codes
    baseline: Floats
    change: Codes
    before: Codes


@dataclass(frozen=True, slots=True, eq=False)
class TreatmentPaths:
    """When the treatment of each unit first changes, and which of its outcomes may be compared.

    Attributes
    ----------
    record : Record
    switch : ndarray, shape (U,)
        First period with another treatment than at the start; ``NO_SWITCH`` where there is none or its date cannot
        be told.
    sign : ndarray, shape (U,)
        1 where the treatment is larger than at the start after the switch, -1 where it is smaller, 0 without a switch.
    gain : ndarray, shape (U, T)
        Treatment less that of the start, gaps filled; zero before the switch.
    open : ndarray of bool, shape (U, T)
        Outcomes that may be compared.
    stratum : ndarray, shape (U,)
        Units with the same treatment at the start, and the same trends; dense.
    level : ndarray, shape (U,)
        Units with the same treatment at the start; dense.
    flat : ndarray of bool, shape (U,)
        Units whose treatment after the switch equals that of the start on average, which are left out.
    """

    record: Record
    switch: Codes
    sign: Floats
    gain: Floats
    open: Mask
    stratum: Codes
    level: Codes
    flat: Mask


def strata(baseline: Floats, trends: Codes) -> tuple[Codes, Codes]:
    """Codes of the treatment at the start, and of that with the trends, shape (U,) each.

    Examples
    --------
    >>> [codes.tolist() for codes in strata(np.array([0.0, 1.0, 0.0]), np.array([5, 5, 7]))]
    [[0, 1, 0], [0, 2, 1]]
    """
    level = np.unique(baseline, return_inverse=True)[1].reshape(-1).astype(np.int64)
    return level, cross(level, numbered(trends)[1])


def treatment_paths(
    treatment: Floats, outcome: Mask, trends: Codes, *, keep_crossing: bool, fill: bool
) -> TreatmentPaths:
    """Follow the treatment of every unit.

    Parameters
    ----------
    treatment : ndarray, shape (U, T)
        Missing where it is not known.
    outcome : ndarray of bool, shape (U, T)
        Where the outcome is known.
    trends : ndarray, shape (U,)
        Codes of units that are compared with one another only; need not be dense.
    keep_crossing : bool
        Keep outcomes after the treatment has been both above and below that of the start.
    fill : bool
        Use outcomes after a gap in the treatment that lies before the switch.
    """
    record = _record(treatment)
    level, stratum = strata(record.baseline, trends)
    periods = np.arange(treatment.shape[1])
    dated = record.before == record.change - 1
    switch = np.where(dated, record.change, NO_SWITCH)
    open_ = outcome & (periods >= record.first[:, None])
    open_ &= (periods <= record.before[:, None]) | dated[:, None]
    if not fill:
        open_ &= periods < _first_gap(treatment, outcome, record)[:, None]
    gain = _gain(treatment, record, switch)
    up, down = (np.logical_or.accumulate(side * gain > 0, axis=1) for side in (1, -1))
    if not keep_crossing:
        open_ &= ~(up & down)
    sign, flat = _average_sign(gain, record, switch, stratum) if keep_crossing else _first_sign(gain, switch)
    open_ &= ~flat[:, None]
    return TreatmentPaths(record, switch, sign, gain, open_, stratum, level, flat)


def _record(treatment: Floats) -> Record:
    units, periods = treatment.shape
    known = ~np.isnan(treatment)
    some, row = known.any(axis=1), np.arange(units)
    first = np.where(some, known.argmax(axis=1), periods)
    last = np.where(some, periods - 1 - known[:, ::-1].argmax(axis=1), -1)
    baseline = np.where(some, treatment[row, known.argmax(axis=1)], np.nan)
    other = known & (treatment != baseline[:, None])
    change = np.where(other.any(axis=1), other.argmax(axis=1), NO_SWITCH)
    at = np.arange(periods)
    before = np.where(known & (at < change[:, None]), at, -1).max(axis=1)
    return Record(first, last, baseline, change, before)


def _first_gap(treatment: Floats, outcome: Mask, record: Record) -> Codes:
    """First period without a known treatment after the first outcome and before the change, shape (U,)."""
    at = np.arange(treatment.shape[1])
    since = np.logical_or.accumulate(outcome, axis=1)
    gap = np.isnan(treatment) & since & (at < record.change[:, None])
    return np.where(gap.any(axis=1), gap.argmax(axis=1), NO_SWITCH)


def _gain(treatment: Floats, record: Record, switch: Codes) -> Floats:
    """Treatment less that of the start; where it is not known after the switch, that of the switch."""
    units, periods = treatment.shape
    after = np.arange(periods) >= switch[:, None]
    at_switch = treatment[np.arange(units), np.minimum(switch, periods - 1)]
    filled = np.where(np.isnan(treatment), at_switch[:, None], treatment)
    return np.asarray(np.where(after, filled - record.baseline[:, None], 0.0))


def _first_sign(gain: Floats, switch: Codes) -> tuple[Floats, Mask]:
    """Direction of each switch in its own period, and no unit without one, shape (U,) each."""
    units, periods = gain.shape
    at_switch = np.sign(gain[np.arange(units), np.minimum(switch, periods - 1)])
    return np.where(switch != NO_SWITCH, at_switch, 0.0), np.zeros(units, dtype=bool)


def _average_sign(gain: Floats, record: Record, switch: Codes, stratum: Codes) -> tuple[Floats, Mask]:
    """Direction of the average treatment since each switch, and units without one although they switch.

    The average runs to the last period in which some unit of the stratum has not switched yet.
    """
    first, _ = _first_sign(gain, switch)
    horizon = np.full(int(stratum.max(initial=-1)) + 1, -1, dtype=np.int64)
    np.maximum.at(horizon, stratum, np.where(switch != NO_SWITCH, switch - 1, record.before))
    within = np.where(np.arange(gain.shape[1]) <= horizon[stratum][:, None], gain, 0.0)
    total, judged = within.sum(axis=1), (switch != NO_SWITCH) & (switch <= horizon[stratum])
    level = np.abs(total) <= ROUNDING * np.abs(within).sum(axis=1)
    return np.where(judged, np.where(level, 0.0, np.sign(total)), first), judged & level
