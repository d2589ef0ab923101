"""A new process of statsmodels: read a csv with ready-made event columns, dummies for the effects, its table."""

import json
import sys

import numpy as np
import pandas as pd
from statsmodels.regression.linear_model import OLS

frame = pd.read_csv(sys.argv[1])
terms = [name for name in map(str, frame.columns) if name.startswith("x")]
importer, year = (np.eye(frame[name].max() + 1)[frame[name]] for name in ("importer", "year"))
design = np.column_stack([frame[terms], importer, year[:, 1:]])
fit = OLS(frame["deals"].to_numpy(), design).fit(cov_type="cluster", cov_kwds={"groups": frame["importer"].to_numpy()})
k = len(terms)
table = pd.DataFrame({"estimate": fit.params[:k], "std_error": fit.bse[:k], "p_value": fit.pvalues[:k]})
print(json.dumps(table["estimate"].tolist()))
