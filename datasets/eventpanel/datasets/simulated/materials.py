"""A simulated study as materials: the same shape as data of one's own."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from eventpanel.datasets.materials import Materials
from eventpanel.datasets.panel import Panel, Source
from eventpanel.datasets.records import Records
from eventpanel.datasets.simulated.comparative import CHINA_BY_AI, GOODS
from eventpanel.datasets.simulated.country_years import country_years, importers
from eventpanel.datasets.simulated.institutions import EFFECT_AUTOCRACIES, EFFECT_MATURE, EFFECT_US, EFFECT_YEARLY
from eventpanel.datasets.simulated.study import EFFECT, LOW_BY_AI, Study, draw_study, stream
from eventpanel.datasets.simulated.trade import GIANT, draw_arms, draw_goods, draw_investment
from eventpanel.datasets.simulated.world import CHINA, CODES, COUNTRIES, GRAVITY, UNITED_STATES, WITH_REGIME

__all__ = ["PLANTED", "simulate_materials"]

PLANTED: Mapping[str, float] = {
    "table_2: China x AI": CHINA_BY_AI,
    "table_3: China, Low x AI": LOW_BY_AI[CHINA],
    "table_3: US, Low x AI": LOW_BY_AI[UNITED_STATES],
    "table_4: same year": EFFECT,
    "table_5: autocracies": EFFECT_AUTOCRACIES,
    "table_5: mature democracies": EFFECT_MATURE,
    "table_5: US exports": EFFECT_US,
    "table_a20: AI x unrest": EFFECT_YEARLY,
}
GOODS_YEARS = np.arange(2000, 2021)
COVERED = np.arange(2000, 2022)
ABSENT = {
    "domestic": "domestic deals are not simulated",
    "domestic_ai": "domestic deals are not simulated",
}
Columns = dict[str, npt.NDArray[np.generic]]


def simulate_materials(seed: int) -> Materials:
    """Simulate everything that the study of trade in surveillance AI rests on.

    All coefficients of ``planted`` hold in the expected outcomes of every seed, in the regressions of
    docs/data/simulated_materials.md; only China x AI holds on average of seeds. Calibrated to the published marginals
    of Beraja, Kao, Yang and Yuchtman (2023, doi:10.3386/w31676). Countries other than China and the United States
    are invented.

    Parameters
    ----------
    seed : int
        Same seed, same data.

    Examples
    --------
    >>> materials = simulate_materials(1)
    >>> len(materials.deals.frame), materials.planted["table_4: same year"]
    (1636, 0.073)
    """
    study = draw_study(seed)
    goods, goods_years = draw_goods(stream(seed, 4), study.world, study.advantage)
    source = _source("materials", "Simulated deals, countries and trade")
    panel = (source,)
    return Materials(
        kind="simulated",
        label="SIMULATED DATA: no statement about any country",
        deals=Records(study.deals.frame, _covered(), _source("deals", "Simulated deals")),
        countries=Panel(country_years(stream(seed, 5), study), ("importer",), "year", panel),
        pairs=Panel(_pairs(study), ("exporter", "importer"), None, panel),
        goods=Panel(_goods(goods), ("exporter", "importer", "product"), None, panel),
        goods_years=Panel(_goods_years(goods_years), ("exporter", "importer", "product"), "year", panel),
        importers=Panel(importers(stream(seed, 6), study), ("importer",), None, panel),
        arms=Records(_arms(seed, study), _covered(), _source("arms", "Simulated arms deals")),
        investment=Panel(_investment(seed), ("exporter", "importer"), "year", panel),
        planted=dict(PLANTED),
        absent=ABSENT,
        sources=panel,
    )


def _source(name: str, title: str) -> Source:
    return Source(
        f"simulated_{name}",
        title,
        citation="SIMULATED DATA: no statement about any country.",
        licence="none needed",
        coverage="complete by construction",
    )


def _covered() -> pd.DataFrame:
    return _frame({"importer": np.sort(CODES), "year": COVERED})


def _frame(levels: Mapping[str, npt.NDArray[np.generic]]) -> pd.DataFrame:
    """All combinations, the first level slowest."""
    grid = np.indices([len(level) for level in levels.values()]).reshape(len(levels), -1)
    named = zip(levels.items(), grid, strict=True)
    return pd.DataFrame(
        {name: (level.astype(object) if level.dtype.kind == "U" else level)[place] for (name, level), place in named}
    )


def _pairs(study: Study) -> pd.DataFrame:
    frame = _frame({"exporter": CODES, "importer": CODES})
    for place, name in enumerate(GRAVITY):
        frame[name] = study.world.gravity[:, :, place].reshape(-1)
    return frame[~np.eye(COUNTRIES, dtype=bool).reshape(-1)]


def _goods(goods: npt.NDArray[np.float64]) -> pd.DataFrame:
    frame = _frame({"exporter": CODES, "importer": CODES, "product": np.array(GOODS)})
    frame["trade"] = goods.reshape(-1)
    return frame[np.repeat(~np.eye(COUNTRIES, dtype=bool).reshape(-1), len(GOODS))]


def _goods_years(goods: npt.NDArray[np.float64]) -> pd.DataFrame:
    giants = CODES[list(GIANT)]
    frame = _frame({"exporter": giants, "importer": CODES, "product": np.array(GOODS), "year": GOODS_YEARS})
    frame["trade"] = goods.reshape(-1)
    own = giants[:, None] == CODES
    return frame[np.repeat(~own.reshape(-1), len(GOODS) * len(GOODS_YEARS))]


def _arms(seed: int, study: Study) -> pd.DataFrame:
    lists = []
    for position, number in draw_arms(stream(seed, 7), study.world).items():
        unit, year = np.nonzero(number)
        frame = pd.DataFrame(
            {"exporter": CODES[position], "importer": CODES[WITH_REGIME][unit].astype(object), "year": 2000 + year}
        )
        lists.append(frame.loc[np.repeat(np.arange(len(frame)), number[unit, year])])
    return pd.concat(lists, ignore_index=True)


def _investment(seed: int) -> pd.DataFrame:
    values = draw_investment(stream(seed, 8))
    frame = _frame({"exporter": CODES[[CHINA]], "importer": CODES[WITH_REGIME], "year": GOODS_YEARS})
    return frame.assign(investment=values[:, :, 0].reshape(-1), construction=values[:, :, 1].reshape(-1))
