"""``eventpanel sources``."""

from __future__ import annotations

import textwrap
from argparse import Namespace

from eventpanel.datasets.registry import entries


def main(options: Namespace) -> int:
    """List what can be read, with licence, citation and address."""
    del options
    for entry in entries():
        print(f"{entry.name}  [{entry.role}]  {entry.title}")
        for name in ("unit", "coverage", "licence", "citation", "url"):
            text = f"{name}: {getattr(entry, name)}"
            print(textwrap.fill(text, 100, initial_indent="    ", subsequent_indent="      "))
        print()
    return 0
