"""A new process of pyfixest: read a csv with ready-made event columns, one importer-year regression, its table."""

import json
import sys

# Without the numba extra it starts faster, and needs it for nothing here.
sys.modules["numba"] = None  # type: ignore[assignment]

import pandas as pd  # noqa: E402
from pyfixest.estimation.api.feols import feols  # noqa: E402  # pyright: ignore[reportMissingImports]

frame = pd.read_csv(sys.argv[1])
terms = " + ".join(name for name in map(str, frame.columns) if name.startswith("x"))
fit = feols(
    f"deals ~ {terms} | importer + year",
    frame,
    vcov={"CRV1": "importer"},
    lean=True,
    store_data=False,
    copy_data=False,
)
print(json.dumps(fit.tidy()["Estimate"].tolist()))
