"""`python -m cli.serving_lock` writes the file; a test compares it with what stands there."""

import sys

from cli.serving_lock.lock_file import main

if __name__ == "__main__":
    sys.exit(main())
