"""``python -m lipsync``."""

import sys

from lipsync.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
