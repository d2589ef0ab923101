"""What peers are asked to do: one function a peer and work, each returning coefficients in the order of the terms.

pyfixest is asked the slim way (``lean``, nothing stored or copied) with each way of removing effects that is
installed; the fastest one runs.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from benchmarks.contenders import Call
from benchmarks.workloads import Floats, Large, Specification, code_column


def is_here(package: str) -> bool:
    """Whether a package can be imported."""
    return importlib.util.find_spec(package) is not None


HAS_PYFIXEST, HAS_NUMBA = is_here("pyfixest"), is_here("numba")
HAS_WILDBOOTTEST = HAS_PYFIXEST and is_here("wildboottest")

if HAS_PYFIXEST or TYPE_CHECKING:
    from pyfixest.demeaners import LsmrDemeaner, MapDemeaner  # pyright: ignore[reportMissingImports]
    from pyfixest.estimation.api.feols import feols as fit_linear  # pyright: ignore[reportMissingImports]
    from pyfixest.estimation.api.fepois import fepois as fit_poisson  # pyright: ignore[reportMissingImports]
if is_here("linearmodels") or TYPE_CHECKING:
    from linearmodels.iv import AbsorbingLS
    from linearmodels.panel import PanelOLS
if is_here("statsmodels") or TYPE_CHECKING:
    import statsmodels.api as sm

SLIM: dict[str, Any] = {"lean": True, "store_data": False, "copy_data": False}
BOOTSTRAPPED = 0


def version(package: str, variant: str = "") -> str:
    """Name and version of a package, and of which of its ways ran."""
    return f"{package} {importlib.metadata.version(package)}" + (f" ({variant})" if variant else "")


def demeaners() -> dict[str, Any]:
    """Name the installed ways of pyfixest to remove effects."""
    found: dict[str, Any] = {"rust": MapDemeaner(), "within": LsmrDemeaner(backend="within")}
    return found | ({"numba": MapDemeaner(backend="numba")} if HAS_NUMBA else {})


def pyfixest_calls(make: Callable[[Any], Callable[[], Floats]], scale: float = 1.0) -> list[Call]:
    """One contender for each way of removing effects."""
    if not HAS_PYFIXEST:
        return []
    return [Call(version("pyfixest", name), "python", make(demeaner), scale) for name, demeaner in demeaners().items()]


def formula(asked: Specification) -> str:
    """Write the formula that pyfixest and fixest share."""
    # No blanks: the fast way of ritest cuts the effects at the plus sign alone.
    effects = "+".join(map(code_column, asked.effects))
    return f"{asked.outcome} ~ {' + '.join(asked.regressors)} | {effects}"


def needed(ready: pd.DataFrame, asked: Sequence[Specification]) -> pd.DataFrame:
    """Keep the columns that some specifications use, and the clusters."""
    names: dict[str, None] = {"importer": None}
    for one in asked:
        names |= dict.fromkeys((one.outcome, *one.regressors, *map(code_column, one.effects)))
    return ready[list(names)]


def feols(ready: pd.DataFrame, asked: Specification, demeaner: Any) -> Floats:
    """One regression by pyfixest, to its table."""
    fit = fit_linear(formula(asked), ready, vcov={"CRV1": "importer"}, demeaner=demeaner, **SLIM)
    return np.asarray(fit.tidy()["Estimate"], dtype=float)


def fepois(ready: pd.DataFrame, asked: Specification, demeaner: Any) -> Floats:
    """One Poisson regression by pyfixest, to its table."""
    fit = fit_poisson(formula(asked), ready, vcov={"CRV1": "importer"}, demeaner=demeaner, **SLIM)
    return np.asarray(fit.tidy()["Estimate"], dtype=float)


def flipped(ready: pd.DataFrame, asked: Specification, draws: int) -> pd.DataFrame:
    """Add outcomes in which the event does nothing: residuals of the regression, signs of whole clusters changed."""
    fit: Any = fit_linear(formula(asked), ready, vcov={"CRV1": "importer"})
    residuals, clusters = np.asarray(fit.resid(), dtype=float), ready["importer"].to_numpy()
    signs = np.random.default_rng(1).choice([-1.0, 1.0], (draws, clusters.max() + 1))
    return ready.assign(**{f"draw{b}": signs[b][clusters] * residuals for b in range(draws)})


def feols_drawn(ready: pd.DataFrame, asked: Specification, draws: int, demeaner: Any) -> Floats:
    """One regression by pyfixest and its draws, in one call: the effects are removed from the terms once."""
    outcomes = "+".join([asked.outcome, *(f"draw{b}" for b in range(draws))])
    text = formula(asked).replace(asked.outcome, outcomes, 1)
    every: Any = fit_linear(text, ready, vcov={"CRV1": "importer"}, demeaner=demeaner, **SLIM)
    tables = [fit.tidy()["Estimate"] for fit in every.to_list()]
    return np.asarray(tables[0], dtype=float)


def feols_large(rows: Large, demeaner: Any) -> Callable[[], Floats]:
    """Millions of rows by pyfixest."""
    names = [f"x{j}" for j in range(rows.X.shape[1])]
    frame = pd.DataFrame(rows.X, columns=names, copy=False)
    frame["y"], frame["pair"], frame["year"], frame["cluster"] = rows.y, rows.pair, rows.year, rows.cluster
    text = f"y ~ {' + '.join(names)} | pair + year"

    def run() -> Floats:
        fit = fit_linear(text, frame, vcov={"CRV1": "cluster"}, demeaner=demeaner, **SLIM)
        return np.asarray(fit.tidy()["Estimate"], dtype=float)

    return run


def panel_ols(ready: pd.DataFrame, asked: Specification) -> Callable[[], Floats]:
    """Remove importer and year effects by linearmodels."""
    indexed = ready.set_index(["importer", "year"])
    y, X = indexed[asked.outcome], indexed[asked.regressors]

    def run() -> Floats:
        fit = PanelOLS(y, X, entity_effects=True, time_effects=True).fit(cov_type="clustered", cluster_entity=True)
        return _row_by_row(fit.params, fit.std_errors, fit.pvalues)

    return run


def absorbing_ls(ready: pd.DataFrame, asked: Specification) -> Callable[[], Floats]:
    """Remove any two effects by linearmodels."""
    y, X = ready[asked.outcome], ready[asked.regressors]
    effects = ready[[*map(code_column, asked.effects)]].astype("category")
    clusters = ready["importer"]

    def run() -> Floats:
        fit = AbsorbingLS(y, X, absorb=effects).fit(cov_type="clustered", clusters=clusters)
        return _row_by_row(fit.params, fit.std_errors, fit.pvalues)

    return run


def dummies_ols(ready: pd.DataFrame, asked: Specification) -> Callable[[], Floats]:
    """Effects as dummies by statsmodels; the dummies are made inside the clock."""

    def run() -> Floats:
        fit = sm.OLS(ready[asked.outcome].to_numpy(), with_dummies(ready, asked)).fit(
            cov_type="cluster", cov_kwds={"groups": ready["importer"].to_numpy()}
        )
        k = len(asked.regressors)
        return _row_by_row(fit.params[:k], fit.bse[:k], fit.pvalues[:k])

    return run


def with_dummies(ready: pd.DataFrame, asked: Specification) -> Floats:
    """Regressors and dummies of two effects, one of them without its first level."""
    first, second = (ready[code_column(name)].to_numpy() for name in asked.effects)
    parts = [
        ready[asked.regressors].to_numpy(),
        np.eye(first.max() + 1)[first],
        np.eye(second.max() + 1)[second][:, 1:],
    ]
    return np.column_stack(parts)


def _row_by_row(coef: Any, errors: Any, p: Any) -> Floats:
    table = pd.DataFrame({"estimate": coef, "std_error": errors, "p_value": p})
    return table["estimate"].to_numpy(dtype=float)


def wildboottest(ready: pd.DataFrame, asked: Specification, draws: int) -> Callable[[], Floats]:
    """Wild cluster bootstrap of one coefficient by pyfixest."""
    fit: Any = fit_linear(formula(asked), ready, vcov={"CRV1": "importer"})
    estimates = np.asarray(fit.coef(), dtype=float)

    def run() -> Floats:
        fit.wildboottest(reps=draws, cluster="importer", param=asked.regressors[BOOTSTRAPPED], seed=1)
        return estimates

    return run


def ritest(ready: pd.DataFrame, asked: Specification, draws: int) -> Callable[[], Floats]:
    """Randomisation test of one coefficient by pyfixest: every row is dealt out anew, it knows no clusters here."""
    fit: Any = fit_linear(formula(asked), ready, vcov={"CRV1": "importer"})
    estimates = np.asarray(fit.coef(), dtype=float)
    way = "fast" if HAS_NUMBA else "slow"

    def run() -> Floats:
        fit.ritest(asked.regressors[BOOTSTRAPPED], reps=draws, choose_algorithm=way, rng=np.random.default_rng(1))
        return estimates

    return run
