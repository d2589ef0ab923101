"""Code on the pages people read first runs."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PAGES = ("README.md", "docs/tutorial.md", "docs/methods/inference.md", "docs/methods/ppml.md")


@pytest.mark.parametrize("page", PAGES)
def test_python_blocks_run(page: str, capsys: pytest.CaptureFixture[str]) -> None:
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / page).read_text("utf-8"), re.DOTALL)
    assert blocks
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        exec("\n".join(blocks), {})
    assert "same period" in capsys.readouterr().out


@pytest.mark.parametrize(
    "page", sorted(str(p.relative_to(ROOT)) for p in ROOT.glob("**/*.md") if ".venv" not in p.parts)
)
def test_links_lead_somewhere(page: str) -> None:
    text = (ROOT / page).read_text("utf-8")
    for target in re.findall(r"\]\(([^)#:]+)\)", text):
        assert (ROOT / page).parent.joinpath(target).exists(), target
