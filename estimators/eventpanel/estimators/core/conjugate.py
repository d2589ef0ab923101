"""Effects too large to factorise: conjugate gradients on the levels, and a sparse factorisation where they are slow.

Both work on the cross table of the levels; rows are not touched. Conjugate gradients are fast on well connected graphs,
where a sparse factorisation fills up; on long chains it is the other way round.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import splu

from eventpanel.estimators.core.arrays import Codes, Floats
from eventpanel.estimators.core.schur import CrossTable

# Enough for well connected graphs.
ITERATIONS = 500
PATIENCE = 20_000
# Weighted norm of what is left, in standard deviations of the column and in its size at the start.
SOLVED = 1e-13
ROUNDING = 1e-15
# Independent cycles of the graph up to which elimination fills little.
CYCLES = 30_000


@dataclass(frozen=True, slots=True)
class Levels:
    """The scaled Schur complement as an operator.

    Attributes
    ----------
    table : CrossTable
    first_mass : ndarray
        Weight of each level of the largest effect.
    parts : ndarray, shape (levels,), or None
        Connected part of each level, where there are two effects.
    """

    table: CrossTable
    first_mass: Floats
    parts: Codes | None

    def apply(self, effect: Floats) -> Floats:
        """Multiply, shape (levels, k) to (levels, k)."""
        scale = np.sqrt(self.table.mass)[:, None]
        plain = effect / scale
        inner = (self.table.joint @ plain) / self.first_mass[:, None]
        return np.asarray((self.table.gram @ plain - self.table.joint.T @ inner) / scale)

    def solve(self, right: Floats, spread: Floats) -> Floats:
        """Effects of the levels; the certificate of absorption says how well they were found.

        Parameters
        ----------
        right : ndarray, shape (k, levels)
        spread : ndarray, shape (k,)
            Standard deviations of the columns.
        """
        scale = np.sqrt(self.table.mass)[:, None]
        scaled = right.T / scale
        goal = SOLVED * spread + ROUNDING * np.linalg.norm(scaled, axis=0)
        solution, slow = conjugate_gradients(self.apply, scaled, goal, ITERATIONS)
        if slow and self.parts is not None and self._cycles(self.parts) <= CYCLES:
            return self._eliminated(right, self.parts)
        if slow:
            rest = scaled - self.apply(solution)
            solution = solution + conjugate_gradients(self.apply, rest, goal, PATIENCE)[0]
        return np.asarray((solution / scale).T)

    def _cycles(self, parts: Codes) -> int:
        links = self.table.joint.nnz if sparse.issparse(self.table.joint) else self.table.joint.size
        return int(links) - len(self.first_mass) - len(parts) + len(np.unique(parts))

    def _eliminated(self, right: Floats, parts: Codes) -> Floats:
        """Solve the sparse system of both effects, one level of each connected part held at zero."""
        free = np.ones(len(parts), dtype=bool)
        free[np.unique(parts, return_index=True)[1]] = False
        joint = sparse.csc_array(self.table.joint)[:, free]
        mass = sparse.diags_array(self.first_mass), sparse.diags_array(self.table.mass[free])
        whole = sparse.csc_array(sparse.block_array([[mass[0], joint], [joint.T, mass[1]]]))
        factor = splu(whole, permc_spec="MMD_AT_PLUS_A", diag_pivot_thresh=0.0, options={"SymmetricMode": True})
        padded = np.vstack([np.zeros((joint.shape[0], len(right))), right[:, free].T])
        effect = np.zeros_like(right)
        effect[:, free] = factor.solve(padded)[joint.shape[0] :].T
        return effect


def conjugate_gradients(
    apply: Callable[[Floats], Floats], right: Floats, goal: Floats, iterations: int
) -> tuple[Floats, bool]:
    """Solve a positive semi-definite system for many right-hand sides at once.

    Parameters
    ----------
    apply : callable
        Multiplies by the system, shape (m, k) to (m, k).
    right : ndarray, shape (m, k)
    goal : ndarray, shape (k,)
        Norms of what may be left.
    iterations : int

    Returns
    -------
    solution : ndarray, shape (m, k)
    slow : bool
        Whether some right-hand side was not solved in time.
    """
    solution, left, direction = np.zeros_like(right), right.copy(), right.copy()
    product = (left**2).sum(axis=0)
    for _ in range(iterations):
        unsolved = product > goal**2
        if not unsolved.any():
            return solution, False
        image = apply(direction)
        curvature = (direction * image).sum(axis=0)
        step = np.where(unsolved & (curvature > 0), product / np.where(curvature > 0, curvature, 1.0), 0.0)
        solution += step * direction
        left -= step * image
        before, product = product, (left**2).sum(axis=0)
        direction = left + np.where(before > 0, product / np.where(before > 0, before, 1.0), 0.0) * direction
    return solution, bool((product > goal**2).any())
