"""Moves: how much each switch moves the headlines, one switch at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import NamedTuple, get_args

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from scipy import stats

from eventpanel.brookings.exhibit import Exhibit, numbers
from eventpanel.brookings.headlines import Headline
from eventpanel.brookings.made import AS_SET, version_of
from eventpanel.brookings.switches import Switches
from eventpanel.datasets.materials import Materials
from eventpanel.reports.figures import save
from eventpanel.reports.tables import Grid, markdown_grids, number
from eventpanel.reports.text import csv_bytes

__all__ = ["draw_moves", "files_of_moves", "grids_of_moves", "moves", "options", "steps_of"]

TITLE = "How much each switch moves the headline"
NOTE = (
    "One switch at a time, all others as set. Change in standard errors: change over the standard error as set. "
    "Samples differ where N does."
)
# Base years of the regime beside the one set; the switch takes any year.
BASE_YEARS = (2000, 2019)


class Move(NamedTuple):
    """A headline under one option of one switch."""

    headline: str
    exhibit: str
    decision: str
    switch: str
    set_to: str
    option: str
    value: float
    std_error: float
    value_with_option: float
    std_error_with_option: float
    dof_with_option: float
    change: float
    change_in_std_errors: float
    nobs: float
    nobs_with_option: float
    remark: str


class Value(NamedTuple):
    """A headline under some switches."""

    estimate: float = np.nan
    std_error: float = np.nan
    dof: float = np.nan
    nobs: float = np.nan
    remark: str = ""


def options(switches: Switches, name: str) -> tuple[str | int, ...]:
    """Return the options of a switch other than the one that stands.

    Parameters
    ----------
    switches : Switches
    name : str

    Examples
    --------
    >>> options(Switches(), "regime_cutoff")
    ('polity_6', 'polity_10', 'row')
    """
    every = get_args(type(switches).model_fields[name].annotation) or BASE_YEARS
    return tuple(option for option in every if option != getattr(switches, name))


def moves(
    materials: Materials,
    switches: Switches,
    headlines: Sequence[Headline],
    step: Callable[[str], None] | None = None,
) -> pd.DataFrame:
    """Make headlines again under each option of each switch that their exhibits use.

    Parameters
    ----------
    materials : Materials
    switches : Switches
        As set; one is changed at a time.
    headlines : sequence of Headline
    step : callable, optional
        Called with what is made next.

    Returns
    -------
    DataFrame
        One row a headline and option: headline, exhibit, decision (``D1`` to ``D13``), switch, set_to, option, value,
        std_error, value_with_option, std_error_with_option, dof_with_option, change, change_in_std_errors (change over
        ``std_error``), nobs, nobs_with_option, remark (why a number is missing).
    """
    held: dict[tuple[str, Switches], pd.DataFrame | str] = {}

    def value(one: Headline, way: Switches) -> Value:
        key = (one.exhibit.name, way)
        if key not in held:
            if step is not None:
                step(f"moving {one.exhibit.number}")
            held[key] = _made(one.exhibit, materials, way)
        return _found(one, held[key])

    rows = [
        _move(one, name, (switches, option), (value(one, switches), value(one, other)))
        for one in headlines
        for name, option, other in _ways(one, switches)
    ]
    return pd.DataFrame(rows, columns=list(Move._fields))


def steps_of(switches: Switches, headlines: Sequence[Headline]) -> int:
    """Count how many exhibits :func:`moves` makes."""
    ways = {(one.exhibit.name, other) for one in headlines for _, _, other in _ways(one, switches)}
    return len(ways | {(name, switches) for name, _ in ways})


def _ways(one: Headline, switches: Switches) -> Iterator[tuple[str, str | int, Switches]]:
    """Yield switches with one changed, in the order of the decisions."""
    watched = one.switches or one.exhibit.uses
    for name in type(switches).model_fields:
        if name in watched and name in one.exhibit.uses:
            for option in options(switches, name):
                yield name, option, switches.model_copy(update={name: option})


def _made(exhibit: Exhibit, materials: Materials, switches: Switches) -> pd.DataFrame | str:
    """All numbers of an exhibit, or why there are none."""
    version = version_of(replace(exhibit, make=exhibit.first or exhibit.make), materials, AS_SET, switches)
    return version.refused.splitlines()[0] if version.content is None else numbers(version.content)


def _found(one: Headline, held: pd.DataFrame | str) -> Value:
    if isinstance(held, str):
        return Value(remark=held)
    mine = held[(held["panel"] == one.panel) & (held["column"] == one.column) & (held["term"] == one.term)]
    if mine.empty:
        return Value(remark="no such number under these switches")
    first = mine.iloc[0]
    remark = "could not be estimated" if np.isnan(first["estimate"]) else ""
    return Value(float(first["estimate"]), float(first["std_error"]), float(first["dof"]), float(first["nobs"]), remark)


def _move(one: Headline, name: str, way: tuple[Switches, str | int], values: tuple[Value, Value]) -> Move:
    (switches, option), (before, after) = way, values
    change = after.estimate - before.estimate
    return Move(
        headline=one.name,
        exhibit=one.exhibit.name,
        decision=str(type(switches).model_fields[name].title),
        switch=name,
        set_to=str(getattr(switches, name)),
        option=str(option),
        value=before.estimate,
        std_error=before.std_error,
        value_with_option=after.estimate,
        std_error_with_option=after.std_error,
        dof_with_option=after.dof,
        change=change,
        change_in_std_errors=change / before.std_error if before.std_error > 0 else np.nan,
        nobs=before.nobs,
        nobs_with_option=after.nobs,
        remark="; ".join(
            f"{when}: {value.remark}"
            for when, value in (("as set", before), ("with the option", after))
            if value.remark
        ),
    )


def _rows(table: pd.DataFrame) -> list[Move]:
    return [Move(*row) for row in table[list(Move._fields)].astype(object).to_numpy().tolist()]


def grids_of_moves(table: pd.DataFrame) -> list[Grid]:
    """Tables of moves, one a headline.

    Parameters
    ----------
    table : DataFrame
        From :func:`moves`.
    """
    head = ("", "as set", "with the option", "change", "in standard errors", "N as set", "N with the option")
    grids = []
    for name, part in table.groupby("headline", sort=False):
        rows = tuple(
            (
                f"{one.decision} {one.switch}: {one.set_to} to {one.option}",
                number(one.value, one.std_error),
                number(one.value_with_option, one.std_error_with_option),
                number(one.change, one.std_error),
                "" if np.isnan(one.change_in_std_errors) else f"{one.change_in_std_errors:.2f}",
                *["" if np.isnan(count) else f"{count:,.0f}" for count in (one.nobs, one.nobs_with_option)],
            )
            for one in _rows(part)
        )
        lacking = tuple(f"{one.switch} = {one.option}: {one.remark}" for one in _rows(part) if one.remark)
        grids.append(Grid(str(name), head, rows, (), (NOTE, *lacking)))
    return grids


def draw_moves(table: pd.DataFrame, level: float, label: str) -> Figure:
    """Draw moves: a panel a headline, a row an option; the line and the hollow point are the value as set.

    Parameters
    ----------
    table : DataFrame
        From :func:`moves`, with at least one row.
    level : float
        Of the intervals.
    label : str
        What the data are.
    """
    parts = list(table.groupby("headline", sort=False))
    heights = [len(part) + 1.8 for _, part in parts]
    figure = Figure(figsize=(8.2, 0.24 * sum(heights) + 1.1), layout="constrained")
    grid = figure.subplots(len(parts), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for axes, (name, part) in zip(grid[:, 0], parts, strict=True):
        _panel(axes, str(name), part, level)
    figure.suptitle(f"{label}\n{TITLE}; bars are {level:.0%} intervals", fontsize=8, wrap=True)
    return figure


def _panel(axes: Axes, name: str, part: pd.DataFrame, level: float) -> None:
    places = np.arange(len(part))
    standing = float(part["value"].iloc[0])
    dof = part["dof_with_option"].where(part["dof_with_option"] > 0, np.inf).to_numpy()
    reach = stats.t.ppf((1 + level) / 2, dof) * part["std_error_with_option"].to_numpy()
    middle = part["value_with_option"].to_numpy()
    axes.hlines(places, middle - reach, middle + reach, color="#2166ac", linewidth=1.6)
    axes.plot(middle, places, "o", color="#2166ac", markersize=4.5)
    if not np.isnan(standing):
        axes.axvline(standing, color="0.4", linewidth=0.9)
        axes.plot([standing] * len(part), places, "o", markerfacecolor="none", markeredgecolor="0.4", markersize=3)
    axes.axvline(0, color="0.75", linewidth=0.8, linestyle=":")
    missing = " (none)"
    axes.set_yticks(
        places,
        [
            f"{one.decision} {one.switch} = {one.option}{missing if np.isnan(one.value_with_option) else ''}"
            for one in _rows(part)
        ],
        fontsize=7.5,
    )
    axes.set_ylim(len(part) - 0.4, -0.6)
    axes.tick_params(axis="x", labelsize=7.5)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(name, fontsize=9, loc="left")


def files_of_moves(table: pd.DataFrame, level: float, label: str) -> dict[str, bytes]:
    """Files of moves by name; none where no headline could be watched.

    Parameters
    ----------
    table : DataFrame
        From :func:`moves`.
    level : float
        Of the intervals in the figure.
    label : str
        What the data are.
    """
    if table.empty:
        return {}
    return {
        "moves.csv": csv_bytes(table.assign(label=label)),
        "moves.md": markdown_grids(grids_of_moves(table), TITLE, label).encode(),
        "moves.png": save(draw_moves(table, level, label), "png"),
    }
