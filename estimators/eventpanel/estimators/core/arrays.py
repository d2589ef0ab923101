"""Names of the array types used in the core."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
# What compiled sparse products take without a copy.
Pointers = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]
