"""CEPII GeoDist: distance, border, language and colonial ties of pairs of countries.

Publisher: CEPII (Mayer and Zignago 2011), https://www.cepii.fr. Licence: Etalab Open Licence 2.0.
Unit: an ordered pair; facts that do not change. Coverage: 224 countries and territories as of about 2005.

Known faults: old codes (ROM Romania, ZAR Congo, TMP East Timor, PAL Palestine, YUG Serbia and Montenegro);
no Kosovo, Montenegro or South Sudan; the population-weighted distance is missing for some pairs. Serbia and
Montenegro is read as Serbia, which has its capital; that is reported. A copy names the pair exporter and
importer instead of iso_o and iso_d; both are read.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from eventpanel.datasets.conflicts import list_conflicts, stack_conflicts
from eventpanel.datasets.countries import harmonise
from eventpanel.datasets.files import keep_columns
from eventpanel.datasets.panel import Panel
from eventpanel.datasets.sources.common import describe
from eventpanel.datasets.tables import read_stata

NAME = "cepii_distance"
PAIR = {"iso_o": "exporter", "iso_d": "importer"}
OLD_CODES = {"ROM": "ROU", "ZAR": "COD", "TMP": "TLS", "PAL": "PSE"}
SUCCESSOR = {"YUG": "SRB"}
DISTANCES = {"dist": "distance_km", "distcap": "capital_distance_km", "distw": "weighted_distance_km"}
FLAGS = {
    "contig": "contiguous",
    "comlang_off": "common_language",
    "comlang_ethno": "common_spoken_language",
    "colony": "colony",
    "comcol": "common_coloniser",
    "curcol": "colony_now",
    "col45": "colony_since_1945",
    "smctry": "same_country_once",
}


def read(path: Path) -> Panel:
    """Read facts about pairs of countries.

    Parameters
    ----------
    path : Path
        The publisher's ``dist_cepii.dta``.

    Returns
    -------
    Panel
        Unit exporter and importer, no period; distances in kilometres, ties as 0 and 1.

    Raises
    ------
    MissingFileError, WrongLayoutError
        Not this file.
    """
    rows = read_stata(path).rename(columns=PAIR)
    rows = keep_columns(rows, [*PAIR.values(), *DISTANCES, *FLAGS], path.name).rename(columns=DISTANCES | FLAGS)
    pairs = rows[list(PAIR.values())].astype(str)
    former = pairs[pairs.isin(list(SUCCESSOR)).any(axis=1)].assign(code="YUG")
    reasons = pd.Series("a former state", index=former.index, dtype=object)
    read_as = list_conflicts(former, "code", reasons, NAME, "read as SRB", None)
    codes = pairs.replace(OLD_CODES | SUCCESSOR)
    rows = rows.assign(exporter=codes["exporter"], importer=codes["importer"])
    rows = rows.astype(dict.fromkeys(DISTANCES.values(), float))
    rows, no_buyer = harmonise(rows, "importer", "iso3", year=None, source=NAME)
    rows, no_seller = harmonise(rows, "exporter", "iso3", into="exporter", year=None, source=NAME)
    coverage = f"{rows['importer'].nunique()} countries and territories as of about 2005; facts that do not change."
    return Panel(
        rows,
        ("exporter", "importer"),
        None,
        (describe(NAME, path, coverage),),
        stack_conflicts([read_as, no_buyer, no_seller]),
    )
