"""A process asks for as many open files as its connections need, and says when it does not get them."""

import logging
import resource

import pytest

from serving.http.file_limit import raise_file_limit

Limits = tuple[int, int]


def raised(monkeypatch: pytest.MonkeyPatch, limits: Limits, connections: int) -> Limits:
    now = [limits]
    monkeypatch.setattr(resource, "getrlimit", lambda _: now[-1])
    monkeypatch.setattr(resource, "setrlimit", lambda _, wanted: now.append(wanted))
    raise_file_limit(connections)
    return now[-1]


@pytest.mark.parametrize(
    ("limits", "raised_to"),
    [
        ((1_024, 4_096), (1_500, 4_096)),
        ((1_024, resource.RLIM_INFINITY), (1_500, resource.RLIM_INFINITY)),
        ((2_000, 4_096), (2_000, 4_096)),
        ((resource.RLIM_INFINITY,) * 2, (resource.RLIM_INFINITY,) * 2),
    ],
)
def test_the_limit_is_raised_where_it_is_too_low(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, limits: Limits, raised_to: Limits
) -> None:
    assert raised(monkeypatch, limits, 1_000) == raised_to and not caplog.records


def test_what_the_machine_does_not_allow_is_in_the_log(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "bentoml.drivetrain"):
        assert raised(monkeypatch, (256, 1_024), 1_000) == (1_024, 1_024)
    assert "1024 open files" in caplog.text and "deploy.max_connections=1000" in caplog.text
