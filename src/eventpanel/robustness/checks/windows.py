"""Windows: the headline with one lead and lag to the longest, on both sides and on each."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from eventpanel.datasets.errors import number
from eventpanel.robustness.case import Case
from eventpanel.robustness.check import Check, Part
from eventpanel.robustness.figures.sweep import sweep
from eventpanel.robustness.judge import judge_variations
from eventpanel.robustness.lines import Found, Line
from eventpanel.robustness.variation import Variation, headline, line_of_variation

__all__ = ["CHECK"]

NAME = "windows"
# Which ends of the window move; the other end stays where the headline has it.
SIDES = {"leads and lags": ("leads", "lags"), "leads alone": ("leads",), "lags alone": ("lags",)}


def parts(_: Case) -> Sequence[Part]:
    """One part a way to lengthen the window."""
    return [Part(NAME, side, partial(_windows, side)) for side in SIDES]


def _windows(side: str, case: Case) -> Found:
    lengths = range(1, case.section.windows.longest + 1)
    return Found((headline(case, NAME, side), *(_line(case, side, length) for length in lengths)))


def _line(case: Case, side: str, length: int) -> Line:
    window = {name: getattr(case.design.window, name) for name in ("leads", "lags")}
    window |= dict.fromkeys(SIDES[side], length)
    label = f"{number(window['leads'], 'lead')}, {number(window['lags'], 'lag')}"
    return line_of_variation(case, NAME, Variation(side, label, {"window": window}, position=length))


CHECK = Check(
    name=NAME,
    title="Shorter and longer windows",
    question="Does the headline depend on how many leads and lags there are?",
    reading="The same coefficient from windows of other lengths; reference and ends stay. Longer windows need longer "
    "records, so the rows differ (column N): a move may be that of the rows.",
    parts=parts,
    judge=judge_variations,
    draw=sweep,
)
