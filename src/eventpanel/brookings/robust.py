"""Checks of robustness of Table 4, column (1): equation (3) as a case."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from eventpanel.brookings.family import Family
from eventpanel.brookings.robust_panel import ANY_DEAL, companies, robust_panel, without_company
from eventpanel.brookings.samples import CHINA, UNREST_YEARS, regime_column
from eventpanel.brookings.switches import Switches
from eventpanel.brookings.unrest_panel import UNREST
from eventpanel.datasets.errors import StudyError
from eventpanel.datasets.materials import Materials
from eventpanel.robustness.case import Case, case_of
from eventpanel.robustness_section import RobustnessSection
from eventpanel.sections import Study

__all__ = ["HEADLINE", "robust_case", "robust_study"]

HEADLINE = "table_4"
# Of all intervals and tests of the checks; the 90 % of the paper's figures would be lenient.
LEVEL = 0.95
WEAK, MATURE = "autocracy or weak democracy", "mature democracy"


def robust_case(family: Family, materials: Materials) -> Case:
    """Return the case of the family: column (1) of Table 4 as the switches stand, and what an option may ask for.

    Parameters
    ----------
    family : Family
        With a robustness section.
    materials : Materials

    Raises
    ------
    StudyError
        No robustness section, one of another estimate than ``"table_4"``, or a reading of equation (3) that is no
        distributed lag.
    NotAvailableError
        The data lack unrest, regimes or deals with China.
    """
    case = case_of(robust_study(family, companies(materials)), robust_panel(materials, family.switches))
    return replace(case, origin=family.model_dump())


def robust_study(family: Family, sellers: tuple[str, ...] = ()) -> Study:
    """Write column (1) of Table 4 as a study.

    Parameters
    ----------
    family : Family
        With a robustness section.
    sellers : tuple of str
        Companies that are left out one at a time.

    Raises
    ------
    StudyError
        As :func:`robust_case`.
    """
    switches, (first, last) = family.switches, UNREST_YEARS[family.switches.unrest_years]
    if switches.reading != "distributed_lag":
        raise StudyError(
            "The checks are of equation (3) as a distributed lag; other readings are options of their axis estimator.",
            f"switches.reading = {switches.reading!r}",
            "set it to 'distributed_lag'",
        )
    return Study.model_validate(
        {
            "title": family.title,
            "label": family.label,
            "inputs": {},
            "panel": {"first": family.years.first, "last": family.years.last},
            "event": {"column": UNREST, "kind": "dose", "by": "importer"},
            "window": {"leads": 2, "lags": 2, "reference": -1 if switches.year_before == "omitted" else "none"},
            "moderators": {"regime": _regime(switches)},
            "design": {
                "outcome": ANY_DEAL,
                "fixed_effects": ["importer", "year"],
                "covariance": {"by": "importer", "small_sample": "reghdfe"},
                "sample": {"first": first, "last": last, "where": {"exporter": [CHINA]}, "among": {"regime": WEAK}},
            },
            "estimates": {HEADLINE: {"title": "Table 4, column (1)"}},
            "output": {"level": LEVEL},
            "robustness": _section(family, sellers).model_dump(),
        }
    )


def _regime(switches: Switches) -> dict[str, Any]:
    column, below = regime_column(switches)
    timing: dict[str, dict[str, Any]] = {
        "yearly": {"timing": "contemporaneous"},
        "base": {"timing": "base", "base": switches.regime_base},
    }
    return {
        "column": column,
        "by": "importer",
        "below": below,
        "groups": [WEAK, MATURE],
        **timing[switches.regime_timing],
    }


def _section(family: Family, sellers: tuple[str, ...]) -> RobustnessSection:
    section = family.robustness
    if section is None:
        raise StudyError(
            "The study has no robustness section.", "[robustness]", "add one; docs/robustness has the shortest"
        )
    if section.estimate != HEADLINE:
        raise StudyError(
            f"The checks of the family are of {HEADLINE!r}, column (1) of Table 4.",
            f"robustness.estimate = {section.estimate!r}",
            "correct it",
        )
    own: dict[str, dict[str, Any]] = {f"without {one}": {"outcome": without_company(one)} for one in sellers}
    return section.model_copy(update={"axes": {**section.axes, **({"company": own} if own else {})}})
