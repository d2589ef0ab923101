"""Assignments: which unit receives which history in a draw; every draw follows from the seed and its number alone.

A draw is a vector of sources, one a unit, or says where each cell of a unit's record comes from. Blocks of a fixed
number of draws have a seed of their own, so that the draws are the same however blocks are shared out among workers.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice, product
from math import prod

import numpy as np

from eventpanel.estimators.core.arrays import Codes, Mask
from eventpanel.estimators.core.orders import arrangements, orders
from eventpanel.estimators.core.spells import Deck

# Draws that share a seed; another number would give other draws.
BLOCK = 256


@dataclass(frozen=True, slots=True)
class Permutations:
    """Histories are permuted between the units of a stratum.

    Attributes
    ----------
    strata : ndarray, shape (U,)
        Code of each unit's stratum.
    kinds : ndarray, shape (U,)
        Units with the same kind have the same history: exchanging them changes nothing.
    """

    strata: Codes
    kinds: Codes

    @property
    def own(self) -> Codes:
        """Sources of the data: every unit has its own, shape (U,)."""
        return np.arange(len(self.strata))

    @property
    def count(self) -> int:
        """Number of different assignments, the data among them."""
        members = [self.kinds[self.strata == s] for s in np.unique(self.strata)]
        return prod(arrangements(np.unique(kinds, return_counts=True)[1].tolist()) for kinds in members)

    @property
    def held(self) -> Mask:
        """Units that are alone in their stratum, shape (U,)."""
        return np.asarray(np.bincount(self.strata)[self.strata] == 1)

    def draw(self, rng: np.random.Generator, draws: int) -> Codes:
        """Draw assignments, shape (draws, U)."""
        out = np.tile(self.own, (draws, 1))
        for s in np.unique(self.strata):
            members = np.flatnonzero(self.strata == s)
            out[:, members] = rng.permuted(out[:, members], axis=1)
        return out

    def some(self, first: int, last: int) -> Codes:
        """List different assignments, all equally likely, from one place in their order to another, shape (., U)."""
        members = [np.flatnonzero(self.strata == s) for s in np.unique(self.strata)]
        every = product(*[list(orders(self.kinds[units].tolist())) for units in members])
        chosen = list(islice(every, first, last))
        out = np.tile(self.own, (len(chosen), 1))
        for row, kinds in zip(out, chosen, strict=True):
            for units, wanted in zip(members, kinds, strict=True):
                row[units[np.argsort(wanted, kind="stable")]] = units[np.argsort(self.kinds[units], kind="stable")]
        return out


@dataclass(frozen=True, slots=True)
class Choices:
    """Each unit receives one of its own sources, independently of the others.

    Attributes
    ----------
    starts, counts : ndarray, shape (U,)
        The sources of unit u are ``starts[u]`` to ``starts[u] + counts[u] - 1``; the first is the data.
    """

    starts: Codes
    counts: Codes

    @property
    def own(self) -> Codes:
        """Sources of the data, shape (U,)."""
        return self.starts

    @property
    def count(self) -> int:
        """Number of assignments, the data among them."""
        return prod(self.counts.tolist())

    @property
    def held(self) -> Mask:
        """Units with one source only, shape (U,)."""
        return np.asarray(self.counts == 1)

    def draw(self, rng: np.random.Generator, draws: int) -> Codes:
        """Draw assignments, shape (draws, U)."""
        return self.starts + rng.integers(0, self.counts, size=(draws, len(self.starts)))

    def some(self, first: int, last: int) -> Codes:
        """List assignments from one place in their order to another, shape (., U)."""
        steps = islice(product(*[range(count) for count in self.counts.tolist()]), first, last)
        return self.starts + np.array(list(steps), dtype=np.int64).reshape(-1, len(self.starts))


@dataclass(frozen=True, slots=True)
class Deals:
    """The record of each unit is dealt out anew in time, independently of the others.

    A draw is not one source a unit: it is the cell of its own record that each cell receives its value from.

    Attributes
    ----------
    decks : tuple of Deck, length U
    """

    decks: tuple[Deck, ...]

    @property
    def own(self) -> Codes:
        """Cells of the data: each its own, shape (U, T)."""
        return np.array([np.arange(deck.periods) for deck in self.decks])

    @property
    def count(self) -> int:
        """Number of different assignments, the data among them."""
        return prod(deck.count for deck in self.decks)

    @property
    def held(self) -> Mask:
        """Units with events that have one record only, shape (U,)."""
        return np.array([bool(deck.spells) and deck.count == 1 for deck in self.decks])

    def draw(self, rng: np.random.Generator, draws: int) -> Codes:
        """Draw assignments, all equally likely, shape (draws, U, T)."""
        return np.stack([deck.draw(rng, draws) for deck in self.decks], axis=1)

    def some(self, first: int, last: int) -> Codes:
        """List different assignments from one place in their order to another, shape (., U, T)."""
        return np.array(list(islice(product(*[list(deck.each()) for deck in self.decks]), first, last)))


Assignments = Permutations | Choices | Deals


def is_enumerated(assignments: Assignments, draws: int) -> bool:
    """Whether there are no more different assignments than draws asked for: then each is taken once."""
    return assignments.count <= draws


def blocks(assignments: Assignments, draws: int) -> int:
    """Count the blocks of draws."""
    return -(-min(draws, assignments.count) // BLOCK)


def block(assignments: Assignments, draws: int, seed: int, number: int) -> Codes:
    """Draws of one block, shape (at most BLOCK, U), or (at most BLOCK, U, T) for deals.

    Parameters
    ----------
    assignments : Permutations, Choices or Deals
    draws : int
        Draws asked for in all; where there are no more assignments than that, each is taken once.
    seed : int
    number : int
        Number of the block, from 0.

    Examples
    --------
    >>> three = Permutations(np.zeros(3, dtype=np.int64), np.array([0, 1, 1]))
    >>> block(three, 99, 1, 0).tolist()
    [[0, 1, 2], [1, 0, 2], [1, 2, 0]]
    """
    first = number * BLOCK
    if is_enumerated(assignments, draws):
        return assignments.some(first, first + BLOCK)
    # The children that SeedSequence(seed).spawn would give.
    rng = np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(number,)))
    return assignments.draw(rng, BLOCK)[: draws - first]
