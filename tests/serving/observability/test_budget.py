"""The budget of latency is for those who watch: a service is not started again for it."""

from schemas.deploy_spec import DeploySpec
from serving.process import records, services
from tests.serving.conftest import NAME, Live
from tests.serving.processes import supervisor


def test_another_budget_is_remembered_and_the_service_goes_on(live: Live) -> None:
    before = supervisor(live.home)
    try:
        asked = DeploySpec(latency_budget=0.02)
        found = services.running(live.home, NAME, asked, None, live.journal_url)
        assert found.spec == asked and records.find(live.home, NAME).spec.latency_budget == 0.02
        assert supervisor(live.home) == before
    finally:
        records.write(live.home, records.find(live.home, NAME).model_copy(update={"spec": DeploySpec()}))
