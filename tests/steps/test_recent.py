"""What a process keeps of what it has loaded."""

from steps.materializers.recent import Recent


def test_an_artifact_is_loaded_once_and_the_oldest_gives_way() -> None:
    loaded: list[str] = []

    def load(uri: str) -> str:
        loaded.append(uri)
        return uri * 10

    recent: Recent[str] = Recent(25, len)
    assert [recent.get(uri, lambda uri=uri: load(uri)) for uri in ("a", "b", "a", "c", "a", "b")][-1] == "b" * 10  # type: ignore[misc]
    assert loaded == ["a", "b", "c", "b"], "a was used last when c came, so b gave way"


def test_what_is_larger_than_the_bound_is_given_and_not_kept() -> None:
    loaded: list[str] = []

    def load() -> str:
        loaded.append("a")
        return "x" * 10

    recent: Recent[str] = Recent(5, len)
    assert [recent.get("a", load) for _ in range(2)] == ["x" * 10] * 2
    assert loaded == ["a", "a"]
