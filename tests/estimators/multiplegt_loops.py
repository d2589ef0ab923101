"""DID_l as its formulas are written: loops over units, periods and horizons, one cell at a time; slow and obvious.

de Chaisemartin and D'Haultfoeuille (2024, doi:10.1162/rest_a_01414).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from math import isnan, sqrt

import pandas as pd


@dataclass
class Unit:
    """One unit: treatments, outcomes and weights by period, and what follows from them."""

    name: object
    cluster: object
    trend: object
    d: dict[int, float]
    y: dict[int, float]
    w: dict[int, float]
    baseline: float = float("nan")
    switch: float = float("inf")
    sign: int = 0

    @property
    def stratum(self) -> tuple[object, object]:
        return self.baseline, self.trend

    @property
    def cohort(self) -> tuple[object, float, float, int]:
        return self.stratum, self.switch, self.d[int(self.switch)], self.sign


@dataclass
class Found:
    """Estimate of one horizon, what each unit adds to its error, and the switchers that are compared."""

    coef: float
    error: dict[object, float] = field(default_factory=dict)
    switchers: list[Unit] = field(default_factory=list)
    dose: float = float("nan")


def units_of(rows: pd.DataFrame, periods: list[int]) -> list[Unit]:
    """Units with their first change, by the rules for gaps."""
    found = []
    for name, mine in rows.groupby("unit", sort=True):
        by = mine.set_index("year")
        d = {t: float(v) for t, v in by["x"].items() if not isnan(v)}
        y = {t: float(v) for t, v in by["y"].items() if not isnan(v)}
        unit = Unit(name, mine["region"].iloc[0], mine["bloc"].iloc[0], d, y, by["weight"].to_dict())
        if not d:
            continue
        first = min(d)
        unit.baseline = d[first]
        changed = [t for t in sorted(d) if d[t] != unit.baseline]
        if not changed:
            last = max(d)
        elif changed[0] - 1 not in d:
            last = max(t for t in d if t < changed[0])
        else:
            last, unit.switch = max(periods), changed[0]
            unit.sign = 1 if d[changed[0]] > unit.baseline else -1
        crossed = [
            t for t in d if {d[s] > unit.baseline for s in d if s <= t and d[s] != unit.baseline} == {True, False}
        ]
        unit.y = {t: v for t, v in y.items() if first <= t <= last and (not crossed or t < min(crossed))}
        if unit.switch < float("inf"):
            for t in periods:
                if t > unit.switch and t not in unit.d:
                    unit.d[t] = d[changed[0]]
        found.append(unit)
    return found


def horizon(units: list[Unit], event_time: int, may_control: Callable[[Unit], bool] = lambda _: True) -> Found | None:
    """Estimate one event time: 0 is the first effect, -2 the first placebo."""
    ahead = event_time + 1 if event_time >= 0 else -1 - event_time
    step = ahead if event_time >= 0 else -ahead

    def has(unit: Unit, base: int) -> bool:
        return all(t in unit.y for t in (base, base + step, base + ahead))

    def change(unit: Unit, base: int) -> float:
        return unit.y[base + step] - unit.y[base]

    def controls(unit: Unit, base: int) -> list[Unit]:
        return [
            other
            for other in units
            if other.stratum == unit.stratum and other.switch > base + ahead and has(other, base) and may_control(other)
        ]

    moved = []
    for unit in units:
        if unit.sign and has(unit, int(unit.switch) - 1) and controls(unit, int(unit.switch) - 1):
            moved.append(unit)
    if not moved:
        return None
    total = sum(unit.w[int(unit.switch) - 1 + ahead] for unit in moved)
    found = Found(0.0, {unit.name: 0.0 for unit in units}, moved)
    for unit in moved:
        base = int(unit.switch) - 1
        against = controls(unit, base)
        mass = sum(other.w[base + ahead] for other in against)
        mean = sum(other.w[base + ahead] * change(other, base) for other in against) / mass
        weight = unit.w[base + ahead] / total
        found.coef += weight * unit.sign * (change(unit, base) - mean)
        cohort = [other for other in moved if other.cohort == unit.cohort]
        together = [
            o for o in moved if (o.stratum, o.switch, o.sign) == (unit.stratum, unit.switch, unit.sign)
        ] + against

        def around(group: list[Unit], base: int = base, together: list[Unit] = together) -> tuple[float, float]:
            for some in (group, together):
                k = len({other.cluster for other in some})
                if k > 1:
                    mass = sum(other.w[base + ahead] for other in some)
                    return sum(o.w[base + ahead] * change(o, base) for o in some) / mass, sqrt(k / (k - 1))
            return 0.0, 1.0

        mine, root = around(cohort)
        found.error[unit.name] += unit.sign * weight * root * (change(unit, base) - mine)
        mine, root = around(against)
        for other in against:
            part = other.w[base + ahead] / mass * root * (change(other, base) - mine)
            found.error[other.name] -= unit.sign * weight * part
    found.dose = sum(
        unit.sign * unit.w[int(unit.switch) - 1 + ahead] / total * (unit.d[int(unit.switch) + k] - unit.baseline)
        for unit in moved
        for k in range(ahead)
    )
    return found
