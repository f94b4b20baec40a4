"""A service that other machines reach has keys, or somebody has said that it needs none; nothing is started else."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from schemas.deploy_spec import DeploySpec
from schemas.errors import ConfigurationError, DeploymentError
from serving.keys import client, store
from serving.process import address, code_closure, exposure, foreground, launch, port, records, services


def told(home: Path, **spec: object) -> list[str]:
    return [str(fault) for fault in exposure.faults(home, "house", DeploySpec.model_validate(spec))]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.1.2.3", "::1"])
def test_this_machine_alone_needs_no_key(tmp_path: Path, host: str) -> None:
    assert told(tmp_path, host=host) == []


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.0.0.7", "192.168.1.5", "fe80::1", "::ffff:10.0.0.7"])
def test_any_other_address_needs_a_key_that_is_good_or_a_word(
    tmp_path: Path, host: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(address, "is_ours", lambda _host: True)
    (fault,) = told(tmp_path, host=host)
    assert fault.startswith(f"deploy.host: other machines reach {DeploySpec(host=host).host}, and house has no keys")
    assert "python -m serving key add house" in fault and "deploy.open=true" in fault
    assert told(tmp_path, host=host, open=True) == []
    path = records.keys_path(tmp_path, "house")
    store.add(path, "old", datetime(2020, 1, 1, tzinfo=UTC))
    store.add(path, "lost", None)
    assert told(tmp_path, host=host) == []
    store.revoke(path, "lost")
    assert "and all 2 keys of house are revoked or expired" in told(tmp_path, host=host)[0]
    path.write_text("")
    assert "cannot be read" in told(tmp_path, host=host)[0]


def test_an_address_of_no_interface_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, host="203.0.113.1", open=True) == [
        "deploy.host: 203.0.113.1 is no address of this machine\n"
        "    0.0.0.0 is every one that it has, 127.0.0.1 this machine alone"
    ]
    assert len(told(tmp_path, host="203.0.113.1")) == 2


def test_nothing_is_started_and_every_fault_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code_closure, "code_hash", lambda _home: "x")
    monkeypatch.setattr(port, "is_free", lambda _port, _host: False)
    spec = DeploySpec(host="0.0.0.0", port=8000)
    with pytest.raises(ConfigurationError) as caught:
        services.running(tmp_path, "house", spec, None, "sqlite://")
    assert [fault.path for fault in caught.value.faults] == ["deploy.port", "deploy.host"]
    assert caught.value.exit_code == 2 and records.names(tmp_path) == []


def test_a_url_is_one_by_which_this_machine_reaches_it() -> None:
    assert address.url("0.0.0.0", 80) == "http://127.0.0.1:80" and address.url("::", 80) == "http://[::1]:80"
    assert address.url("10.0.0.7", 80) == "http://10.0.0.7:80" and address.url("::1", 80) == "http://[::1]:80"


def test_a_service_is_not_handed_the_key_that_we_show(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert client.headers() == {}
    monkeypatch.setenv(client.VARIABLE, "drivetrain_x")
    assert client.headers() == {"Authorization": "Bearer drivetrain_x"}
    assert "drivetrain_x" not in launch.environment(tmp_path / "house.settings.json", 10.0).values()


def test_a_foreground_that_other_machines_reach_needs_keys_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(foreground, "source", lambda _tag: tmp_path)
    with pytest.raises(DeploymentError, match="no deployment 'house'"):
        foreground.run(tmp_path, "house")
    records.write(tmp_path, deployment(tmp_path))
    with pytest.raises(ConfigurationError, match="house has no keys"):
        foreground.run(tmp_path, "house")


def deployment(home: Path) -> records.Deployment:
    return records.Deployment(
        name="house",
        port=1,
        url="http://127.0.0.1:1",
        code_hash="",
        bento="",
        log=home / "log",
        journal_url="sqlite://",
        spec=DeploySpec(host="0.0.0.0"),
    )
