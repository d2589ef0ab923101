"""Positions of countries for maps: all of the crosswalk, near where another source puts them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import numpy as np
import pandas as pd

from eventpanel.datasets.crosswalk import crosswalk

RADIUS = 6371.0


def positions() -> pd.DataFrame:
    path = resources.files("eventpanel.datasets").joinpath("data", "positions.csv")
    with path.open(encoding="utf-8") as stream:
        return pd.read_csv(stream, keep_default_na=False).set_index("iso3")


def test_every_country_has_one_position_on_earth() -> None:
    table, rows = positions(), crosswalk()
    assert table.index.is_unique
    assert set(table.index) == set(rows.loc[~rows["name"].str.startswith("Simulated "), "iso3"])
    assert table.columns.tolist() == ["latitude", "longitude"]
    assert table["latitude"].between(-90, 90).all()
    assert table["longitude"].between(-180, 180).all()


def test_distances_are_those_of_cepii(data_dir: Path) -> None:
    """GeoDist measures between largest cities; its distance of a country to itself is about its size.

    Samoa is left out: GeoDist puts it east of Greenwich.
    """
    table = positions()
    pairs = pd.read_stata(data_dir / "trade/dist_cepii.dta")
    pairs = pairs[pairs["exporter"].isin(table.index) & pairs["importer"].isin(table.index)]
    assert pairs["exporter"].nunique() == 220
    start, end = (np.radians(table.loc[pairs[side]].to_numpy(dtype=float)) for side in ("exporter", "importer"))
    north, south, apart = start[:, 0], end[:, 0], start[:, 1] - end[:, 1]
    cosine = np.sin(north) * np.sin(south) + np.cos(north) * np.cos(south) * np.cos(apart)
    pairs = pairs.assign(off=np.abs(RADIUS * np.arccos(np.clip(cosine, -1, 1)) - pairs["dist"]))
    same = pairs["exporter"] == pairs["importer"]
    size = pairs[same].set_index("exporter")["dist"]
    off = pairs[~same].groupby("exporter")["off"].median().drop("WSM")
    assert (off < 1.7 * (size.loc[off.index] + 100)).all()
