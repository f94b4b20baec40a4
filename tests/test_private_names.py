"""Each private name of a library that we lean on is there and is what we take it for.

A library may move such a name in any release. Then a case here fails and says where it is used. A use that has no case
fails too.
"""

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from ml.runtimes.skops import TRUSTED
from tests.private_uses import members_below_foreign_bases, private_uses

ROOT = Path(__file__).resolve().parent.parent
THIS = "tests/test_private_names.py"
# The name is ours, on an object whose class the file does not tell.
OURS = {("_status", "tests/cli/test_progress.py")}


@dataclass(frozen=True)
class PrivateName:
    """A name and what must hold for it; `name` may be that of an attribute that instances alone have."""

    module: str
    name: str
    used_in: tuple[str, ...]
    holds: Callable[[Any], bool]
    on_instances: bool = False

    @property
    def path(self) -> str:
        return f"{self.module}.{self.name}"

    def found(self) -> Any:
        """Return what has the name, or the class whose instances have it."""
        found: Any = import_module(self.module)
        *parents, last = self.name.split(".")
        for part in parents if self.on_instances else [*parents, last]:
            found = getattr(found, part)
        return found


def takes(function: Any, *names: str) -> bool:
    """Say whether a function's parameters begin with these names."""
    return tuple(inspect.signature(function).parameters)[: len(names)] == names


def is_described_service(found: Any) -> bool:
    import bentoml

    asked = takes(found.schema, "self") and isinstance(found.openapi_spec, property)
    return asked and "service_class" in inspect.signature(bentoml.service).parameters


def is_config_loader(found: Any) -> bool:
    from hydra._internal.config_search_path_impl import ConfigSearchPathImpl

    # Our subclass sets both itself, in place of the constructor.
    kept = {"config_search_path", "repository"} <= set(vars(found(ConfigSearchPathImpl())))
    return kept and takes(found.load_configuration, "self", "config_name", "overrides", "run_mode")


def is_config_repository(found: Any) -> bool:
    return (
        takes(found.__init__, "self", "config_search_path")
        and takes(found.load_config, "self", "config_path")
        and takes(found.config_exists, "self", "config_path")
        and takes(found.group_exists, "self", "config_path")
        and takes(found.get_group_options, "self", "group_name")
    )


def is_search_path(found: Any) -> bool:
    from hydra.core.config_search_path import ConfigSearchPath

    return issubclass(found, ConfigSearchPath) and takes(found.append, "self", "provider", "path")


def is_pattern_parser(found: Any) -> bool:
    parsed = found("^a{2,3}")
    (anchor, place), (repeat, (least, most, body)) = parsed
    names = (str(anchor), str(place), str(repeat), str(body[0][0]))
    return (
        names == ("AT", "AT_BEGINNING", "MAX_REPEAT", "LITERAL")
        and (least, most) == (2, 3)
        and isinstance(parsed.state.flags, int)
    )


def forgets(found: Any) -> bool:
    """Say whether a class method can be called without arguments and takes the next instance."""
    return inspect.ismethod(found) and all(one.default is None for one in inspect.signature(found).parameters.values())


def keeps_its_config(component: Any) -> bool:
    kept = object()
    instance = component.__new__(type("Bare", (component,), {}))
    instance._config = kept
    return component.config.fget(instance) is kept and "_config" in inspect.getsource(component.__init__)


def checks_the_path_before_pydantic(found: Any) -> bool:
    from zenml.artifact_stores import BaseArtifactStoreConfig

    # A validator of the same name in a subclass takes its place.
    known = BaseArtifactStoreConfig.__pydantic_decorators__.model_validators
    return callable(found) and "_ensure_artifact_store" in known


def keeps_metadata_in_bytes(view: Any) -> bool:
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    made = view(columns={}, dataset_timestamp=moment, creation_timestamp=moment, metadata={"of": "the constructor"})
    before = made._metadata
    made._metadata = {"of": "ours"}
    return bool(before == {"of": "the constructor"} and view.deserialize(made.serialize())._metadata["of"] == "ours")


def are_constraints_of_parameters(found: Any) -> bool:
    return isinstance(found, dict) and isinstance(found["C"], list)


HYDRA, SKLEARN = "hydra._internal", "sklearn.utils._param_validation"
REPOSITORY, CATALOG = "cli/config/repository.py", "ml/trainers/sklearn/catalog.py"
FLAVORS = (
    "stacks/flavors/bentoml_deployer.py",
    "stacks/flavors/whylogs_data_validator.py",
    "stacks/flavors/ray_orchestrator.py",
    "stacks/flavors/log_alerter.py",
    "stacks/flavors/webhook_alerter.py",
    "stacks/flavors/email_alerter.py",
)
CONNECTION = ("stacks/ray/connection.py",)
CLUSTERS = ("tests/stacks/test_ray_cluster_files.py",)
REMOTE = ("stacks/remote/orchestrator.py",)
WHYLOGS_FILES = ("ml/monitoring/whylogs_files/writing.py",)
ZENML, WHYLOGS = "tests/lifecycle/conftest.py", "whylogs.core.view.dataset_profile_view"

NAMES = [
    PrivateName(
        "bentoml._internal.configuration.containers",
        "BentoMLContainer",
        ("serving/process/alone.py",),
        lambda found: isinstance(found.config.get(), dict),
    ),
    PrivateName(
        "bentoml._internal.resource",
        "system_resources",
        ("serving/process/alone.py",),
        lambda found: found()["cpu"] > 0,
    ),
    PrivateName(
        "_bentoml_sdk",
        "Service",
        ("serving/http/bento_documents.py",),
        lambda found: is_described_service(found),
    ),
    PrivateName(f"{HYDRA}.config_loader_impl", "ConfigLoaderImpl", ("cli/config/compose.py",), is_config_loader),
    PrivateName(f"{HYDRA}.config_repository", "ConfigRepository", (REPOSITORY,), is_config_repository),
    PrivateName(f"{HYDRA}.config_search_path_impl", "ConfigSearchPathImpl", (REPOSITORY,), is_search_path),
    PrivateName("re._parser", "parse", ("schemas/patterns.py",), is_pattern_parser),
    PrivateName("zenml.client", "Client._reset_instance", (ZENML,), forgets),
    PrivateName("zenml.config.global_config", "GlobalConfiguration._reset_instance", (ZENML,), forgets),
    PrivateName(
        "zenml.orchestrators", "BaseOrchestrator._prepare_run", REMOTE, lambda one: takes(one, "self", "snapshot")
    ),
    PrivateName("zenml.orchestrators", "BaseOrchestrator._cleanup_run", REMOTE, lambda one: takes(one, "self")),
    PrivateName(
        "zenml.orchestrators.step_launcher",
        "StepLauncher._invocation_id",
        ("stacks/step_events.py",),
        lambda found: "self._invocation_id = " in inspect.getsource(found.__init__),
        on_instances=True,
    ),
    *(
        PrivateName("ray.autoscaler._private.util", name, CLUSTERS, lambda found: takes(found, "config"))
        for name in ("prepare_config", "validate_config")
    ),
    PrivateName("ray._raylet", "GcsClient", ("stacks/ray/ask.py",), callable),
    PrivateName("ray._raylet", "Config", CONNECTION, lambda found: callable(found.initialize)),
    PrivateName("ray._raylet", "AuthenticationTokenLoader", CONNECTION, lambda found: callable(found.reset_cache)),
    PrivateName("zenml.stack", "StackComponent._config", FLAVORS, keeps_its_config, on_instances=True),
    PrivateName(
        "zenml.artifact_stores",
        "BaseArtifactStoreConfig._ensure_artifact_store",
        ("stacks/flavors/s3_artifact_store.py",),
        checks_the_path_before_pydantic,
    ),
    PrivateName(WHYLOGS, "DatasetProfileView._metadata", WHYLOGS_FILES, keeps_metadata_in_bytes, True),
    PrivateName(SKLEARN, "InvalidParameterError", (CATALOG,), lambda found: issubclass(found, Exception)),
    PrivateName(
        SKLEARN,
        "validate_parameter_constraints",
        (CATALOG,),
        lambda found: takes(found, "parameter_constraints", "params", "caller_name"),
    ),
    PrivateName(
        "sklearn.linear_model",
        "LogisticRegression._parameter_constraints",
        (CATALOG,),
        are_constraints_of_parameters,
    ),
    *(
        PrivateName(name.rpartition(".")[0], name.rpartition(".")[2], ("ml/runtimes/skops.py",), inspect.isclass)
        for name in TRUSTED
        if "._" in name
    ),
    PrivateName(
        "fsspec",
        "AbstractFileSystem._open",
        ("tests/ml/sources/test_parquet.py",),
        lambda found: takes(found, "self", "path", "mode"),
    ),
    PrivateName(
        "fsspec.implementations.local",
        "LocalFileSystem._strip_protocol",
        ("tests/serving/releases/test_package_cache.py",),
        lambda found: takes(found, "path"),
    ),
    PrivateName(
        "omegaconf.base",
        "Container._resolve_node_interpolation",
        ("cli/config/expansion.py",),
        lambda found: takes(found, "self", "inter_key", "memo"),
    ),
    PrivateName("omegaconf.base", "Node._value", ("cli/config/expansion.py",), lambda found: takes(found, "self")),
    PrivateName(
        "uvicorn.protocols.http.httptools_impl",
        "HttpToolsProtocol._start_asgi_task",
        ("serving/http/turning_away.py",),
        lambda found: takes(found, "self", "cycle", "app"),
    ),
    PrivateName(
        "xdist.scheduler",
        "LoadScopeScheduling._split_scope",
        ("tests/conftest.py",),
        lambda found: takes(found, "self", "nodeid"),
    ),
]


@pytest.mark.parametrize("private", NAMES, ids=lambda private: private.path)
def test_a_private_name_is_there_and_is_what_we_take_it_for(private: PrivateName) -> None:
    assert private.holds(private.found()), f"{private.path} has changed; used in {', '.join(private.used_in)}"


@pytest.mark.untraced
def test_every_use_of_a_private_name_is_in_the_list_and_nothing_else_is() -> None:
    used = {use for use in private_uses(ROOT) | overridden() if use not in OURS and use[1] != THIS}
    listed = {(private.path, file) for private in NAMES for file in private.used_in}
    unlisted = {use for use in used if not any(is_of(use, name) for name in listed)}
    unused = {name for name in listed if not any(is_of(use, name) for use in used)}
    assert unlisted == set(), "give it a case in NAMES, or do without the private name"
    assert unused == set(), "nothing uses it any more"


def is_of(use: tuple[str, str], listed: tuple[str, str]) -> bool:
    """Say whether a use is of a listed name; of an attribute only its last part is known, or only the module is."""
    (name, file), (path, used_in) = use, listed
    return file == used_in and (f".{path}".endswith(f".{name}") or path.startswith(f"{name}."))


def overridden() -> set[tuple[str, str]]:
    """Return the private members of a library's class that a class of ours replaces."""
    found = set()
    for module, path, file in members_below_foreign_bases(ROOT):
        base, member = path.split(".")
        if hasattr(getattr(import_module(module), base), member):
            found.add((f"{module}.{path}", file))
    return found


SOURCES = {
    "from hydra._internal.utils import x": "hydra._internal.utils.x",
    "from zenml.client import _made_up": "zenml.client._made_up",
    "import re._constants": "re._constants",
    "import_module('re._casefix')": "re._casefix",
    "from whylogs import log\nlog()._columns": "_columns",
    "def f(view):\n    return view._metrics": "_metrics",
    "class A(B):\n    def f(self):\n        return self._of_the_library": "_of_the_library",
    "getattr(estimator, '_get_tags', None)": "_get_tags",
}


@pytest.mark.parametrize(("source", "name"), SOURCES.items(), ids=SOURCES.values())
def test_a_use_is_found(source: str, name: str, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(source)
    assert private_uses(tmp_path) == {(name, "run.py")}


@pytest.mark.parametrize(
    "source",
    [
        "from collections import namedtuple\nnamedtuple('A', 'b')(1)._asdict()",
        "class A:\n    def _mine(self):\n        return self._mine()",
        "class A:\n    def f(self):\n        self._mine = 1\n\n\nclass B(A):\n    def g(self):\n        self._mine",
        "from cli.config import batch\nbatch._name({})",
        "def f(_unused):\n    for _ in _unused:\n        pass\n    return f.__name__",
    ],
)
def test_a_private_name_of_ours_is_none_of_a_library(source: str, tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text(source)
    assert private_uses(tmp_path) == set()


def test_a_member_that_replaces_one_of_a_library_is_found(tmp_path: Path) -> None:
    (tmp_path / "run.py").write_text("from a import B\n\n\nclass C(B):\n    def _d(self):\n        pass\n")
    assert members_below_foreign_bases(tmp_path) == {("a", "B._d", "run.py")}
