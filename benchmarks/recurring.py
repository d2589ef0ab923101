"""Bias and coverage with recurring events: ``python benchmarks/recurring.py [--panels N] [--write]``, in minutes.

``--write`` puts the table into docs/methods/recurring.md. It measures the checkout it stands in.
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.path[:1] = [str(ROOT / part) for part in ("", "src", "estimators", "datasets")]
    importlib.import_module("benchmarks.recoveries").main()
