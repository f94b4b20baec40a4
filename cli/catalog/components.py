"""The components of all kinds, and the flavors that we and installed packages bring to ZenML."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from cli.catalog.parameters import parameters_of, plain, summary
from ml.components.trainer import Trainer
from schemas.catalog import Component, Parameter
from schemas.errors import ConfigurationError, Fault
from schemas.run import GateSpec
from stacks import plugins
from steps import registry

_BLOCKS = {"load": "data", "train": "trainer"}


def components() -> Iterator[Component]:
    """Yield every component that can be described; our gate checks as an experiment writes them."""
    for kind in registry.KINDS:
        for name in registry.names(kind):
            if kind == "gate" and registry.origin(kind, name) == registry.OWN:
                continue
            try:
                described = _component(kind, name)
            except ConfigurationError:
                continue  # `undescribed` reports it
            yield described
    yield from _gate()


def flavors() -> Iterator[Component]:
    """Yield every flavor of ours and of installed packages that can be described; ZenML's own are listed by ZenML."""
    for name in sorted(plugins.flavor_sources()):
        try:
            described = _flavor(name)
        except ConfigurationError:
            continue  # `undescribed` reports it
        yield described


def undescribed() -> Iterator[Fault]:
    """Yield a fault for each component and flavor of installed packages that cannot be looked up, or be described."""
    for kind in registry.KINDS:
        for name in registry.names(kind):
            if registry.origin(kind, name) != registry.OWN:
                yield from _faults(partial(_component, kind, name))
    for name in plugins.flavor_sources():
        if plugins.origin(name) != plugins.OWN:
            yield from _faults(partial(_flavor, name))


def _faults(describe: Callable[[], Component]) -> list[Fault]:
    try:
        describe()
    except ConfigurationError as error:
        return error.faults
    return []


def _component(kind: str, name: str) -> Component:
    component = registry.lookup(kind, name)
    with registry.blaming(kind, name, "cannot be described"):
        return Component(
            kind=_BLOCKS.get(kind, kind),
            name=name,
            origin=registry.origin(kind, name),
            description=summary(component),
            parameters=[*parameters_of(component.Params), *_of_estimators(component)],
        )


def _flavor(name: str) -> Component:
    flavor = plugins.load_flavor(name)
    with plugins.blaming(name, "cannot be described"):
        return Component(
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
