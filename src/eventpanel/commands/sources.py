"""``eventpanel sources``."""

from __future__ import annotations

from argparse import Namespace

from eventpanel.datasets.registry import entries
from eventpanel.reports.terminal import wrapped


def main(options: Namespace) -> int:
    """List what can be read, with licence, citation and address."""
    del options
    for entry in entries():
        print(wrapped(f"{entry.name} [{entry.role}] {entry.title}"))
        for name in ("unit", "coverage", "licence", "citation", "url"):
            text = f"{name}: {getattr(entry, name)}"
            print(wrapped(text, "    "))
        print()
    return 0
