"""All exhibits, in the order of the paper."""

from __future__ import annotations

import re
from itertools import chain

from eventpanel.brookings import (
    arrow_maps,
    comparative_advantage,
    goods_figures,
    institutions,
    institutions_panel,
    market_shares,
    nelda_items,
    ranked_bars,
    readings,
    regime_bias,
    regime_change,
    seeds,
    summary,
    time_path,
    unrest_figures,
    unrest_goods,
    unrest_tables,
)
from eventpanel.brookings.exhibit import Exhibit

__all__ = ["CATALOGUE"]

MODULES = (
    summary,
    arrow_maps,
    comparative_advantage,
    regime_bias,
    goods_figures,
    unrest_tables,
    unrest_figures,
    unrest_goods,
    institutions,
    institutions_panel,
    time_path,
    ranked_bars,
    regime_change,
    nelda_items,
    readings,
    market_shares,
    seeds,
)


def _place(exhibit: Exhibit) -> tuple[bool, bool, bool, int]:
    """Where an exhibit stands: tables and figures of the text, those of the appendix, those beyond the paper."""
    found = re.fullmatch(r"(table|figure)_(a?)(\d+)", exhibit.name)
    if found is None:
        return True, True, True, 0
    return False, bool(found[2]), found[1] == "figure", int(found[3])


CATALOGUE: tuple[Exhibit, ...] = tuple(sorted(chain.from_iterable(one.EXHIBITS for one in MODULES), key=_place))
