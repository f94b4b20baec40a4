"""One command from raw rows to a monitored model: python run.py +experiment=NAME [group=option …] [key=value …]."""

import gc
import sys

from cli.main import main

if __name__ == "__main__":
    # The imports leave hundreds of thousands of objects; walking them over and over costs more than it frees.
    gc.set_threshold(100_000, 50, 100)
    code = main(sys.argv[1:])
    gc.freeze()
    sys.exit(code)
