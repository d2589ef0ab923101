"""Pictures and tables of one estimate, for notebooks and papers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from matplotlib.figure import Figure

from eventpanel.estimators.estimate import Estimate
from eventpanel.reports.figures import event_study
from eventpanel.reports.results import Result, summarise
from eventpanel.reports.tables import latex, markdown

__all__ = ["etable", "iplot"]


def iplot(
    estimates: Estimate | Sequence[Estimate], *, title: str = "", difference: Sequence[str] = (), level: float = 0.95
) -> Figure:
    """Draw the paths of one or more estimates, with pointwise intervals and simultaneous bands.

    Parameters
    ----------
    estimates : Estimate or sequence of Estimate
        One row of panels each.
    title : str
        Above the figure.
    difference : sequence of str
        Two groups; the first minus the second gets a panel of its own.
    level : float
        Level of intervals and bands.

    Returns
    -------
    matplotlib Figure
        Save it with ``figure.savefig("path.pdf")``.

    Examples
    --------
    See docs/tutorial.md.
    """
    return event_study(_results(estimates, difference, level), title, "")


def etable(
    estimates: Estimate | Sequence[Estimate],
    *,
    kind: Literal["md", "tex"] = "md",
    title: str = "",
    difference: Sequence[str] = (),
    level: float = 0.95,
) -> str:
    """Table of one or more estimates as Markdown or LaTeX, with notes and joint tests.

    Parameters
    ----------
    estimates : Estimate or sequence of Estimate
        One table each.
    kind : {"md", "tex"}
    title : str
        Above the tables.
    difference : sequence of str
        Two groups; the first minus the second gets a column of its own.
    level : float
        Level of the intervals named in the notes.
    """
    results = _results(estimates, difference, level)
    return markdown(results, title, "") if kind == "md" else latex(results, title, "")


def _results(estimates: Estimate | Sequence[Estimate], difference: Sequence[str], level: float) -> list[Result]:
    many = [estimates] if isinstance(estimates, Estimate) else list(estimates)
    return [summarise(e.design.outcome, f"Effects on {e.design.outcome}", e, difference, level) for e in many]
