"""Headlines: the coefficients that carry the paper, and those that switches outside their tables change."""

from __future__ import annotations

from typing import NamedTuple

from eventpanel.brookings.catalogue import CATALOGUE
from eventpanel.brookings.exhibit import Exhibit

__all__ = ["HEADLINES", "PLACES", "Headline"]


class Headline(NamedTuple):
    """A number of an exhibit.

    Attributes
    ----------
    name : str
        What it is called, such as ``"China x AI (Table 2)"``.
    exhibit : Exhibit
    panel, column, term : str
        Where it stands.
    switches : tuple of str
        Switches it is watched under; all that its exhibit uses where empty.
    """

    name: str
    exhibit: Exhibit
    panel: str
    column: str
    term: str
    switches: tuple[str, ...] = ()


PLACES: tuple[tuple[str, tuple[str, str, str, str], tuple[str, ...]], ...] = (
    ("China x AI", ("table_2", "", "(1)", "China x AI"), ()),
    ("Low x AI, China", ("table_3", "A. China", "(1)", "Low x AI"), ()),
    ("AI same year as unrest", ("table_4", "All AI", "(1)", "AI same year as unrest"), ()),
    ("AI in years of unrest", ("table_5", "A. Autocracies and weak democracies", "(1)", "AI x unrest"), ()),
    ("AI x unrest, overall index", ("table_a20", "Overall index", "(1)", "AI x unrest"), ()),
    ("AI same year as unrest", ("figure_5", "", "(1)", "AI"), ("figure_5_outcome",)),
    ("Low x AI, China", ("table_a11", "China", "(1)", "Low x AI"), ("early_sample",)),
    ("deals of China, mean", ("table_1", "", "All countries: mean", "AI imports from China"), ("counts",)),
    ("p-value", ("figure_a7", "", "Share with a change of regime", "p-value"), ("figure_a7_test",)),
    (
        "Arms same year as unrest, mature democracies",
        ("figure_a5", "B. Mature democracies", "(1)", "Arms same year as unrest"),
        ("arms_regimes",),
    ),
)


def _held() -> tuple[Headline, ...]:
    exhibits = {one.name: one for one in CATALOGUE}
    return tuple(
        Headline(f"{exhibits[place[0]].number}: {name}", exhibits[place[0]], *place[1:], switches)
        for name, place, switches in PLACES
        if place[0] in exhibits
    )


HEADLINES: tuple[Headline, ...] = _held()
