"""Time the estimators for events against peers: ``python benchmarks/events.py [--quick] [--only NAME ...]``.

It measures the checkout it stands in, whatever is installed.
"""

import importlib
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

if __name__ == "__main__":
    sys.path[:1] = [str(ROOT / part) for part in ("", "src", "estimators", "datasets")]
    importlib.import_module("benchmarks.event_command").main()
