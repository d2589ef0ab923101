"""Spine first, then one dataset per call: keys, cardinality and coverage checked; zero is not missing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from eventpanel.datasets.answers import Watched, numbers_where_censored
from eventpanel.datasets.conflicts import no_conflicts, stack_conflicts
from eventpanel.datasets.countries import country_years
from eventpanel.datasets.errors import FrequencyError, MergeError, first_few
from eventpanel.datasets.panel import Panel

__all__ = ["merge", "spine"]


def spine(
    first: int, last: int, *, importers: Sequence[str] | None = None, exporters: Sequence[str] | None = None
) -> Panel:
    """One row per importer and year in which it existed, or per exporter, importer and year.

    Parameters
    ----------
    first, last : int
        Years, both included. Take in every year of the event record, so that leads and lags are whole.
    importers, exporters : sequence of str, optional
        ISO3 codes. All states without ``importers``; no exporter column without ``exporters``.

    Examples
    --------
    >>> spine(2010, 2012, importers=["SSD", "KEN"]).frame["importer"].tolist()
    ['KEN', 'KEN', 'KEN', 'SSD', 'SSD']
    """
    grid = country_years(first, last, importers)
    if exporters is None:
        return Panel(grid, ("importer",), "year")
    country_years(last, last, exporters)  # refuses what is no ISO3 code
    dyads = pd.DataFrame({"exporter": list(exporters)}).merge(grid, how="cross")
    return Panel(dyads[dyads["exporter"] != dyads["importer"]], ("exporter", "importer"), "year")


def merge(left: Panel, right: Panel, *, cardinality: str) -> Panel:
    """Add one dataset to a panel on the keys of the dataset.

    Parameters
    ----------
    left : Panel
        The spine, or a panel that grew from it; its rows stay as they are.
    right : Panel
        The dataset. Its keys must all be keys of ``left``.
    cardinality : {"1:1", "m:1"}
        What the join is meant to be: ``"1:1"`` when both have the same keys, ``"m:1"`` when one row of
        ``right`` serves several rows of ``left``.

    Returns
    -------
    Panel
        ``left`` with the columns of ``right``, its sources, its conflicts, its frames, and how many of its rows the
        panel has no place for.

    Raises
    ------
    MergeError
        Keys of ``right`` that ``left`` lacks, another cardinality than stated, columns of one name, no row in
        common, or numbers where ``right`` is censored.
    FrequencyError
        Years on one side and quarters or months on the other.

    Examples
    --------
    >>> import pandas as pd
    >>> scores = pd.DataFrame({"importer": ["KEN"], "year": [2011], "polity": [8]})
    >>> regime = Panel(scores, ("importer",), "year")
    >>> merged = merge(spine(2011, 2012, importers=["KEN"]), regime, cardinality="1:1")
    >>> merged.frame["polity"].tolist()
    [8.0, nan]
    >>> merged.coverage[["variable", "nonzero", "not_covered"]].values.tolist()
    [['polity', 1, 1]]
    """
    keys = _join_keys(left, right, cardinality)
    _refuse_censored_numbers(right)
    frame = left.frame.merge(
        right.frame,
        on=keys,
        how="left",
        validate="1:1" if cardinality == "1:1" else "m:1",
        indicator="_found",
    )
    found = frame.pop("_found") == "both"
    if not found.any():
        raise MergeError(
            f"No row of {_name(right)} matches the panel.",
            f"keys {', '.join(keys)}; for example {_example(right, keys)} against {_example(left, keys)}",
            "check that both use ISO3 codes and the same years",
        )
    return replace(
        left,
        frame=frame,
        sources=tuple(dict.fromkeys((*left.sources, *right.sources))),
        conflicts=stack_conflicts([left.conflicts, right.conflicts, _unplaced(left, right, keys)]),
        watched=(*left.watched, *_frames(right)),
    )


def _join_keys(left: Panel, right: Panel, cardinality: str) -> list[str]:
    if cardinality not in ("1:1", "m:1"):
        raise MergeError(f"Unknown cardinality {cardinality!r}.", _name(right), "say '1:1' or 'm:1'")
    keys = list(right.keys)
    strange = [key for key in keys if key not in left.keys]
    if strange:
        raise MergeError(
            f"{_name(right)} has keys the panel lacks: {first_few(strange)}.",
            f"panel keys: {', '.join(left.keys)}",
            "aggregate the dataset to the panel's keys first",
        )
    actual = "1:1" if set(keys) == set(left.keys) else "m:1"
    if actual != cardinality:
        raise MergeError(
            f"The join with {_name(right)} is {actual}, not {cardinality}.",
            f"its keys: {', '.join(keys)}; panel keys: {', '.join(left.keys)}",
            "state the cardinality you mean, or aggregate one side",
        )
    same = sorted(set(left.variables) & set(right.variables))
    if same:
        raise MergeError(f"Both sides have columns named {first_few(same)}.", _name(right), "rename one of them")
    if right.period is not None and left.frequency != right.frequency:
        raise FrequencyError(
            f"The panel and {_name(right)} have periods of different lengths.",
            f"{left.frequency} against {right.frequency}",
            "aggregate one of them to the other's frequency",
        )
    return keys


def _name(panel: Panel) -> str:
    return ", ".join(source.name for source in panel.sources) or "the dataset"


def _example(panel: Panel, keys: list[str]) -> str:
    return " ".join(map(str, panel.frame[keys].iloc[0])) if len(panel.frame) else "no rows"


def _unplaced(left: Panel, right: Panel, keys: list[str]) -> pd.DataFrame:
    """Rows of the dataset that the panel has no place for: an event record cut short would show here."""
    places = left.frame[keys].drop_duplicates()
    found = right.frame[keys].merge(places, on=keys, how="left", indicator="_found")
    lost = found[found["_found"] == "left_only"]
    if lost.empty:
        return no_conflicts()
    units = lost[list(right.unit)].drop_duplicates().astype(str).agg(" ".join, axis=1)
    years = [] if right.period is None else [str(lost[right.period].min()), str(lost[right.period].max())]
    line = {
        "source": _name(right),
        "problem": "outside the panel's units and periods",
        "value": first_few(units),
        "years": "-".join(dict.fromkeys(years)),
        "rows": len(lost),
        "resolution": "not merged",
    }
    return pd.DataFrame([line])


def _frames(right: Panel) -> tuple[Watched, ...]:
    """Frames of the dataset: those it hands over, and its own rows for all other columns."""
    there = set(right.variables)
    handed = [replace(one, variables=tuple(name for name in one.variables if name in there)) for one in right.watched]
    named = {name for one in handed for name in one.variables}
    rest = tuple(name for name in right.variables if name not in named)
    own = Watched(_name(right), rest, right.frame[list(right.keys)])
    return tuple(one for one in (*handed, own) if one.variables)


def _refuse_censored_numbers(right: Panel) -> None:
    if not any(one.censored is not None for one in right.watched):
        return
    wrong = right.frame.loc[numbers_where_censored(right.rows), list(right.keys)]
    if len(wrong):
        raise MergeError(
            f"{_name(right)} holds numbers where it is censored.",
            first_few(" ".join(map(str, row)) for row in wrong.itertuples(index=False)),
            "leave these cells empty: a number there would be taken for the whole",
        )
