"""Planted violations of flavors."""

from tests.conformance.planted_head import Planted

FLAVORS = '''"""Planted violations of flavors."""

from zenml.alerter.base_alerter import BaseAlerter, BaseAlerterConfig, BaseAlerterFlavor


class Settings(BaseAlerterConfig):
    """Settings."""

    token: str = ""


class Loose(BaseAlerterFlavor):
    """A setting that is not described and holds a secret."""

    @property
    def name(self):
        return "acme_loose"

    @property
    def config_class(self):
        return Settings

    @property
    def implementation_class(self):
        return BaseAlerter


class Misnamed(Loose):
    """Calls itself otherwise."""
'''
ENTRIES = {
    "acme_loose": "acme_faulty.flavors:Loose",
    "acme_misnamed": "acme_faulty.flavors:Misnamed",
    "acme_ending": "acme_faulty.flavors_ending:Loose",
    "local": "acme_faulty.flavors:Loose",
}
PLANTED: Planted = [
    ("flavor acme_loose", "described", "the setting token has no description"),
    ("flavor acme_loose", "secrets", "the setting token would hold a secret"),
    ("flavor acme_misnamed", "registered", "calls itself 'acme_loose'"),
    ("flavor local", "registered", "a name of ours or of ZenML's"),
    ("flavor acme_ending", "registered", "it ends the process that imports it, exit code 7"),
]
