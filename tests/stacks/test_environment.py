"""The variables that a run's steps get wherever they run."""

import pytest

from cli.config.arguments import parse_arguments
from cli.config.compose import compose
from cli.config.load import load_run
from stacks.environment import referenced


@pytest.mark.parametrize(
    "name",
    [
        "AWS_ACCESS_KEY_ID",
        "AWS_ENDPOINT_URL_S3",
        "AWS_EC2_METADATA_DISABLED",
        "AWS_S3_US_EAST_1_REGIONAL_ENDPOINT",
        "PGSSLMODE",
        "https_proxy",
        "HTTP2_CA_BUNDLE",
        "SSL_CERT_FILE",
    ],
)
def test_variables_by_which_libraries_find_a_cloud_reach_steps(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(compose(parse_arguments(["+experiment=breast_cancer"])))
    monkeypatch.setenv(name, "x")
    assert {name: "x"}.items() <= referenced(run).items()


def test_other_variables_stay_where_the_command_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    run = load_run(compose(parse_arguments(["+experiment=breast_cancer"])))
    for name in ("MY_AWS_REGION", "AWSOME-REGION", "SSL_CERT_FILES"):
        monkeypatch.setenv(name, "x")
        assert name not in referenced(run)
