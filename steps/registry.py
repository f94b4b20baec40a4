"""Component names and where they live: ours in a static table, foreign ones by entry point; one lookup serves both.

A foreign package names its components in the entry-point group `drivetrain.components`: `kind.name = module:attribute`,
for example `load.lake = our_company.sources:Lake`. Only what is named is imported.
"""

from contextlib import AbstractContextManager, nullcontext
from importlib import import_module
from importlib.metadata import EntryPoint
from typing import Any

from pydantic import BaseModel

from schemas.contract import contract_mismatch
from schemas.errors import ConfigurationError, Fault, did_you_mean
from steps import installed

GROUP = "drivetrain.components"
OWN = "drivetrain"
_OURS = {
    "load": {
        "sklearn_dataset": "ml.sources.sklearn_dataset:SklearnDataset",
        "csv": "ml.sources.csv:CsvSource",
        "parquet": "ml.sources.parquet:ParquetSource",
        "sql": "ml.sources.sql:SqlSource",
        "package_dataset": "ml.sources.package_dataset:PackageDataset",
    },
    "split": {
        "random": "ml.split.random:RandomSplit",
        "stratified": "ml.split.stratified:StratifiedSplit",
        "time": "ml.split.time:TimeSplit",
        "group": "ml.split.group:GroupSplit",
        "origins": "ml.split.origins:OriginsSplit",
    },
    "train": {
        "sklearn": "ml.trainers.sklearn.any_estimator:Sklearn",
        "logistic_regression": "ml.trainers.sklearn.presets:LogisticRegression",
        "ridge": "ml.trainers.sklearn.presets:Ridge",
        "random_forest": "ml.trainers.sklearn.presets:RandomForest",
        "gradient_boosting": "ml.trainers.sklearn.presets:GradientBoosting",
        "keras_mlp": "ml.trainers.keras.mlp:KerasMlp",
        "keras_forecast": "ml.trainers.keras.forecast:KerasForecast",
        "keras_text": "ml.trainers.keras.text:KerasText",
        "rules": "ml.trainers.rules:Rules",
        "majority": "ml.trainers.constant:Majority",
        "mean": "ml.trainers.constant:Mean",
        "persistence": "ml.trainers.forecast.baselines:Persistence",
        "seasonal_naive": "ml.trainers.forecast.baselines:SeasonalNaive",
        "climatology": "ml.trainers.forecast.baselines:Climatology",
    },
    "write": {
        "csv": "ml.sinks.csv:CsvSink",
        "parquet": "ml.sinks.parquet:ParquetSink",
        "sql": "ml.sinks.sql:SqlSink",
    },
    "gate": {
        "min": "ml.gate.thresholds:Minimum",
        "max": "ml.gate.thresholds:Maximum",
        "beat_baseline": "ml.gate.beat_baseline:BeatBaseline",
        "no_worse_than_production": "ml.gate.no_worse_than_production:NoWorseThanProduction",
        "max_size": "ml.gate.max_size:MaxSize",
    },
}
KINDS = tuple(_OURS)
_BASES = {
    "load": "ml.components.source:Source",
    "split": "ml.components.splitter:Splitter",
    "train": "ml.components.trainer:Trainer",
    "write": "ml.components.sink:Sink",
    "gate": "ml.components.gate_check:GateCheck",
}
_TEXTS = ("endings", "keys", "file_keys", "tasks")
"""What a component of any kind declares as texts, as far as its kind has it; it is read without making one."""
NOUNS = {"load": "data source", "split": "split", "train": "trainer", "write": "data sink", "gate": "gate check"}
# What an experiment calls the component kind.
PATHS = {
    "load": "data.name",
    "split": "split.name",
    "train": "trainer.name",
    "write": "batch.output.name",
    "gate": "gate",
}


def lookup(kind: str, name: str) -> type[Any]:
    """Return the component class registered as `name` for `kind`.

    Raises:
        ConfigurationError: If there is none, or a plug-in's was made for another version of the contract, does not
            import, or is not a component of the kind, or two plug-ins claim the name.
    """
    where = _where(kind, name)
    module, _, attribute = where.partition(":")
    if name in _OURS[kind]:
        own: type[Any] = _attribute(import_module(module), attribute)
        return own
    claims = _foreign()[kind][name]
    if len(claims) > 1:
        what = f"the {NOUNS[kind]} {name!r} is claimed by {installed.origins(claims)}"
        raise ConfigurationError([Fault(PATHS[kind], what, "uninstall one of them, or have one renamed")])
    whose = _whose(kind, name)
    mismatch = contract_mismatch(claims[0].dist)
    if mismatch:
        raise ConfigurationError([Fault(PATHS[kind], f"{whose} {mismatch.message}", mismatch.hint)])
    with blaming(kind, name, "does not import"):
        component = _attribute(import_module(module), attribute)
    wrong = _wrong_class(kind, component)
    if wrong:
        raise ConfigurationError([Fault(PATHS[kind], f"{whose}: {where} {wrong}")])
    found: type[Any] = component
    return found


def blaming(kind: str, name: str, what: str, path: str | None = None) -> AbstractContextManager[None]:
    """Tell whatever a plug-in's code raises as a fault that names its package; what ours raises is raised as it is.

    Args:
        kind: Where the component works.
        name: What it is registered as.
        what: What was asked of it, as a verb: `does not import`.
        path: The key path that chose it, if it is not the kind's own.
    """
    if name in _OURS[kind]:
        return nullcontext()
    return installed.blamed(PATHS[kind] if path is None else path, f"{_whose(kind, name)} {what}")


def names(kind: str) -> list[str]:
    """Return all names registered for `kind`, sorted, without importing any."""
    return sorted({*_OURS[kind], *_foreign().get(kind, {})})


def origin(kind: str, name: str) -> str:
    """Return `drivetrain` for our own components, else `distribution version`."""
    claims = _foreign().get(kind, {}).get(name, ())
    return OWN if name in _OURS[kind] or not claims else installed.origins(claims)


def module_of(kind: str, name: str) -> str:
    """Return the dotted module that holds the component; caching keys a step by its source."""
    return _where(kind, name).partition(":")[0]


def broken() -> list[Fault]:
    """Import every foreign component and return a fault for each that does not work; ours are not imported."""
    faults = [*installed.unreadable(), *_misnamed()]
    for kind, entries in _foreign().items():
        for name in entries:
            try:
                lookup(kind, name)
            except ConfigurationError as error:
                faults += error.faults
    return faults


def clear_cache() -> None:
    """Forget the entry points read so far, for a process in which packages come and go."""
    installed.clear_cache()


def _whose(kind: str, name: str) -> str:
    return f"plug-in {name!r} of {origin(kind, name)}"


def _wrong_class(kind: str, component: Any) -> str:
    """Return what keeps a stranger's attribute from being asked as a component of the kind is; nothing where it can."""
    base = _base(kind)
    if not (isinstance(component, type) and issubclass(component, base)):
        return f"is not a subclass of drivetrain.{base.__name__}"
    params = getattr(component, "Params", None)
    if not (isinstance(params, type) and issubclass(params, BaseModel)):
        return "has no Params that is a pydantic model"
    for name in _TEXTS:
        texts = getattr(component, name, ())
        if not (isinstance(texts, list | tuple) and all(isinstance(text, str) for text in texts)):
            return f"has {name} = {texts!r}, which is no tuple of texts"
    return ""


def _base(kind: str) -> type[Any]:
    module, _, name = _BASES[kind].partition(":")
    base: type[Any] = getattr(import_module(module), name)
    return base


def _where(kind: str, name: str) -> str:
    if name in _OURS[kind]:
        return _OURS[kind][name]
    claims = _foreign().get(kind, {}).get(name, ())
    if claims:
        return claims[0].value.partition("[")[0].strip()
    known = names(kind)
    message = f"{name!r} is not a registered {NOUNS[kind]}.{did_you_mean(name, known)}"
    raise ConfigurationError([Fault(PATHS[kind], message, f"registered: {', '.join(known)}")])


def _attribute(module: Any, path: str) -> Any:
    found = module
    for part in path.split("."):
        found = getattr(found, part)
    return found


def _foreign() -> dict[str, dict[str, tuple[EntryPoint, ...]]]:
    """Return what plug-ins claim, by kind and name; names of ours are left out."""
    found: dict[str, dict[str, tuple[EntryPoint, ...]]] = {}
    for entry in installed.entries(GROUP):
        kind, _, name = entry.name.partition(".")
        if kind in _OURS and name and name not in _OURS[kind]:
            claims = found.setdefault(kind, {})
            claims[name] = (*claims.get(name, ()), entry)
    return found


def _misnamed() -> list[Fault]:
    faults = []
    for entry in installed.entries(GROUP):
        kind, _, name = entry.name.partition(".")
        owner = entry.dist.name if entry.dist is not None else "a plug-in"
        if kind not in _OURS or not name:
            faults.append(
                Fault("", f"{owner} registers {entry.name!r}, which is not kind.name", f"kinds: {', '.join(KINDS)}")
            )
        elif name in _OURS[kind]:
            faults.append(Fault("", f"{owner} registers {entry.name!r}, which is one of our own names; ours is used"))
    return faults
