"""Write `even_odd.parquet` and `even_odd_noisy.parquet`: numbers from 0 to 1023, and whether each is even or odd.

    python -m examples.make_even_odd [FOLDER]

The same rows come every time. Each row holds a number, its ten binary digits (`bit_1` to `bit_512`, by what each is
worth), and `parity`: 0 if it is even, 1 if it is odd. In the noisy file `parity` is the other one in a tenth of the
rows, drawn by lot: most numbers come several times, and so contradict themselves.
"""

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

ROWS = 4096
SEED = 20261129
NOISE = 0.1
BITS = [2**place for place in range(10)]
FILES = {"even_odd.parquet": 0.0, "even_odd_noisy.parquet": NOISE}


def numbers(noise: float, rows: int = ROWS, seed: int = SEED) -> "pd.DataFrame":
    """Return numbers, their binary digits and their parity, wrong in a share `noise` of the rows."""
    import pandas as pd

    draw = np.random.default_rng(seed)
    number = draw.integers(0, 2 * BITS[-1], size=rows)
    wrong = draw.permutation(rows) < round(noise * rows)
    digits = {f"bit_{worth}": number // worth % 2 for worth in BITS}
    return pd.DataFrame({"number": number, **digits, "parity": number % 2 ^ wrong})


def write(folder: Path) -> None:
    """Write both files."""
    for name, noise in FILES.items():
        numbers(noise).to_parquet(folder / name, index=False)


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parent)
