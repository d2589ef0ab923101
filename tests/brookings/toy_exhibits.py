"""A few deals, and exhibits whose numbers depend on the switches in a way that is known."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records

# What the toy coefficient is under each cutoff of the regime, and under each way that controls enter.
BY_CUTOFF = {"polity_7": 0.222, "polity_6": 0.262, "polity_10": 0.182, "row": np.nan}
BY_CONTROLS = {"raw": 0.0, "none": 0.05, "demeaned": -0.05}
STD_ERROR, NOBS = 0.1, 2394


def toy_materials(kind: str = "own", planted: dict[str, float] | None = None) -> Materials:
    """Two deals of three countries."""
    frame = pd.DataFrame(
        {"exporter": ["CHN", "USA"], "importer": ["KEN", "KEN"], "year": [2015, 2016], "company": ["=Cams", "Eyes"]}
    )
    years = pd.DataFrame({"importer": ["KEN", "KEN"], "year": [2015, 2016]})
    source = Source(
        "toy", "Toy deals", licence="none | needed", citation="Toy (2020).", file="toy.csv", sha256="ab" * 32
    )
    deals = Records(frame, years, source)
    countries = Panel(years.assign(polity2=3.0, unrest=[1.0, 5.0]), ("importer",), "year", (source,))
    return Materials(
        kind=kind,  # type: ignore[arg-type]
        label="TOY DATA",
        deals=deals,
        countries=countries,
        planted=planted or {},
        absent={"arms": "no arms here"},
        sources=(source,),
    )


def toy_value(switches: Switches) -> float:
    """Return what the toy coefficient is under some switches."""
    return BY_CUTOFF[switches.regime_cutoff] + BY_CONTROLS[switches.interact_controls]


def make_toy(materials: Materials, switches: Switches) -> Content:
    """Make one column of one coefficient."""
    if switches.regime_base == 2000:
        raise NotAvailableError("No regimes in 2000.", "toy", "none")
    column = Column(
        panel="A. China",
        head="(1)",
        coefficients=(
            Coefficient("Low x AI", toy_value(switches), STD_ERROR, 50.0),
            Coefficient("p-value", 0.25),
        ),
        counts=(("N", f"{NOBS:,}"),),
        nobs=float(NOBS if switches.countries == "all" else NOBS - 1),
        clusters=133.0,
    )
    return Content(columns=(column,))


def refuse(materials: Materials, switches: Switches) -> Content:
    """Refuse, as an exhibit does whose data are not there."""
    raise NotAvailableError("There are no data on arms.", "arms", "add them")


TOY = Exhibit(
    name="table_3",
    number="Table 3",
    title="Toy | bias",
    uses=("regime_cutoff", "regime_base", "countries", "interact_controls"),
    make=make_toy,
)
REFUSED = Exhibit(name="figure_a5", number="Figure A.5", title="Arms", uses=("arms_regimes",), make=refuse)
