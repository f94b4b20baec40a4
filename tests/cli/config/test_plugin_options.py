"""YAML that installed packages add to conf/: chosen as ours is, checked as any file, and harming nothing."""

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli.catalog.options import broken_options, options
from cli.config.arguments import parse_arguments
from cli.config.bounded_yaml import LARGEST
from cli.config.compose import compose
from cli.config.repository import CONF, Repository
from schemas.errors import Fault
from schemas.home import ROOT
from schemas.run import Run
from steps import installed

Faults = Callable[..., dict[str, Fault]]
Load = Callable[..., Run]
Install = Callable[..., Path]
OURS = "+experiment=breast_cancer"
EXPERIMENT = "# @package _global_\n# Of a package.\ndefaults:\n  - override /data: sklearn_dataset\nname: {}\n"
EXPERIMENT += "data: {{dataset: iris, target: target}}\n"


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Install]:
    """Give a function that installs a package of YAML, made for a version of the contract, which does not import."""
    known: list[str] = []

    def write(name: str, files: dict[str, str], contract: str = "1.0", value: str = "") -> Path:
        site, module = tmp_path / f"site-{name}", name.replace("-", "_")
        info, conf = site / f"{module}-1.0.dist-info", site / module / "conf"
        info.mkdir(parents=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        points = (
            f"[drivetrain.contract]\n{contract} = {module}\n[drivetrain.conf]\n{name} = {value or f'{module}.conf'}\n"
        )
        (info / "entry_points.txt").write_text(points)
        for file, text in {"../__init__.py": "raise RuntimeError('imported')\n", **files}.items():
            path = conf / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        monkeypatch.syspath_prepend(str(site))
        installed.clear_cache()
        known.append(module)
        return conf

    yield write
    installed.clear_cache()
    assert not set(known) & sys.modules.keys()


def listed() -> set[tuple[str, str, str]]:
    found = options(Repository.prepared(None))
    return {(one.group, one.name, one.origin) for one in found if one.origin != "drivetrain"}


def broken() -> list[str]:
    return [str(fault) for fault in broken_options(Repository.prepared(None))]


def test_options_of_a_package_are_chosen_and_listed_as_ours_are(install: Install, load: Load) -> None:
    files = {"experiment/irises.yaml": EXPERIMENT.format("irises"), "trainer/slow.yaml": "# Slow.\nname: ridge\n"}
    install("acme", files)
    assert load("+experiment=irises").name == "irises"
    assert load("+experiment=diabetes", "trainer=slow").trainer.name == "ridge"
    assert listed() == {("experiment", "irises", "acme 1.0"), ("trainer", "slow", "acme 1.0")}
    assert broken() == []


def test_an_experiment_of_a_package_finds_the_data_beside_it(install: Install, load: Load) -> None:
    text = "# @package _global_\ndefaults:\n  - override /data: csv\nname: near\ndata: {path: near.csv, target: b}\n"
    conf = install("acme", {"experiment/near.yaml": text, "experiment/near.csv": "a,b\n1,2\n"})
    assert load("+experiment=near").data.source.params["path"] == str(conf / "experiment" / "near.csv")


def test_two_packages_that_claim_one_name_are_both_named_and_harm_nothing_else(
    install: Install, load: Load, faults: Faults
) -> None:
    local, draw = ((CONF / file).read_text() for file in ("stack/local.yaml", "split/random.yaml"))
    for name in ("acme", "globex"):
        install(name, {"stack/lab.yaml": local, f"split/{name}.yaml": draw})
    fault = faults(OURS, "stack=lab")["stack"]
    assert "there are two of the name 'lab'" in fault.message
    assert "(acme 1.0)" in fault.message and "(globex 1.0)" in fault.message
    assert load(OURS, "split=acme").split == load(OURS, "split=globex").split
    assert [one for one in broken() if "lab.yaml has one of" in one] != []


@pytest.mark.parametrize("place", ["ours", "--config-dir"])
def test_an_experiment_whose_name_is_taken_is_refused_with_both_files(
    place: str, install: Install, faults: Faults, outside: Callable[..., Path]
) -> None:
    name = "houses" if place == "ours" else "mine"
    install("acme", {f"experiment/{name}.yaml": EXPERIMENT.format(name)})
    words = [f"--config-dir={outside(experiment__mine=EXPERIMENT.format('mine'))}"] if place != "ours" else []
    message = faults(*words, f"+experiment={name}")["experiment"].message
    assert f"({place})" in message and "(acme 1.0)" in message


def test_a_name_of_ours_cannot_be_taken(install: Install, load: Load) -> None:
    install("acme", {"gate/default.yaml": "beat_baseline: false\n", "config.yaml": "seed: 7\nstack: {name: theirs}\n"})
    run = load(OURS)
    assert (run.gate.beat_baseline, run.seed, run.stack.name) == (True, 0, "local")
    found = "\n".join(broken())
    assert "default.yaml has one of our own names; ours is used" in found
    assert "acme 1.0 brings a config.yaml, which is not used" in found


@pytest.mark.parametrize(
    ("file", "text", "what"),
    [
        ("split/odd.yaml", "# @package hydra.job\nname: x\n", "hydra: cannot be set by"),
        ("split/odd.yaml", "defaults:\n  - override /hydra/launcher: x\nname: random\n", "hydra: cannot be set by"),
        ("split/odd.yaml", "name: random\n_target_: os.system\n", "no configuration may name code"),
        ("split/odd.yaml", "name: ${oc.env:HOME}\n", "asks for oc.env"),
        ("split/odd.yaml", "name: [random\n", "odd.yaml, line 2"),
        ("split/odd.yaml", f"name: random\nx: {'a' * LARGEST}\n", "bytes; at most"),
        ("split/odd.yaml", "x: " + "[" * 60 + "]" * 60 + "\n", "is nested more than"),
    ],
)
def test_what_no_file_may_declare_a_packages_may_not_either_and_others_are_unharmed(
    file: str, text: str, what: str, install: Install, load: Load, capsys: pytest.CaptureFixture[str]
) -> None:
    from cli.main import main

    install("acme", {file: text})
    assert main([OURS, "split=odd", "--cfg", "job"]) == 2
    assert what in capsys.readouterr().err
    assert load(OURS).name == "breast_cancer"
    assert any("acme 1.0" in one for one in broken())


def test_a_packages_own_folder_for_hydra_changes_nothing(install: Install, load: Load) -> None:
    logging = {f"hydra/{name}/none.yaml": "# @package _global_\nseed: 7\n" for name in ("job_logging", "hydra_logging")}
    install("acme", logging)
    assert load(OURS).seed == 0
    assert any("brings the folder hydra, which is no group" in one for one in broken())


def test_a_package_for_another_contract_is_named_once_something_of_it_is_chosen(
    install: Install, load: Load, faults: Faults
) -> None:
    install("acme", {"split/new.yaml": "name: random\n"}, contract="2.0")
    fault = faults(OURS, "split=new")["split"]
    made_for = "was made for version 2.0 of the contract, and this program has 1.1"
    assert fault.message == f"'new' is of acme 1.0, which {made_for}"
    assert "new" not in faults(OURS, "split=nwe")["split"].hint
    assert load(OURS).name == "breast_cancer" and listed() == set()
    (named,) = broken()
    assert named.startswith(f"acme 1.0 {made_for}") and "install a newer Drivetrain" in named


@pytest.mark.parametrize("value", ["acme.nowhere", "elsewhere.conf", "../conf", "acme/conf"])
def test_an_entry_that_names_no_folder_is_named(value: str, install: Install, load: Load) -> None:
    install("acme", {}, value=value)
    assert load(OURS).name == "breast_cancer"
    (fault,) = broken()
    assert f"entry 'acme' of acme 1.0 does not name a folder of an installed package: {value}" in fault


def test_composing_reads_nothing_of_what_is_not_chosen(install: Install) -> None:
    install("acme", {"split/heavy.yaml": "x: " + "[" * 10_000})
    assert compose(parse_arguments([OURS])).faults == []


def test_nothing_is_installed_here_that_adds_options() -> None:
    assert listed() == set() and broken() == []
    assert all(str(source.folder).startswith(str(ROOT)) for source in Repository.prepared(None).options_of)
