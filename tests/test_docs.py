"""Code on the pages people read first runs."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
METHODS = sorted(page for page in (ROOT / "docs" / "methods").glob("*.md") if "print(" in page.read_text("utf-8"))
# Pages that print no path of an event, and what they print instead.
OTHERS = {"docs/methods/linear.md": "china:ai"}
PAGES = ("README.md", "docs/tutorial.md", *(f"docs/methods/{page.name}" for page in METHODS))


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec("\n".join(blocks), {})
    assert OTHERS.get(page, "same period") in capsys.readouterr().out


@pytest.mark.parametrize(
    "page", sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("**/*.md") if ".venv" not in p.parts)
)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
