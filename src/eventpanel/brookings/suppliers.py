"""Whose surveillance technology countries use, by regime: the AI Global Surveillance Index beside the deals."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.samples import regime_column
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials

__all__ = ["EXHIBITS", "by_regime", "exhibits_of"]

WEAK, MATURE, DIFFERENCE = "Autocracies and weak democracies", "Mature democracies", "Difference"
ORIGINS = ("technology_from_chn", "technology_from_usa")
ROWS = {
    "technology_from_chn": "Chinese technology",
    "technology_from_usa": "American technology",
    "both": "Both",
    "facial_recognition": "Facial recognition",
    "smart_city": "Smart city",
    "smart_policing": "Smart policing",
}
# The index rests on sources of 2017 to 2019; Polity's last year is 2018.
FIRST, LAST = 2015, 2019


def by_regime(materials: Materials, switches: Switches) -> pd.DataFrame:
    """Return index importer, columns of the index, ``both`` origins, and ``weak``: 1, 0 or missing.

    Regimes are those of the last year from 2015 to 2019 with a score.

    Raises
    ------
    NotAvailableError
        No index, or no regimes.
    """
    held = materials.panel("importers", *ORIGINS).frame.set_index("importer")
    ticks = held[[name for name in ROWS if name in held.columns]].dropna(subset=list(ORIGINS)).astype(float)
    column, below = regime_column(switches)
    scores = materials.panel("countries", column)
    frame = scores.frame.assign(score=scores.number(column))
    frame = frame[frame["year"].between(FIRST, LAST)].dropna(subset="score").sort_values("year")
    score = frame.groupby("importer")["score"].last().reindex(ticks.index).to_numpy(dtype=float)
    weak = np.where(np.isnan(score), np.nan, (score < below).astype(float))
    return ticks.assign(both=ticks[list(ORIGINS)].min(axis=1), weak=weak)


def _make(materials: Materials, switches: Switches) -> Content:
    frame = by_regime(materials, switches)
    groups = {WEAK: frame[frame["weak"] == 1], MATURE: frame[frame["weak"] == 0]}
    names = [name for name in ROWS if name in frame.columns]
    columns = [_shares(head, group[names]) for head, group in groups.items()]
    unknown = frame.index[frame["weak"].isna()]
    notes = (
        "Shares of the countries in which the index found surveillance technology; what others have is not known. "
        "Origins are of companies, and a country may have several.",
        f"Regimes of the last year from {FIRST} to {LAST} with a score; without one: {', '.join(unknown) or 'none'}.",
        "Difference: first minus second, standard error of two independent shares. A cross-section without years.",
    )
    table = frame.reset_index().rename(columns={"index": "importer"})
    return Content(columns=(*columns, _difference(columns)), notes=notes, more={"countries": table})


def _shares(head: str, group: pd.DataFrame) -> Column:
    cells = []
    for name in group.columns:
        ticks = group[name].dropna()
        share = float(ticks.mean())
        # A share of 0 or 1 has no spread that could be estimated.
        spread = share * (1 - share) / len(ticks) if len(ticks) else np.nan
        cells.append(Coefficient(ROWS[name], share, float(np.sqrt(spread)) if spread > 0 else np.nan))
    return Column(
        panel="",
        head=head,
        coefficients=tuple(cells),
        counts=(("Countries", f"{len(group):,}"),),
        nobs=float(len(group)),
    )


def _difference(columns: list[Column]) -> Column:
    first, second = columns
    cells = tuple(
        Coefficient(one.term, one.estimate - other.estimate, float(np.hypot(one.std_error, other.std_error)))
        for one, other in zip(first.coefficients, second.coefficients, strict=True)
    )
    total = first.nobs + second.nobs
    return Column(panel="", head=DIFFERENCE, coefficients=cells, counts=(("Countries", f"{total:,.0f}"),), nobs=total)


EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="aigs",
        number="AIGS",
        title="Whose surveillance technology countries use, by regime (AI Global Surveillance Index 2019)",
        uses=("regime_cutoff",),
        make=_make,
    ),
)


def exhibits_of(materials: Materials) -> tuple[Exhibit, ...]:
    """Return the exhibits beyond the paper that data of this kind have: none without the index.

    Parameters
    ----------
    materials : Materials
    """
    held = materials.importers
    return EXHIBITS if held is not None and set(ORIGINS) <= set(held.frame.columns) else ()
