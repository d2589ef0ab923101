"""Five readings of equation (3), side by side: what the note to Table 4 may mean.

"Residualized", "stacked" and "controlling for AI one year before" leave open which regression was run; see
docs/methods/distributed_lag.md, section on five readings.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_models import (
    EVENT_TIMES,
    SPECIFICATIONS,
    Fitted,
    column,
    fit,
    method_of_reading,
    one_line,
)
from eventpanel.brookings.unrest_outcomes import any_deal
from eventpanel.brookings.unrest_panel import UNREST, unrest_panel
from eventpanel.brookings.unrest_parts import Part, Parted
from eventpanel.brookings.unrest_words import words
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.estimators.estimate import Estimate
from eventpanel.estimators.inference import cumulative

__all__ = ["EXHIBITS", "IDENTITY", "SUM", "five_readings"]

SUM = "Sum of all five terms"
IDENTITY = "Same year by the identity"
READINGS: Mapping[str, Switches] = {
    "1. Distributed lag": Switches(reading="distributed_lag", year_before="estimated"),
    "2. One year before left out": Switches(reading="distributed_lag", year_before="omitted"),
    "3. Orthogonalised": Switches(reading="orthogonalised"),
    "4. Local projections": Switches(reading="local_projections"),
    "5. Event": Switches(reading="event"),
}
PLAIN, ORTHOGONALISED = "1. Distributed lag", "3. Orthogonalised"
NOTES = (
    "1: all five terms, and their sum: the effect of unrest one standard deviation higher in all five years.",
    "2: the printed equation; leaving out a term of a dose restricts it to zero.",
    "3: as in the replication code of the authors' earlier paper. Its same-year term is beta_0 + sum of beta_p / (1 + "
    "b_p) of reading 1, b_p the slope of same-year unrest on unrest p years away: not the effect of that year.",
    "4: one regression for each year around unrest, the outcome one year before held fixed; includes what later unrest "
    "does.",
    "5: years of unrest above the country's own mean plus one standard deviation, against clean controls; per event, "
    "not per standard deviation.",
)


def five_readings(materials: Materials, switches: Switches) -> Content:
    """Estimate columns (1) and (4) of Table 4 in five readings.

    Parameters
    ----------
    materials : Materials
    switches : Switches

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or deals with China.
    """
    rows = unrest_panel(materials, switches)
    panel, columns, lacking = any_deal().on(materials, rows.panel), [], []
    for specification in (SPECIFICATIONS[0], SPECIFICATIONS[-1]):
        found: dict[str, Fitted] = {}
        try:
            for name, asked in READINGS.items():
                found[name] = fit(panel, specification, method_of_reading(asked))
        except NotAvailableError as error:
            lacking.append(f"Column ({specification.number}) is left out: {one_line(error)}")
            continue
        columns += [_column(name, one, found[PLAIN].estimate) for name, one in found.items()]
        if specification is SPECIFICATIONS[0]:
            lacking += words(Parted(Part(PLAIN, any_deal()), rows, [found[PLAIN]]), READINGS[PLAIN])
    ordered = sorted(columns, key=lambda one: (one.panel, one.head))
    return Content(columns=tuple(ordered), notes=(*NOTES, *lacking))


def _column(name: str, fitted: Fitted, plain: Estimate | None) -> Column:
    made = column(fitted, name, f"({fitted.specification.number})")
    if plain is None or fitted.estimate is None:
        return made
    if name == PLAIN:
        return replace(made, coefficients=(*made.coefficients, _sum(plain)))
    if name == ORTHOGONALISED:
        return replace(made, coefficients=(*made.coefficients, Coefficient(IDENTITY, _identity(plain))))
    return made


def _sum(plain: Estimate) -> Coefficient:
    """Sum of the path."""
    total = cumulative(plain)
    return Coefficient(SUM, float(total.coef[-1]), float(total.std_errors.iloc[-1]), float(total.dof[-1]))


def _identity(plain: Estimate) -> float:
    """Same-year term of the orthogonalised regression, from the distributed lag and slopes between years of unrest."""
    frame = plain.lost.panel.frame
    along = frame.set_index(["importer", "year"])[UNREST]
    keys = frame.loc[plain.sample, ["importer", "year"]]
    # A coefficient at event time k belongs to unrest k years before.
    unrest = {
        k: along.reindex(list(zip(keys["importer"], keys["year"] - k, strict=True))).to_numpy() for k in EVENT_TIMES
    }
    effects = {term.event_time: float(value) for term, value in zip(plain.terms, plain.coef, strict=True)}
    slopes = {k: np.cov(unrest[0], unrest[k])[0, 1] / np.var(unrest[k], ddof=1) for k in EVENT_TIMES if k != 0}
    return effects[0] + sum(effects[k] / (1 + float(slope)) for k, slope in slopes.items())


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="five_readings",
        number="Five readings",
        title="Equation (3), columns (1) and (4) of Table 4, in five ways",
        uses=("regime_cutoff", "regime_base", "unrest_years", "regime_timing"),
        make=five_readings,
    ),
)
