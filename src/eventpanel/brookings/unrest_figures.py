"""Figures of equation (3): Figure 4 (AI), A.5 (arms), A.6 (investment and construction)."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventpanel.brookings.exhibit import Column, Content, Exhibit
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_differences import Pair, difference_column, difference_words
from eventpanel.brookings.unrest_drawing import draw_paths
from eventpanel.brookings.unrest_outcomes import Outcome, any_arms, any_project
from eventpanel.brookings.unrest_parts import UNREST_SWITCHES, Part, columns_of, estimated
from eventpanel.brookings.unrest_tables import ALL_AI, SMART_CITY, make
from eventpanel.brookings.unrest_words import words
from eventpanel.datasets.materials import Materials

__all__ = ["EXHIBITS", "MATURE", "WEAK", "by_regime"]

WEAK = "A. Autocracies and weak democracies"
MATURE = "B. Mature democracies"
SAME_SCALE = (
    "Unrest in both panels is counted in standard deviations of panel A, so that coefficients are for the same amount; "
    "A less B is tested with both regressions stacked and importers as clusters."
)
CAUTION = (
    "A placebo in mature democracies counts only as far as A less B does: in the paper's figure of arms panel B "
    "shows the same jump as panel A."
)
PROJECTS = "A cell without a row counts as no project in the years that the list covers."


def by_regime(outcome: Outcome, further: Sequence[str], materials: Materials, switches: Switches) -> Content:
    """Estimate paths for both regimes and their difference, or for weak democracies and autocracies alone.

    Parameters
    ----------
    outcome : Outcome
    further : sequence of str
        Notes.
    materials : Materials
    switches : Switches
        ``arms_regimes`` and those of all exhibits of equation (3).

    Raises
    ------
    NotAvailableError
        The data lack unrest, regimes or the outcome.
    """
    weak = estimated(materials, switches, Part(WEAK, outcome))
    said = words(weak, switches)
    if switches.arms_regimes == "weak":
        return Content(columns=columns_of(weak), notes=(*said, *further))
    mature = estimated(materials, switches, Part(MATURE, outcome, "mature"), weak.rows.scale)
    pairs = [Pair("A", "B", one, other) for one, other in zip(weak.fits, mature.fits, strict=True)]
    differ: tuple[Column, ...] = tuple(difference_column(pair, pair.name, outcome.what) for pair in pairs)
    return Content(
        columns=(*columns_of(weak), *columns_of(mature), *differ),
        notes=(
            *dict.fromkeys((*said, *words(mature, switches))),
            SAME_SCALE,
            *(difference_words(one) for one in (differ[0], differ[-1])),
            *further,
        ),
    )


PANELS = (ALL_AI._replace(panel="A. All AI"), SMART_CITY._replace(panel="B. Smart city AI", start=1))
EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="figure_4",
        number="Figure 4",
        title="Imports of AI from China in the years around unrest",
        uses=UNREST_SWITCHES,
        make=partial(make, PANELS, ()),
        draw=partial(
            draw_paths, ("Figure 4: Imports of AI from China in the years around unrest", "any import of AI from China")
        ),
    ),
    Exhibit(
        name="figure_a5",
        number="Figure A.5",
        title="Imports of arms from China in the years around unrest",
        uses=(*UNREST_SWITCHES, "arms_regimes"),
        make=partial(by_regime, any_arms(), (CAUTION,)),
        draw=partial(
            draw_paths,
            ("Figure A.5: Imports of arms from China in the years around unrest", "any import of arms from China"),
        ),
    ),
    Exhibit(
        name="figure_a6",
        number="Figure A.6",
        title="Chinese investment and construction in the years around unrest",
        uses=(*UNREST_SWITCHES, "arms_regimes"),
        make=partial(by_regime, any_project(), (PROJECTS,)),
        draw=partial(
            draw_paths,
            (
                "Figure A.6: Chinese investment and construction in the years around unrest",
                "any Chinese investment or construction",
            ),
        ),
    ),
)
