"""What data that are not the paper's can and cannot say about the paper, in plain words and from what is there."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd

from eventpanel.brookings.samples import CHINA, UNREST_YEARS, US, weak_by_year, weak_in_base_year, with_deals
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.errors import NotAvailableError, first_few, number
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.sources.common import say_years

__all__ = ["Limit", "limits"]

# Same-year coefficients of Table 4, columns 1 and 4: change in the probability of a deal for a s.d. of unrest.
PRINTED = (0.073, 0.097)
# Standard errors between zero and an effect that a test at 5 % finds in 80 % of samples: 1.96 + 0.84.
DETECTED = 2.80
KINDS = {
    "sipri_register": "Orders of arms are no trade in AI: who orders a drone or a radar has not bought a system that "
    "recognises faces, and who exports arms answers to other rules and rivals than who exports cameras.",
    "aiddata_china": "Projects are those that China financed officially and that have a place on the map: what firms "
    "sell without such finance, and what other countries finance, is not in them, so they say nothing of China against "
    "others.",
    "deal_list": "The list is taken to be complete for the importers and years that the study states. A deal that "
    "nobody found is a zero, and where search was thorough there are more deals.",
}
UNREST = {
    "mass_mobilization": "Protests against a government as newspapers report them, counted by hand; the paper counts "
    "GDELT's events of twelve kinds by machine.",
    "mass_mobilization_years": "Protests against a government as newspapers report them, counted by hand; the paper "
    "counts GDELT's events of twelve kinds by machine.",
    "gdelt_acled": "One kind of event, thinned; the paper counts twelve kinds of GDELT's events.",
    "gdelt_events": "Events of GDELT, as in the paper if all of its twelve kinds are counted.",
}
ADVANTAGE = "Comparative advantage (Tables 2, A.2, A.5, A.8, A.9, A.14; Figure 2)"
BIAS = "Bias towards autocracies (Tables 3, A.3, A.6, A.10 to A.13; Figure 3)"
EVENTS = "Unrest and imports (Tables 4, A.4, A.7, A.15 to A.17; Figures 4, 5, A.5, A.6)"
INSTITUTIONS = "Institutions and regime change (Tables 5, A.18 to A.20; Figure A.7)"


class Limit(NamedTuple):
    """What a group of exhibits rests on here, and what it cannot say; lines of text."""

    about: str
    there: tuple[str, ...]
    cannot: tuple[str, ...]


def limits(materials: Materials, switches: Switches) -> tuple[Limit, ...]:
    """Say what is there and what it cannot say, for each group of exhibits; nothing of simulated data.

    Parameters
    ----------
    materials : Materials
    switches : Switches
        Which countries are weak democracies, and which years are those of unrest.
    """
    if materials.kind == "simulated":
        return ()
    return (
        _deals(materials),
        _goods(materials, ADVANTAGE, "whether China sells more of these deals than of other goods"),
        _regimes(materials, switches),
        _unrest(materials, switches),
        _institutions(materials),
        _suppliers(materials),
    )


def _deals(materials: Materials) -> Limit:
    frame = materials.deals.frame
    years = say_years(materials.deals.covered["year"])
    sellers = frame["exporter"].value_counts()
    most = first_few(f"{name} {deals}" for name, deals in sellers.items())
    there = [
        f"{len(frame):,} deals of {number(len(sellers), 'exporter')} with "
        f"{number(frame['importer'].nunique(), 'importer')}, {years}.",
        f"China {sellers.get(CHINA, 0)}, United States {sellers.get(US, 0)}; most: {most}.",
    ]
    if "input" in frame.columns and frame["input"].nunique() > 1:
        parts = [f"{name} {rows}" for name, rows in frame["input"].value_counts().items()]
        there.append(f"By input: {', '.join(parts)}.")
    cannot = [words for name, words in KINDS.items() if name in _named(materials, "deals")]
    lacking = [name for name in ("smart_city", "company", "carnegie") if name not in frame.columns]
    cannot += [_sentence(materials.absent[name]) for name in lacking if name in materials.absent]
    return Limit("Deals (Table 1; Figures 1, A.2 to A.4)", tuple(there), tuple(cannot))


def _goods(materials: Materials, about: str, question: str) -> Limit:
    if materials.goods is None:
        why = materials.absent.get("goods", "no data on goods")
        return Limit(about, (f"No trade in other frontier goods: {why}.",), (f"Nothing here can say {question}.",))
    goods = materials.goods.frame
    sellers, buyers = goods["exporter"].nunique(), goods["importer"].nunique()
    there = (
        f"{number(goods['product'].nunique(), 'good')}, {number(sellers, 'exporter')}, {number(buyers, 'importer')}."
    )
    cannot = [] if materials.kind == "own" else ["The deals compared with goods are not AI."]
    if sellers < 3:
        cannot.append("With so few exporters, China's own goods are all that its deals can be compared with.")
    return Limit(about, (there,), tuple(cannot))


def _regimes(materials: Materials, switches: Switches) -> Limit:
    limit = _goods(materials, BIAS, "whether autocracies buy more of these deals than of other goods from China")
    weak = weak_in_base_year(materials, switches)
    line = (
        f"Regime of {switches.regime_base} known for {len(weak)} countries: "
        f"{int(weak.sum())} autocracies and weak democracies, {int((weak == 0).sum())} others."
    )
    return limit._replace(there=(*limit.there, line))


def _unrest(materials: Materials, switches: Switches) -> Limit:
    panel = with_deals(materials.countries, materials.deals, CHINA, "_deals")
    first, last = UNREST_YEARS[switches.unrest_years]
    frame = panel.frame.assign(weak=weak_by_year(materials, switches).to_numpy())
    rows = frame[frame["year"].between(first, last) & (frame["weak"] == 1)].dropna(subset=["unrest", "_deals"])
    titles = " and ".join(
        dict.fromkeys(one.title for one in materials.sources if one.name in _named(materials, "unrest"))
    )
    if rows.empty:
        return Limit(EVENTS, (f"{titles}.",), ("No year of an autocracy or weak democracy has both unrest and deals.",))
    dealt = int((rows["_deals"] > 0).sum())
    there = (
        f"{titles}: {len(rows):,} years of {rows['importer'].nunique()} autocracies and weak democracies with unrest "
        f"and regime known, {say_years(rows['year'])}; two years before and after each cost years at both ends.",
        f"A deal with China in {dealt} of them ({dealt / len(rows):.1%}).",
    )
    cannot = [words for name, words in UNREST.items() if name in _named(materials, "unrest")][:1]
    if rows["year"].max() < last:
        cannot.append(f"Years after {rows['year'].max()} have no unrest or no regime: the latest deals are not used.")
    return Limit(EVENTS, there, (*cannot, _power(dealt, len(rows))))


def _power(dealt: int, rows: int) -> str:
    share = dealt / rows
    least = DETECTED * float(np.sqrt(share * (1 - share) / rows))
    low, high = PRINTED
    words = (
        f"Were rows independent, and without effects of country and year, a test at 5 % would find an effect of "
        f"{least:.3f} for a s.d. of unrest in 80 % of samples; with them the least effect it finds is larger. The "
        f"paper prints {low} to {high}."
    )
    if share < low:
        words += f" An effect of that size is more than the share of years with a deal here, {share:.3f}."
    return words


def _institutions(materials: Materials) -> Limit:
    there, cannot = [], []
    frame = materials.countries.frame
    for column, words in (("institutions", "Institutions"), ("autocratization", "Episodes of autocratization")):
        if column in frame.columns:
            held = frame.dropna(subset=column)
            there.append(f"{words}: {held['importer'].nunique()} countries, {say_years(held['year'])}.")
        else:
            there.append(f"{words}: none, since {materials.absent.get(column, 'no input has it')}.")
            cannot.append(f"Nothing here can speak of {words.lower()}.")
    if materials.kind == "public":
        cannot.append(
            "Deals that are not AI and institutions that change together say nothing of what AI does to them."
        )
    return Limit(INSTITUTIONS, tuple(there), tuple(cannot))


def _suppliers(materials: Materials) -> Limit:
    about = "Whose technology (AI Global Surveillance Index; not in the paper)"
    try:
        held = materials.panel("importers", "technology_from_chn", "technology_from_usa").frame
    except NotAvailableError as error:
        return Limit(about, (f"None: {error.where}.",), ())
    ticks = held[["technology_from_chn", "technology_from_usa"]].dropna()
    there = (
        f"{len(ticks)} countries in which surveillance technology was found: Chinese in "
        f"{int(ticks.iloc[:, 0].sum())}, American in {int(ticks.iloc[:, 1].sum())}, both in "
        f"{int(ticks.min(axis=1).sum())}."
    )
    cannot = "A cross-section without years; countries without a find are missing, so that it cannot say who has none."
    return Limit(about, (there,), (cannot,))


def _sentence(words: str) -> str:
    return f"{words[:1].upper()}{words[1:]}."


def _named(materials: Materials, column: str) -> set[str]:
    """Names of the sources behind deals, or behind a column of countries."""
    if column == "deals":
        names = {materials.deals.source.name}
        known = {one.name for one in materials.sources if one.title in materials.deals.source.title}
        return names | known
    watched = pd.Series([one.source for one in materials.countries.watched if column in one.variables], dtype=object)
    return set(watched)
