"""Names to components: ours from a table, foreign ones by entry point, broken ones by name."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.catalog.components import components
from cli.main import main
from schemas.choice import Choice
from schemas.errors import ConfigurationError, Fault
from schemas.run import Run
from steps import registry

ENTRY_POINTS = """[drivetrain.components]
load.lake = acme_sources:Parquet
load.csv = acme_sources:Parquet
load.cracked = acme_broken:Source
train.broken = acme_broken:Trainer
train.vanished = acme_sources:Nothing
train.odd = acme_sources:NUMBER
load.plain = acme_sources:Plain
load.endless = acme_sources:Endless
load.moody = acme_sources:Moody
train.loud = acme_sources:Loud
train.picky = acme_sources:Picky
gate.fair = acme_sources:Fair
gate.strict = acme_sources:Strict
split.leaving = acme_leaving:Split
nonsense = acme_sources:Parquet

[drivetrain.contract]
1.0 = acme_sources
"""
SOURCES = """from pydantic import Field

from drivetrain import GateCheck, Source, Strict as Base, Trainer

NUMBER = 3


class Rows(Base):
    rows: int = 10


class Parquet(Source):
    Params = Rows
    label = "lake"
    endings = (".lake",)

    def read(self): ...

class Plain(Parquet):
    class Params:
        rows = 10

class Endless(Parquet):
    endings = None

def raised():
    raise OSError("no disk")

class Unmade(Base):
    rows: int = Field(default_factory=raised)

class Moody(Parquet):
    Params = Unmade

class Loud(Trainer):
    Params = Rows
    tasks = ("regression",)
    light = True

    @classmethod
    def columns(cls, params):
        raise OSError("no disk")

class Picky(Trainer):
    Params = Rows
    tasks = ("regression",)
    light = True

    @classmethod
    def faults(cls, params, task):
        raise OSError("no licence")

class Fair(GateCheck):
    Params = Rows

    def check(self, evidence): ...

class Strict(Fair): ...
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An installed distribution `acme 1.2`, one module of which does not import."""
    site = tmp_path / "site"
    info = site / "acme-1.2.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.2\n")
    (info / "entry_points.txt").write_text(ENTRY_POINTS)
    (site / "acme_sources.py").write_text(SOURCES)
    (site / "acme_broken.py").write_text("raise RuntimeError('no licence')\n")
    (site / "acme_leaving.py").write_text("print('good bye')\nraise SystemExit(0)\n")
    monkeypatch.syspath_prepend(str(site))
    registry.clear_cache()
    yield
    registry.clear_cache()
    for module in ("acme_sources", "acme_broken", "acme_leaving"):
        sys.modules.pop(module, None)


@pytest.mark.parametrize("kind", registry.KINDS)
def test_every_component_of_ours_is_where_the_table_says(kind: str) -> None:
    for name in registry.names(kind):
        component = registry.lookup(kind, name)
        assert component.__module__ == registry.module_of(kind, name)
        assert registry.origin(kind, name) == "drivetrain"
        assert hasattr(component, "Params")


def test_an_unknown_name_is_answered_with_the_nearest_one() -> None:
    with pytest.raises(ConfigurationError, match="Did you mean 'random_forest'"):
        registry.lookup("train", "random_forrest")


def test_a_foreign_component_is_found_by_name(plugin: None) -> None:
    assert registry.lookup("load", "lake").__name__ == "Parquet"
    assert registry.origin("load", "lake") == "acme 1.2"
    assert registry.module_of("load", "lake") == "acme_sources"
    assert "lake" in registry.names("load")


def test_a_name_that_two_packages_claim_is_refused_with_both(
    plugin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other" / "globex-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: globex\nVersion: 2.0\n")
    (info / "entry_points.txt").write_text("[drivetrain.components]\nload.lake = acme_sources:Parquet\n")
    monkeypatch.syspath_prepend(str(info.parent))
    registry.clear_cache()
    with pytest.raises(ConfigurationError, match="the data source 'lake' is claimed by") as caught:
        registry.lookup("load", "lake")
    assert "acme 1.2" in str(caught.value) and "globex 2.0" in str(caught.value)
    assert registry.lookup("gate", "fair").__name__ == "Fair"
    assert any("'lake' is claimed" in fault.message for fault in registry.broken())


@pytest.mark.parametrize("content", ["[drivetrain.components]\nload.lake\n", "\udcff\udcfe"])
def test_a_package_whose_entry_points_cannot_be_read_is_named_and_takes_no_other_down(
    content: str, plugin: None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = tmp_path / "other" / "torn-2.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: torn\nVersion: 2.0\n")
    (info / "entry_points.txt").write_bytes(content.encode(errors="surrogateescape"))
    monkeypatch.syspath_prepend(str(info.parent))
    registry.clear_cache()
    assert registry.lookup("load", "lake").__name__ == "Parquet" and registry.lookup("load", "csv")
    assert [fault for fault in registry.broken() if "entry points of torn 2.0 cannot be read" in fault.message]


def test_only_what_is_named_is_imported(plugin: None) -> None:
    registry.names("train")
    assert "acme_broken" not in sys.modules
    assert "acme_sources" not in sys.modules


def test_our_own_name_cannot_be_taken(plugin: None) -> None:
    assert registry.module_of("load", "csv") == "ml.sources.csv"


@pytest.mark.parametrize(
    ("name", "why"),
    [("broken", "no licence"), ("vanished", "Nothing"), ("odd", "is not a subclass of drivetrain.Trainer")],
)
def test_a_broken_plugin_is_reported_by_name(name: str, why: str, plugin: None) -> None:
    with pytest.raises(ConfigurationError, match=why) as caught:
        registry.lookup("train", name)
    assert "acme 1.2" in str(caught.value)


def test_a_broken_plugin_takes_nothing_else_down(
    plugin: None, empty: Path, load: Callable[..., Run], faults: Callable[..., dict[str, Fault]],
    capsys: pytest.CaptureFixture[str],
) -> None:  # fmt: skip
    assert load("+experiment=diabetes").trainer.name == "ridge"
    assert "no licence" in faults("+experiment=diabetes", "trainer.name=broken")["trainer.name"].message
    batch = ("+experiment=houses", "pipeline=batch_inference", "batch.output.path=predictions.csv")
    assert "no licence" in faults(*batch, "batch.input.name=cracked")["batch.input.name"].message
    assert len(registry.broken()) == 9
    capsys.readouterr()
    assert main(["action=components"]) == 0
    shown = capsys.readouterr().out
    assert "broken: trainer.name: plug-in 'broken' of acme 1.2 does not import: RuntimeError: no licence" in shown
    assert "'leaving' of acme 1.2 does not import: SystemExit: 0" in shown and "good bye" not in shown
    assert "'plain' of acme 1.2: acme_sources:Plain has no Params that is a pydantic model" in shown
    assert "'endless' of acme 1.2: acme_sources:Endless has endings = None, which is no tuple of texts" in shown
    assert "broken: data.name: plug-in 'moody' of acme 1.2 cannot be described: OSError: no disk" in shown
    assert "data\tlake\tacme 1.2\trows\twhole number\t10\t" in shown and "data\tmoody" not in shown


def test_a_foreign_gate_check_stands_by_name_under_gate(
    plugin: None, load: Callable[..., Run], faults: Callable[..., dict[str, Fault]]
) -> None:
    run = load("+experiment=diabetes", "gate.fair.rows=3", "gate.strict=true")
    assert run.gate.checks == [Choice(name="fair", params={"rows": 3}), Choice(name="strict")]
    assert load("+experiment=diabetes", "gate.fair=false").gate.checks == []
    assert "rows" in faults("+experiment=diabetes", "gate.fair.row=3")["gate.fair.row"].hint
    assert "neither true" in faults("+experiment=diabetes", "gate.fair=3")["gate.fair"].message


def test_parameters_that_raise_are_a_fault_of_their_package(
    plugin: None, faults: Callable[..., dict[str, Fault]]
) -> None:
    found = faults("+experiment=diabetes", "data.name=moody", "~data.dataset")
    assert found["data"].message == "plug-in 'moody' of acme 1.2 cannot check its parameters: OSError: no disk"


@pytest.mark.parametrize(("block", "other"), [("trainer", "baseline"), ("baseline", "trainer")])
def test_a_plugin_that_raises_hides_no_other_fault(
    block: str, other: str, plugin: None, faults: Callable[..., dict[str, Fault]]
) -> None:
    words = (f"{block}.name=loud", f"{other}.name=picky")
    cases: dict[str, set[str]] = {"seed=1": set(), "seed=abc": {"seed"}, "metric=rocauc": {"metric"}}
    for word, also in cases.items():
        found = faults("+experiment=diabetes", *words, word)
        assert found.keys() == {"trainer", "baseline"} | also
        assert found[block].message == "plug-in 'loud' of acme 1.2 cannot name its columns: OSError: no disk"
        assert found[other].message == "plug-in 'picky' of acme 1.2 cannot check its parameters: OSError: no licence"


def test_a_foreign_sources_parameters_are_checked(plugin: None, faults: Callable[..., dict[str, Fault]]) -> None:
    found = faults("+experiment=diabetes", "data.name=lake", "data.rows=many", "~data.dataset")
    assert found["data.rows"].message == "'many' is not a whole number"


def test_the_catalog_has_every_component() -> None:
    found = {(one.kind, one.name): one for one in components()}
    assert found.keys() >= {("trainer", "ridge"), ("data", "csv"), ("gate", "max_size")}
    alpha = next(one for one in found["trainer", "ridge"].parameters if one.name == "alpha")
    assert alpha.default == 1.0 and not alpha.required
