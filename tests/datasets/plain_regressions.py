"""Regressions of the paper written plainly on materials: no code of the estimators, dummies as columns."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.materials import Materials

Floats = npt.NDArray[np.float64]
GRAVITY = ["log_distance", "border", "fta", "colonial", "language", "legal", "religion", "landlocked", "island"]
RECORD = range(2000, 2021)


@dataclass(frozen=True)
class Regression:
    """Regressors, the column of interest first, and who each row belongs to."""

    columns: Floats
    rows: pd.DataFrame

    def coefficients(self, outcome: Floats) -> Floats:
        return np.asarray(np.linalg.lstsq(self.columns, outcome, rcond=None)[0], dtype=np.float64)


def clustered(regression: Regression, outcome: Floats, absorbed: int = 0) -> tuple[float, float, int]:
    """First coefficient, CR1 standard error by importer, and number of importers; effects of importers are absorbed."""
    x = regression.columns
    kept = np.linalg.qr(x)[1]
    keep = np.abs(np.diag(kept)) > 1e-9 * np.abs(np.diag(kept)).max()
    x = x[:, keep]
    beta = np.linalg.lstsq(x, outcome, rcond=None)[0]
    score = x * (outcome - x @ beta)[:, None]
    code, names = pd.factorize(regression.rows["importer"])
    sums = np.zeros((len(names), x.shape[1]))
    np.add.at(sums, code, score)
    inverse = np.linalg.inv(x.T @ x)
    n, k, g = len(x), x.shape[1] - absorbed, len(names)
    variance = inverse @ (sums.T @ sums) @ inverse * g / (g - 1) * (n - 1) / (n - k)
    return float(beta[0]), float(np.sqrt(variance[0, 0])), g


def hc3(regression: Regression, outcome: Floats) -> tuple[float, float]:
    """First coefficient and its HC3 standard error."""
    x = regression.columns
    inverse = np.linalg.inv(x.T @ x)
    beta = inverse @ x.T @ outcome
    leverage = np.einsum("ij,jk,ik->i", x, inverse, x)
    error = (outcome - x @ beta) / (1 - leverage)
    variance = inverse @ (x.T * error**2) @ x @ inverse
    return float(beta[0]), float(np.sqrt(variance[0, 0]))


def wide(materials: Materials, column: str) -> pd.DataFrame:
    """Countries by years."""
    return materials.countries.frame.pivot(index="importer", columns="year", values=column)


def any_deal(materials: Materials, exporter: str) -> pd.DataFrame:
    """1 where there is any deal: countries by years from 2000 to 2021, zeros before the first deal."""
    deals = materials.deals.frame
    held = deals[deals["exporter"] == exporter].groupby(["importer", "year"]).size().unstack()
    every = held.reindex(index=sorted(materials.countries.frame["importer"].unique()), columns=range(2000, 2022))
    return (every.fillna(0) > 0).astype(float)


def regime_bias(materials: Materials, exporter: str, *, controls: bool = True) -> Regression:
    """Equation (2), a row by importer: AI less goods on Low and controls, the same as Low x AI in the stacked one."""
    polity = wide(materials, "polity2")[2007].dropna().drop(exporter, errors="ignore")
    rows = pd.DataFrame({"importer": polity.index, "low": (polity < 7).to_numpy(dtype=float)})
    pairs = materials.panel("pairs").frame
    own = pairs[pairs["exporter"] == exporter].set_index("importer").loc[rows["importer"], GRAVITY].to_numpy(float)
    gdp = np.log(wide(materials, "gdp").loc[rows["importer"], 2007].to_numpy())
    extra = [gdp[:, None], own] if controls else []
    return Regression(np.column_stack([rows["low"], np.ones(len(rows)), *extra]), rows)


def stacked(regression: Regression, products: int = 18) -> Regression:
    """Equation (2) as printed, importers by products, the last two AI; all but AI times AI."""
    low, ones, *controls = regression.columns.T
    n = len(low)
    ai = np.tile(np.arange(products) >= products - 2, n).astype(float)
    base = [np.repeat(column, products) for column in (low, ones, *controls)]
    return Regression(
        np.column_stack([base[0] * ai, *base, *(column * ai for column in base[1:])]),
        regression.rows.loc[np.repeat(regression.rows.index, products)].reset_index(drop=True),
    )


def unrest_years(materials: Materials, *, mature: bool = False) -> Regression:
    """Equation (3): same year, two years before, one and two years after, importer and year effects."""
    polity, unrest = wide(materials, "polity2")[list(RECORD)], wide(materials, "unrest")
    inside = (polity >= 7) if mature else (polity < 7)
    rows = inside.stack()[lambda held: held].index.to_frame(index=False)
    sd = look_up(unrest, rows).std(ddof=1)
    terms = [look_up(unrest, rows.assign(year=rows["year"] - time)) / sd for time in (0, -2, 1, 2)]
    dummies = pd.get_dummies(rows["importer"], dtype=float), pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]
    return Regression(np.column_stack([*terms, *(d.to_numpy() for d in dummies)]), rows)


def look_up(table: pd.DataFrame, rows: pd.DataFrame) -> Floats:
    """Values of countries by years at rows."""
    place = table.index.get_indexer(pd.Index(rows["importer"])), table.columns.get_indexer(pd.Index(rows["year"]))
    return table.to_numpy(dtype=float)[place]


def high_unrest_deals(materials: Materials, exporter: str) -> pd.Series:
    """Years of any deal and of unrest above the median of 2000 to 2020, by importer."""
    unrest = wide(materials, "unrest")[list(range(2000, 2021))]
    high = unrest.gt(unrest.median(axis=1), axis=0)
    years = list(range(2008, 2021))
    return (any_deal(materials, exporter)[years] * high[years]).sum(axis=1)


def change(table: pd.DataFrame) -> pd.Series:
    """Mean of 2018 to 2020 less the value of 2000."""
    return table[[2018, 2019, 2020]].mean(axis=1) - table[2000]


def long_difference(materials: Materials, exporter: str, *, low: bool = True) -> Regression:
    """Equation (4) among the 100 largest."""
    polity, gdp = wide(materials, "polity2")[2007], wide(materials, "gdp")[2007]
    large = gdp.sort_values().index[-100:]
    known = change(wide(materials, "institutions")).dropna().index
    side = polity.index[(polity < 7) if low else (polity >= 7)]
    rows = pd.DataFrame({"importer": sorted(set(large) & set(known) & set(side))})
    dose = high_unrest_deals(materials, exporter).loc[rows["importer"]]
    return Regression(np.column_stack([dose, np.ones(len(rows))]), rows)


def lead_mean(table: pd.DataFrame) -> pd.DataFrame:
    """Mean of the next three years, missing unless all are known."""
    return pd.DataFrame({year: table[[year + 1, year + 2, year + 3]].mean(axis=1, skipna=False) for year in RECORD})


def institutions_years(materials: Materials) -> Regression:
    """Table A.20: AI x unrest, AI, unrest, importer and year effects."""
    base = unrest_years(materials)
    ahead = look_up(lead_mean(wide(materials, "institutions")), base.rows)
    kept = ~np.isnan(ahead)
    rows = base.rows[kept].reset_index(drop=True)
    unrest, ai = base.columns[kept, 0], look_up(any_deal(materials, "CHN"), rows)
    dummies = pd.get_dummies(rows["importer"], dtype=float), pd.get_dummies(rows["year"], dtype=float).iloc[:, 1:]
    return Regression(np.column_stack([unrest * ai, ai, unrest, *(d.to_numpy() for d in dummies)]), rows)


def pairs_of(materials: Materials) -> Regression:
    """Equation (1), a row by pair: AI less goods on China and controls, the same as China x AI in the stacked one."""
    rows = materials.panel("pairs").frame
    gdp = np.log(wide(materials, "gdp")[2007])
    return Regression(
        np.column_stack(
            [
                rows["exporter"] == "CHN",
                np.ones(len(rows)),
                gdp[rows["exporter"]],
                gdp[rows["importer"]],
                rows["log_distance"],
            ]
        ).astype(float),
        rows[["exporter", "importer"]],
    )
