"""`python -m cli.reference` writes the pages."""

import sys

from cli.reference.pages import main

if __name__ == "__main__":
    sys.exit(main())
