"""A new process of linearmodels: read a csv with ready-made event columns, one importer-year regression, its table."""

import json
import sys

import pandas as pd
from linearmodels.panel import PanelOLS

frame = pd.read_csv(sys.argv[1]).set_index(["importer", "year"])
terms = [name for name in map(str, frame.columns) if name.startswith("x")]
fit = PanelOLS(frame["deals"], frame[terms], entity_effects=True, time_effects=True).fit(
    cov_type="clustered", cluster_entity=True
)
table = pd.DataFrame({"estimate": fit.params, "std_error": fit.std_errors, "p_value": fit.pvalues})
print(json.dumps(table["estimate"].tolist()))
