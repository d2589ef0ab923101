"""Pages: templates rendered as they stand beside the code, on one base with one style."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

from jinja2 import Environment, FunctionLoader, StrictUndefined

__all__ = ["rendered_page", "template_text"]


def template_text(name: str) -> str:
    """Return the text of a template.

    Parameters
    ----------
    name : str
        File name.
    """
    return resources.files("eventpanel.reports.templates").joinpath(name).read_text("utf-8")


def rendered_page(name: str, values: Mapping[str, object]) -> str:
    """Render a self-contained page: everything is escaped, nothing may be missing.

    Parameters
    ----------
    name : str
        File name of the template.
    values : mapping of str to object
        ``title`` and ``label``, which stands at the top and at the foot, and what the template asks for.
    """
    environment = Environment(
        loader=FunctionLoader(template_text),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(name).render(values)
