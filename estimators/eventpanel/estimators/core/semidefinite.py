"""Make a covariance positive semidefinite, as Cameron, Gelbach and Miller (2011, doi:10.1198/jbes.2010.07136) do."""

from __future__ import annotations

import numpy as np

from eventpanel.estimators.core.arrays import Floats

# Eigenvalues of the covariance in units of its own diagonal; smaller ones are rounding.
ROUNDING = 1e-10


def semidefinite(vcov: Floats) -> tuple[Floats, bool]:
    """Set negative eigenvalues to zero.

    Whether there are any does not depend on the units of the terms; what replaces them does, as in all software.

    Parameters
    ----------
    vcov : ndarray, shape (k, k)
        Symmetric.

    Returns
    -------
    vcov : ndarray, shape (k, k)
        The same matrix where no eigenvalue is negative.
    changed : bool

    Examples
    --------
    >>> matrix, changed = semidefinite(np.diag([4.0, -1.0]))
    >>> matrix.round(12).tolist(), changed
    ([[4.0, 0.0], [0.0, 0.0]], True)
    """
    symmetric = (vcov + vcov.T) / 2
    scale = np.sqrt(np.abs(np.diag(symmetric)))
    scale[scale == 0] = 1.0
    smallest = np.linalg.eigvalsh(symmetric / np.outer(scale, scale)).min(initial=0.0)
    if smallest >= -ROUNDING:
        return vcov, False
    values, vectors = np.linalg.eigh(symmetric)
    return (vectors * np.clip(values, 0, None)) @ vectors.T, True
