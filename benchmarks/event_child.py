"""One contender of one work in a process of its own: answers each line with one line of JSON, and times itself.

Called as ``python -m benchmarks.event_child WORK CONTENDER UNITS PERIODS``.
"""

from __future__ import annotations

import json
import os
import sys
import time
import warnings

from benchmarks.event_panels import PANELS, Size
from benchmarks.event_works import WORKS

BY_KEY = {work.key: work for work in WORKS}


def main(key: str, name: str, units: str, periods: str) -> None:
    """Answer until there are no more lines.

    Parameters
    ----------
    key, name : str
        Work and contender.
    units, periods : str
    """
    answers = os.fdopen(os.dup(1), "w")
    # What peers print is not part of the answer.
    os.dup2(2, 1)
    warnings.simplefilter("ignore")
    work = BY_KEY[key]
    run, frame = work.contender(name), work.frame(PANELS[work.panel](Size(int(units), int(periods))), name)
    for _ in sys.stdin:
        start = time.perf_counter()
        try:
            found = run(frame)
            seconds = time.perf_counter() - start
            pairs = [found.get(k, (float("nan"), float("nan"))) for k in work.times]
            answer = {"seconds": seconds, "coef": [b for b, _ in pairs], "errors": [s for _, s in pairs]}
        except Exception as error:
            answer = {"failed": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
