"""What may stand as a package's reference profile is told without the library that writes it."""

import numpy as np
import pytest

from ml.monitoring.profiles import profile
from ml.monitoring.whylogs_files.writing import write
from ml.package.reference import require_profile
from schemas.errors import PackageError
from schemas.signature import Input, NumberDerivation, Output, Signature

SIGNATURE = Signature(
    inputs=[Input(name="größe", type="number")],
    derivations=[NumberDerivation(column="größe")],
    features=["größe"],
    output=Output(task="regression", target="y"),
)


@pytest.fixture(scope="module")
def written() -> bytes:
    return profile({"größe": np.arange(50.0)}, {"größe": "number"}).to_bytes()


@pytest.fixture(scope="module")
def of_whylogs() -> bytes:
    found = profile({"größe": np.arange(50.0)}, {"größe": "number"})
    return write(found.sketches)


def test_ours_and_what_whylogs_writes_are_profiles(written: bytes, of_whylogs: bytes) -> None:
    require_profile(written, SIGNATURE)
    require_profile(of_whylogs, SIGNATURE)


def test_another_tables_profile_is_refused() -> None:
    other = profile({"size": np.arange(50.0)}, {"size": "number"}, predictions={"value": np.arange(50.0)})
    for data in (other.to_bytes(), write(other.sketches)):
        with pytest.raises(PackageError, match="no column 'größe'"):
            require_profile(data, SIGNATURE)


@pytest.mark.parametrize("size", [0, 3, 4, 5, 40, -1, -100])
def test_a_profile_that_is_cut_short_is_refused(written: bytes, of_whylogs: bytes, size: int) -> None:
    with pytest.raises(PackageError, match="is no profile"):
        require_profile(of_whylogs[:size], SIGNATURE)
    with pytest.raises(PackageError, match=r"is no profile|cannot be read"):
        require_profile(written[:size], SIGNATURE)


def test_a_frame_with_the_names_and_nothing_behind_it_is_refused() -> None:
    names = "größe".encode()
    for data in (b"WHY1\x00" + bytes([len(names)]) + names, b"WHY1\x00" + bytes([len(names)]) + names + b"x" * 9):
        with pytest.raises(PackageError, match="is no profile"):
            require_profile(data, SIGNATURE)
