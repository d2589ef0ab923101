"""Switches: where the paper contradicts itself or does not say, what this run does; none is silent.

The defaults are what the printed numbers let one infer; :data:`PRINTED` is what the text and the equations say.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

__all__ = ["PRINTED", "Switches", "changed", "in_force"]


class Switches(BaseModel):
    """Decisions D1 to D13.

    Examples
    --------
    >>> Switches().regime_cutoff, PRINTED.interact_controls
    ('polity_7', 'none')
    """

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    regime_cutoff: Literal["polity_7", "polity_6", "polity_10", "row"] = Field(
        default="polity_7",
        title="D1",
        description="Weak democracies and autocracies: Polity below 7 (tables), 6 (text, page 9) or 10; or closed and "
        "electoral autocracies by V-Dem's Regimes of the World.",
    )
    regime_base: int = Field(
        default=2007, title="D1", description="Year of the regime where years are summed; the paper does not say."
    )
    countries: Literal["all", "top_100"] = Field(
        default="all",
        title="D2",
        description="Countries of the product tables: all with trade data (the printed N), or the 100 largest by GDP "
        "(text).",
    )
    interact_controls: Literal["none", "raw", "demeaned"] = Field(
        default="raw",
        title="D3",
        description="Controls of countries and pairs enter alone, or also times AI. Alone they cannot move the "
        "coefficients, and the printed coefficients move.",
    )
    ceiling_goods: Literal["keep", "drop"] = Field(
        default="keep",
        title="D4",
        description="Goods that China sells to more than 95 % of importers: kept, or left out as they cannot vary.",
    )
    unrest_years: Literal["2000_2020", "2008_2021"] = Field(
        default="2000_2020",
        title="D5",
        description="Years of the unrest panel: those that give the printed N, or those of the deals.",
    )
    regime_timing: Literal["yearly", "base"] = Field(
        default="yearly",
        title="D5",
        description="Regime of the unrest panel: that of each year (the printed N), or that of the base year.",
    )
    reading: Literal["distributed_lag", "orthogonalised", "local_projections", "event"] = Field(
        default="distributed_lag",
        title="D6",
        description="Equation (3): as printed; orthogonalised as in the authors' earlier code; stacked local "
        "projections; unrest above the country's mean plus one standard deviation as an event.",
    )
    year_before: Literal["omitted", "estimated"] = Field(
        default="omitted",
        title="D7",
        description="The term one year before unrest: left out, which for a dose restricts it to zero, or estimated.",
    )
    figure_5_outcome: Literal["any", "standardised"] = Field(
        default="standardised",
        title="D8",
        description="Outcome of Figure 5: any trade (its note), or standardised log(1 + trade) (its values).",
    )
    high_unrest: Literal["above_median", "mean_plus_sd"] = Field(
        default="above_median",
        title="D9",
        description="Years of high unrest in equation (4): above the country's median (text), or above its mean plus "
        "one standard deviation (note of Table 5).",
    )
    institution_years: Literal["2019_2021", "2018_2020"] = Field(
        default="2019_2021",
        title="D9",
        description="Last years of the long difference: 2019 to 2021 (text), or 2018 to 2020 (note).",
    )
    early_sample: Literal["through_2017", "carnegie"] = Field(
        default="through_2017",
        title="D10",
        description="Deals of Table A.11: those up to 2017 (title), or those of the Carnegie bibliography, whose "
        "coefficients in Table A.3 are the same to the third decimal.",
    )
    counts: Literal["all", "top_100"] = Field(
        default="top_100",
        title="D11",
        description="Deals counted in Table 1 and Figure 1: of all countries, or of the 100 largest by GDP.",
    )
    figure_a7_test: Literal["student", "welch", "fisher", "chi_square", "barnard", "boschloo"] = Field(
        default="fisher",
        title="D12",
        description="Test of Figure A.7, whose printed p = .1715 is that of none of those tried; all are listed.",
    )
    arms_regimes: Literal["both", "weak"] = Field(
        default="both",
        title="D13",
        description="Figures A.5 and A.6: both regimes with their difference, or weak democracies and autocracies "
        "alone.",
    )


PRINTED = Switches(interact_controls="none", countries="top_100", figure_5_outcome="any", unrest_years="2008_2021")


def in_force(switches: Switches, names: tuple[str, ...]) -> list[str]:
    """Say how some switches stand, one line each, such as ``"D1 regime_cutoff = polity_7"``."""
    fields = type(switches).model_fields
    return [f"{fields[name].title} {name} = {getattr(switches, name)}" for name in names]


def changed(switches: Switches, other: Switches, names: tuple[str, ...]) -> tuple[str, ...]:
    """Return the switches that stand differently.

    Parameters
    ----------
    switches, other : Switches
    names : tuple of str
        Those to look at.
    """
    return tuple(name for name in names if getattr(switches, name) != getattr(other, name))
