"""One self-contained page of a comparison: a summary, then tables of texts."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from jinja2 import Environment, StrictUndefined

from eventpanel.reports.tables import Grid

__all__ = ["compared_page"]


def compared_page(title: str, label: str, summary: str, grids: Sequence[Grid]) -> str:
    """Render a comparison; no script, no link to anything outside.

    Parameters
    ----------
    title, label : str
        The label stands at the top and at the foot.
    summary : str
        Lines of plain words.
    grids : sequence of Grid
    """
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    template = resources.files("eventpanel.reports.templates").joinpath("compared.html").read_text("utf-8")
    return environment.from_string(template).render(title=title, label=label, summary=summary, grids=grids)
