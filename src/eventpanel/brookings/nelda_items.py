"""Table A.1: the questions of NELDA that make the index of political institutions, and which answer is the better."""

from __future__ import annotations

import pandas as pd

from eventpanel.brookings.exhibit import Coefficient, Column, Content, Exhibit
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.datasets.sources.regime.nelda import GROUPS

__all__ = ["EXHIBITS", "ITEMS"]

# Questions in our own words, by number (codebook of NELDA 6.0, Hyde and Marinov, doi:10.1093/pan/mpr040).
ITEMS = {
    1: "regular elections had been suspended",
    3: "opposition was allowed",
    4: "several parties were legal",
    5: "voters could choose among candidates",
    6: "held earlier or later than the rules say",
    7: "incumbent had decided to give up power",
    9: "incumbent had extended own term or eligibility",
    11: "fears beforehand that it would not be free and fair",
    13: "opposition leaders were kept from running",
    14: "opposition leaders boycotted it",
    15: "government harassed the opposition",
    16: "media were said to favour the incumbent",
    28: "criticism of how it was run reached many people",
    29: "riots and protests afterwards",
    30: "protests spoke of fraud",
    31: "government used violence against protesters",
    32: "results against the incumbent were cancelled",
    33: "civilians died in violence around it",
    34: "results for the incumbent were cancelled",
    35: "cancelled in part because of protests",
    36: "cancelled in part because of pressure from outside",
    45: "international monitors were present",
    46: "Western monitors were present",
    47: "Western monitors spoke of serious fraud",
    48: "monitors were denied entry",
    49: "monitors refused to come",
    57: "aid was cut or threatened to be cut",
}
TITLES = {
    "fair_elections": "Fair elections",
    "media": "Free media",
    "peaceful": "Peaceful elections",
    "monitors": "Election monitors",
}
HEAD = "No is the better answer"


def _table_a1(materials: Materials, switches: Switches) -> Content:
    """List the questions; the data do not enter."""
    rows = [(TITLES[group], abs(item), ITEMS[abs(item)], item < 0) for group in GROUPS for item in GROUPS[group]]
    items = pd.DataFrame(rows, columns=["index", "question", "label", "starred"])
    columns = tuple(
        Column(
            panel=title,
            head=HEAD,
            coefficients=tuple(
                Coefficient(f"{question} {label}", float(starred), is_count=True)
                for index, question, label, starred in rows
                if index == title
            ),
        )
        for title in TITLES.values()
    )
    return Content(columns=columns, notes=NOTES, more={"items": items})


NOTES = (
    "1: a question with a star in the paper, whose better answer is no; 0: yes. Short labels are ours; numbers are "
    "those of NELDA 6.0.",
    "The index weights the items by the inverse of their covariance; a year without an election has the lowest score.",
)
EXHIBITS: tuple[Exhibit, ...] = (
    Exhibit(
        name="table_a1",
        number="Table A.1",
        title="Items of the index of political institutions",
        uses=(),
        make=_table_a1,
    ),
)
