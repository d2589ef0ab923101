"""The study ``unrest-deals`` once more, with pandas and linearmodels alone.

Nothing of eventpanel is used: files, country names, leads and lags, sample and small-sample factor are all done again
here, in the plainest way. Country names that matter are mapped by hand below.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
from linearmodels.panel import PanelOLS

TIMES = (-2, -1, 0, 1, 2)


def codes(data: Path) -> pd.DataFrame:
    """Columns name, iso3, ccode: V-Dem's own table of names, ISO-like letters and COW numbers, corrected by hand."""
    table = pd.read_csv(data / "regime" / "vdem_cy_subset.csv", keep_default_na=False, na_values=[""])
    table = table[table["year"].between(1990, 2021)]
    return table[["country_name", "country_text_id", "COWcode", "year"]]
