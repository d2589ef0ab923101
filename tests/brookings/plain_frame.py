"""The product frame by plain merges, as a slow twin of the product panel."""

from __future__ import annotations

import numpy as np
import pandas as pd
import statsmodels.formula.api as smf

from eventpanel.datasets.materials import Materials

GRAVITY = ["log_distance", "border", "fta", "colonial", "language", "legal", "religion", "landlocked", "island"]


def plain_frame(materials: Materials, exporters: list[str] | None = None) -> pd.DataFrame:
    """Goods as they stand; under them the deals, once as AI and once those on smart cities."""
    assert materials.goods is not None and materials.pairs is not None
    goods = materials.goods.frame
    pairs = goods[["exporter", "importer"]].drop_duplicates()
    deals = materials.deals.frame
    parts = [goods]
    for product, some in (("AI", deals), ("AI smart city", deals[deals["smart_city"]])):
        counts = some.groupby(["exporter", "importer"]).size().rename("trade").reset_index()
        part = pairs.merge(counts, on=["exporter", "importer"], how="left").fillna({"trade": 0.0})
        parts.append(part.assign(product=product))
    frame = pd.concat(parts, ignore_index=True).merge(materials.pairs.frame, on=["exporter", "importer"])
    base = materials.countries.frame.query("year == 2007").set_index("importer")
    frame["log_gdp_exporter"] = np.log(frame["exporter"].map(base["gdp"]))
    frame["log_gdp_importer"] = np.log(frame["importer"].map(base["gdp"]))
    polity = frame["importer"].map(base["polity2"])
    frame["low"] = (polity < 7).astype(float).where(polity.notna())
    frame["any"] = (frame["trade"] > 0).astype(float)
    frame["china"] = (frame["exporter"] == "CHN").astype(float)
    frame["ai"] = frame["product"].str.startswith("AI").astype(float)
    return frame if exporters is None else frame[frame["exporter"].isin(exporters)].reset_index(drop=True)


def plain_fit(formula: str, frame: pd.DataFrame, cluster: str) -> tuple[pd.Series, pd.Series]:
    """Coefficients and errors of statsmodels; its factor for clusters is G/(G-1) x (N-1)/(N-K), as reghdfe's."""
    used = frame.dropna(subset=["low"]) if "low" in formula else frame
    groups = used[cluster].astype("category").cat.codes.to_numpy()
    fit = smf.ols(formula, used).fit(cov_type="cluster", cov_kwds={"groups": groups})
    return fit.params, fit.bse
