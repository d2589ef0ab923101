"""Orders: in how many ways things of several kinds can stand, and each of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import factorial, prod

__all__ = ["arrangements", "orders"]


def arrangements(counts: Sequence[int]) -> int:
    """Count the different orders of things of which so many are of each kind.

    Examples
    --------
    >>> arrangements([2, 1])
    3
    """
    return factorial(sum(counts)) // prod(factorial(count) for count in counts)


def orders(kinds: list[int]) -> Iterator[list[int]]:
    """Yield every different order of the kinds, the given one first.

    Examples
    --------
    >>> list(orders([0, 1, 1]))
    [[0, 1, 1], [1, 0, 1], [1, 1, 0]]
    """
    if not kinds:
        yield []
    for kind in dict.fromkeys(kinds):
        rest = kinds.copy()
        rest.remove(kind)
        for others in orders(rest):
            yield [kind, *others]
