"""For which version of the contract a package was made."""

from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from schemas.contract import contract_mismatch, version_text


def package(folder: Path, *versions: str) -> PathDistribution:
    lines = "".join(f"{version} = acme\n" for version in versions)
    (folder / "entry_points.txt").write_text(f"[drivetrain.contract]\n{lines}", encoding="utf-8")
    return PathDistribution(folder)


def test_a_package_made_for_this_version_is_used(tmp_path: Path) -> None:
    assert contract_mismatch(package(tmp_path, version_text())) is None


@pytest.mark.parametrize(
    ("version", "what", "hint"),
    [
        ("1.7", "and this program has 1.1", "install a newer Drivetrain"),
        ("2.0", "and this program has 1.1", "install a newer Drivetrain"),
        ("0.9", "and this program has 1.1", "update the package"),
        ("1", "which is no version such as 1.0", None),
        ("1.²", "which is no version such as 1.0", None),
        ("1.0.0", "which is no version such as 1.0", None),
        ("9" * 5000 + ".0", "which is no version such as 1.0", None),
    ],
)
def test_a_package_made_for_another_is_not(tmp_path: Path, version: str, what: str, hint: str | None) -> None:
    fault = contract_mismatch(package(tmp_path, version))
    assert fault is not None and what in fault.message
    assert hint is None or hint in (fault.hint or "")


def test_a_package_that_says_nothing_or_several_is_not(tmp_path: Path) -> None:
    silent, several = contract_mismatch(None), contract_mismatch(package(tmp_path, "1.0", "1.1"))
    assert silent is not None and "does not say" in silent.message
    assert several is not None and "several" in several.message
