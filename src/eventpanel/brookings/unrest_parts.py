"""Parts of the exhibits of equation (3): an outcome in a regime, in four specifications."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from eventpanel.brookings.exhibit import Column
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_models import Fitted, column, four, method_of_reading
from eventpanel.brookings.unrest_outcomes import Outcome
from eventpanel.brookings.unrest_panel import Regime, Scale, UnrestPanel, unrest_panel
from eventpanel.datasets.materials import Materials

__all__ = ["UNREST_SWITCHES", "Part", "Parted", "columns_of", "estimated"]

UNREST_SWITCHES = ("regime_cutoff", "regime_base", "unrest_years", "regime_timing", "reading", "year_before")


class Part(NamedTuple):
    """Panel of a table: an outcome in a regime, and the number of its first column."""

    panel: str
    outcome: Outcome
    regime: Regime = "weak"
    start: int = 1


class Parted(NamedTuple):
    """A panel of a table, estimated."""

    part: Part
    rows: UnrestPanel
    fits: list[Fitted]

    def head(self, fitted: Fitted) -> str:
        """Head of the column of a fit, such as ``"(5)"``."""
        return f"({self.part.start + fitted.specification.number - 1})"

    @property
    def name(self) -> str:
        """Panel with a colon, for notes; empty where there is none."""
        return f"{self.part.panel}. " if self.part.panel else ""


def estimated(materials: Materials, switches: Switches, part: Part, scale: Scale | None = None) -> Parted:
    """Estimate the four specifications of a panel; worked out once for the same data, switches and outcome.

    Parameters
    ----------
    materials : Materials
    switches : Switches
    part : Part
    scale : Scale, optional
        Of unrest in another sample.

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or the outcome.
    """
    standing = tuple((name, getattr(switches, name)) for name in UNREST_SWITCHES)
    rows, fits = _four(materials, standing, part.outcome, part.regime, scale)
    return Parted(part, rows, list(fits))


# Table 4 uses one panel twice, and Figure 4 shows the same numbers.
@lru_cache(maxsize=8)
def _four(
    materials: Materials,
    standing: tuple[tuple[str, object], ...],
    outcome: Outcome,
    regime: Regime,
    scale: Scale | None,
) -> tuple[UnrestPanel, tuple[Fitted, ...]]:
    switches = Switches.model_validate(dict(standing))
    rows = unrest_panel(materials, switches, (regime,), scale)
    return rows, tuple(four(materials, rows, outcome, method_of_reading(switches)))


def columns_of(parted: Parted) -> tuple[Column, ...]:
    """Columns of a panel.

    Parameters
    ----------
    parted : Parted
    """
    part = parted.part
    return tuple(column(one, part.panel, parted.head(one), part.outcome.what) for one in parted.fits)
