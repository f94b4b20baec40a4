"""The components of all kinds, and the flavors that we and installed packages bring to ZenML."""

from collections.abc import Iterator
from typing import Any

from cli.catalog.parameters import parameters_of, plain, summary
from ml.components.trainer import Trainer
from schemas.catalog import Component, Parameter
from schemas.errors import ConfigurationError
from schemas.run import GateSpec
from stacks import plugins
from steps import registry

_BLOCKS = {"load": "data", "train": "trainer"}


def components() -> Iterator[Component]:
    """Yield every component that can be imported; our gate checks as an experiment writes them."""
    for kind in registry.KINDS:
        for name in registry.names(kind):
            if kind == "gate" and registry.origin(kind, name) == registry.OWN:
                continue
            try:
                component = registry.lookup(kind, name)
            except ConfigurationError:
                continue  # `registry.broken` reports it
            yield Component(
                kind=_BLOCKS.get(kind, kind),
                name=name,
                origin=registry.origin(kind, name),
                description=summary(component),
                parameters=[*parameters_of(component.Params), *_of_estimators(component)],
            )
    yield from _gate()


def flavors() -> Iterator[Component]:
    """Yield every flavor of ours and of installed packages that can be imported; ZenML's own are listed by ZenML."""
    for name in sorted(plugins.flavor_sources()):
        try:
            flavor = plugins.load_flavor(name)
        except ConfigurationError:
            continue  # `broken_flavors` reports it
        yield Component(
            kind=flavor.type.value,
            name=name,
            origin=plugins.origin(name),
            description=summary(type(flavor)),
            parameters=list(parameters_of(flavor.config_class)),
        )


def _gate() -> Iterator[Component]:
    """Yield the gate's own keys."""
    for parameter in parameters_of(GateSpec):
        if parameter.name != "checks":
            yield Component(
                kind="gate",
                name=parameter.name,
                origin=registry.OWN,
                description=parameter.description,
                parameters=[parameter],
            )


def _of_estimators(component: type[Any]) -> Iterator[Parameter]:
    """Yield what the presets take: the parameters of the scikit-learn classes behind them."""
    if not issubclass(component, Trainer):
        return
    from ml.trainers.sklearn.catalog import parameters

    for estimator in component.estimators("auto"):
        for name, default in parameters(estimator).items():
            of = f"of {estimator.__name__}"
            what = f"as scikit-learn's {estimator.__name__} documents it"
            yield Parameter(name=name, type=of, required=False, default=plain(default), description=what)
