"""Size of every test at 5 %: ``python benchmarks/size.py [--draws N] [--markdown]``, minutes on one core.

``OPENBLAS_NUM_THREADS=1`` keeps it to that core, and makes it no slower. It measures the checkout it stands in.
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.path[:1] = [str(ROOT / part) for part in ("", "src", "estimators", "datasets")]
    importlib.import_module("benchmarks.rejections").main()
