"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that takes the name of the next step; a bar only where standard error is a terminal."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(total=total, disable=hidden, leave=False, bar_format="{desc:<28} {bar} {n}/{total} {elapsed}") as bar:

        def step(name: str) -> None:
            bar.set_description_str(name)
            bar.update()

        yield step
