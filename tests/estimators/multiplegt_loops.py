"""DID_l as its formulas are written: loops over units, periods and horizons, one cell at a time; slow and obvious.

de Chaisemartin and D'Haultfoeuille (2024, doi:10.1162/rest_a_01414).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import isnan, sqrt

import pandas as pd


@dataclass
class Unit:
    """One unit: treatments, outcomes and weights by period, and what follows from them."""

    name: str
    cluster: str
    trend: object
    d: dict[int, float]
    y: dict[int, float]
    w: dict[int, float]
    baseline: float = float("nan")
    switch: float = float("inf")
    sign: int = 0
    may: bool = True

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
    error: dict[str, float] = field(default_factory=dict)
    switchers: list[Unit] = field(default_factory=list)
    dose: float = float("nan")


def units_of(rows: pd.DataFrame, periods: list[int]) -> list[Unit]:
    """Units with their first change, by the rules for gaps."""
    found = []
    for name in sorted(rows["unit"].unique()):
        mine = rows[rows["unit"] == name]
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


@dataclass
class Step:
    """Changes from a base period to one some periods from it, where controls must not have switched ``ahead``."""

    ahead: int
    step: int

    def known(self, unit: Unit, base: int) -> bool:
        return all(t in unit.y for t in (base, base + self.step, base + self.ahead))

    def change(self, unit: Unit, base: int) -> float:
        return unit.y[base + self.step] - unit.y[base]

    def weight(self, unit: Unit, base: int) -> float:
        return unit.w[base + self.ahead]

    def mean(self, units: list[Unit], base: int) -> float:
        mass = sum(self.weight(unit, base) for unit in units)
        return sum(self.weight(unit, base) * self.change(unit, base) for unit in units) / mass

    def controls(self, units: list[Unit], unit: Unit, base: int) -> list[Unit]:
        return [
            other
            for other in units
            if other.may and other.stratum == unit.stratum and other.switch > base + self.ahead
            if self.known(other, base)
        ]

    def around(self, groups: tuple[list[Unit], list[Unit]], base: int) -> tuple[float, float]:
        """Mean of the first of two groups that has several clusters, and the root of k / (k - 1)."""
        for group in groups:
            k = len({unit.cluster for unit in group})
            if k > 1:
                return self.mean(group, base), sqrt(k / (k - 1))
        return 0.0, 1.0


def horizon(units: list[Unit], event_time: int) -> Found | None:
    """Estimate one event time: 0 is the first effect, -2 the first placebo."""
    ahead = event_time + 1 if event_time >= 0 else -1 - event_time
    step = Step(ahead, ahead if event_time >= 0 else -ahead)
    based = [(unit, int(unit.switch) - 1) for unit in units if unit.sign]
    moved = [unit for unit, base in based if step.known(unit, base) and step.controls(units, unit, base)]
    if not moved:
        return None
    total = sum(step.weight(unit, int(unit.switch) - 1) for unit in moved)
    found = Found(0.0, {unit.name: 0.0 for unit in units}, moved, 0.0)
    for unit in moved:
        base = int(unit.switch) - 1
        against = step.controls(units, unit, base)
        share = unit.sign * step.weight(unit, base) / total
        found.coef += share * (step.change(unit, base) - step.mean(against, base))
        found.dose += share * sum(unit.d[int(unit.switch) + k] - unit.baseline for k in range(ahead))
        cohort = [other for other in moved if other.cohort == unit.cohort]
        alike = [o for o in moved if (o.stratum, o.switch, o.sign) == (unit.stratum, unit.switch, unit.sign)]
        mean, root = step.around((cohort, alike + against), base)
        found.error[unit.name] += share * root * (step.change(unit, base) - mean)
        mean, root = step.around((against, alike + against), base)
        mass = sum(step.weight(other, base) for other in against)
        for other in against:
            part = step.weight(other, base) / mass * root * (step.change(other, base) - mean)
            found.error[other.name] -= share * part
    return found
