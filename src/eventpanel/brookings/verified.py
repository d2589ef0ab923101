"""A comparison with published numbers as files: csv, Markdown, one page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from eventpanel.brookings.family import Family
from eventpanel.brookings.verify import OTHER, VERDICTS, Row, summary
from eventpanel.datasets.materials import Materials
from eventpanel.reports.compared import compared_page
from eventpanel.reports.tables import Grid, markdown_grids
from eventpanel.reports.text import csv_bytes, manifest

__all__ = ["verified_files"]


def verified_files(family: Family, materials: Materials, table: pd.DataFrame) -> dict[str, bytes]:
    """All files of a comparison, by name.

    Parameters
    ----------
    family : Family
    materials : Materials
    table : DataFrame
        From :func:`eventpanel.brookings.verify.compare`.
    """
    told = summary(table, materials)
    grids = [_counts(table, tuple(told.splitlines())), *_grids(table)]
    title = f"{family.title}: published numbers"
    files = {
        "verify.csv": csv_bytes(table.assign(label=family.banner)),
        "verify.md": markdown_grids(grids, title, family.banner).encode(),
        "verify.html": compared_page(title, family.banner, told, grids).encode(),
    }
    return files | {"manifest.json": manifest(family.model_dump(), materials.sources, files, "verify")}


def _counts(table: pd.DataFrame, notes: tuple[str, ...]) -> Grid:
    """Verdicts by exhibit."""
    verdicts = [verdict for verdict in VERDICTS if (table["verdict"] == verdict).any()]
    counts = pd.crosstab(table["exhibit"], table["verdict"]).reindex(list(dict.fromkeys(table["exhibit"])))
    rows = tuple((str(name), *[str(line[verdict]) for verdict in verdicts]) for name, line in counts.iterrows())
    return Grid("Verdicts by exhibit", ("", *verdicts), rows, (), notes)


def _rows(table: pd.DataFrame) -> list[Row]:
    return [Row(*row) for row in table[list(Row._fields)].astype(object).to_numpy().tolist()]


def _grids(table: pd.DataFrame) -> list[Grid]:
    """One table an exhibit, a row a published number."""
    head = ("", "published", "ours", "difference", "verdict")
    grids = []
    for name, part in table.groupby("exhibit", sort=False):
        rows = tuple(
            (
                ", ".join(filter(None, (one.panel, one.column, one.term, "" if one.what == "estimate" else one.what))),
                f"{one.published:,.{one.decimals}f}",
                "" if np.isnan(one.ours) else f"{one.ours:,.{one.decimals + (one.what != 'N')}f}",
                "" if np.isnan(one.difference) else f"{one.difference:+,.{one.decimals + (one.what != 'N')}f}",
                one.verdict if not one.why or one.verdict == OTHER else f"{one.verdict}: {one.why}",
            )
            for one in _rows(part)
        )
        grids.append(Grid(str(name), head, rows, (), ()))
    return grids
