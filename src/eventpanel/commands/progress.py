"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tqdm import tqdm

BAR = "{desc:<28} {bar} {n}/{total} {elapsed}, {remaining} left"
Watch = Callable[[str, int, int | None], None]


@contextmanager
def progress(total: int, *, quiet: bool) -> Iterator[Callable[[str], None]]:
    """Yield a function that takes the name of the next step; a bar only where standard error is a terminal."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(
        total=total, disable=hidden, leave=False, bar_format="{desc:<28} {bar} {n}/{total} {elapsed}<{remaining}"
    ) as bar:

        def step(name: str) -> None:
            bar.set_description_str(name)
            bar.update()

        yield step


@contextmanager
def transfer_bar(*, quiet: bool) -> Iterator[tuple[Watch, Callable[[str], None]]]:
    """Yield a function that takes file, bytes so far and bytes in all, and one that says that another is at work."""
    hidden = quiet or not sys.stderr.isatty()
    with tqdm(disable=hidden, leave=False, unit="B", unit_scale=True, dynamic_ncols=True) as bar:

        def watch(file: str, done: int, total: int | None) -> None:
            bar.set_description_str(file, refresh=False)
            bar.total = total
            bar.update(done - bar.n)

        def waiting(file: str) -> None:
            if not quiet:
                bar.write(f"{file}: another eventpanel is fetching it; waiting", file=sys.stderr)

        yield watch, waiting
