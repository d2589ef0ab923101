"""``python -m eventpanel``."""

import sys

from eventpanel.cli import main

if __name__ == "__main__":
    sys.exit(main())
