"""The one place where a step asks the stack for its data validator."""

from typing import Any


def data_validator() -> Any:
    """Return the active stack's data validator.

    Raises:
        ConfigurationError: If the stack has none.
    """
    from zenml.client import Client

    from schemas.errors import ConfigurationError, Fault

    validator = Client().active_stack.data_validator
    if validator is None:
        raise ConfigurationError(
            [Fault("stack.data_validator", "the stack has no data validator; profiles and drift need one")]
        )
    return validator
