"""The package holds Drivetrain's contract: each part by itself, and all of it as it is installed."""

from acme_platform.file_alerter import FileAlerterFlavor
from acme_platform.generalizes import Generalizes
from acme_platform.json_lines import JsonLines
from acme_platform.nearest_centroid import NearestCentroid
from acme_platform.trials import json_lines

from drivetrain.testing import check_flavor, check_gate_check, check_package, check_source, check_trainer, require


def test_the_source_holds_the_contract() -> None:
    require(check_source(JsonLines, json_lines))


def test_the_trainer_holds_the_contract() -> None:
    require(check_trainer(NearestCentroid))


def test_the_gate_check_holds_the_contract() -> None:
    require(check_gate_check(Generalizes))


def test_the_alerter_holds_the_contract() -> None:
    require(check_flavor(FileAlerterFlavor, name="acme_file"))


def test_the_package_as_it_is_installed_holds_the_contract() -> None:
    require(check_package("acme-platform"))
