"""A package that breaks the contract with plug-ins in every way that the conformance suite is to find.

Each component breaks one thing; `PLANTED` says which check finds it, and what it says.
"""

from pathlib import Path

from tests.conformance import planted_flavors, planted_judges, planted_options, planted_sources, planted_trainers
from tests.conformance.planted_head import Planted

NAME = "acme-faulty"
_ENDING = "import os\n\nos._exit(7)\n"
_ENTRY_POINTS = {
    "drivetrain.contract": {"1.0": "acme_faulty"},
    "drivetrain.components": {
        **planted_sources.COMPONENTS,
        **planted_trainers.COMPONENTS,
        **planted_judges.COMPONENTS,
    },
    "drivetrain.flavors": planted_flavors.ENTRIES,
    "drivetrain.conf": {"acme": "acme_faulty.conf", "gone": "acme_faulty.nowhere"},
    "drivetrain.examples": planted_sources.EXAMPLES,
}
_FILES = {
    "__init__.py": '"""Planted."""\n',
    "sources.py": planted_sources.SOURCES,
    "trainers.py": planted_trainers.TRAINERS,
    "judges.py": planted_judges.JUDGES,
    "nosy.py": planted_judges.NOSY,
    "flavors.py": planted_flavors.FLAVORS,
    "broken.py": 'print("an advertisement", end="", flush=True)\nraise RuntimeError("no licence")\n',
    "ending.py": _ENDING,
    "ending_example.py": _ENDING,
    "flavors_ending.py": _ENDING,
    **{f"conf/{name}": text for name, text in planted_options.CONF.items()},
}

PLANTED: Planted = [
    *planted_sources.PLANTED,
    *planted_trainers.PLANTED,
    *planted_judges.PLANTED,
    *planted_flavors.PLANTED,
    *planted_options.PLANTED,
    ("package", "documented", "no description in its pyproject.toml"),
]
"""Subject, check, and part of the message."""


def plant(site: Path) -> Path:
    """Write the package into a folder as if it were installed there."""
    package, info = site / "acme_faulty", site / "acme_faulty-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {NAME}\nVersion: 1.0\n", encoding="utf-8")
    sections = (
        f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in entries.items())
        for group, entries in _ENTRY_POINTS.items()
    )
    (info / "entry_points.txt").write_text("\n".join(sections), encoding="utf-8")
    for name, text in _FILES.items():
        path = package / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return site
