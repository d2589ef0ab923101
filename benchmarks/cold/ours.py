"""A new process of ours: read a csv of raw columns, one importer-year regression, its table."""

import json
import sys

import pandas as pd

import eventpanel.api as ep

groups = ("autocracy", "democracy")
design = ep.Design(
    outcome="deals",
    event=ep.Event(column="unrest", kind="threshold", threshold=ep.Threshold(rule="absolute", value=5.0)),
    window=ep.EventWindow(leads=2, lags=2, reference=None),
    fixed_effects=("importer", "year"),
    covariance=ep.Clustered("importer", "reghdfe"),
    moderator=ep.Moderator(
        name="regime", column="polity2", timing="base", by="importer", base=2008, below=7, groups=groups
    ),
    sample=ep.Sample(first=2008, last=2021),
)
table = ep.distributed_lag(ep.Panel(pd.read_csv(sys.argv[1]), ("importer",), "year"), design).tidy()
print(json.dumps(table["estimate"].tolist()))
