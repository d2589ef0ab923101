"""One self-contained page of a comparison: a summary, then tables of texts."""

from __future__ import annotations

from collections.abc import Sequence

from eventpanel.reports.pages import rendered_page
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
    return rendered_page("compared.html", {"title": title, "label": label, "summary": summary, "grids": grids})
