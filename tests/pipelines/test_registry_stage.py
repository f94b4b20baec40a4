"""Where ZenML's registry cannot follow what is in production, it is said."""

from typing import Any

from pipelines.execution.registry_stage import mirror_or_note


class Registry:
    """A client whose registry knows version 1 alone."""

    def get_model_version(self, _model: str, version: str) -> Any:
        if version != "1":
            raise KeyError(version)
        return type("Version", (), {"stage": "production", "id": version})


class Notes(list[str]):
    """An observer that keeps its notes."""

    def note(self, text: str) -> None:
        self.append(text)


def test_a_version_that_the_registry_does_not_know_is_named() -> None:
    notes: Any = Notes()
    for version in ("1", "2"):
        mirror_or_note(Registry(), "m", version, notes)  # type: ignore[arg-type]
    assert notes == ["version 2 of 'm' is in production, but this ZenML store does not know it"]
