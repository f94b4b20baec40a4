"""Planted violations of files of configuration."""

from tests.conformance.planted_head import Planted

_STACK = """name: {name}
orchestrator: {{flavor: {orchestrator}}}
artifact_store: {{flavor: local}}
"""
CONF = {
    "config.yaml": "seed: 7\n",
    "stacks/typo.yaml": "# A folder that is no group.\nname: typo\n",
    "experiment/placed.yaml": "# @package _global_\n# Says where it runs.\nname: placed\nstack: {name: local}\n",
    "experiment/lost.yaml": "# Not packaged at the top.\nname: lost\n",
    "experiment/half.yaml": "# @package _global_\n# Names no data.\nname: half\n",
    "data/coded.yaml": "# Names code to import.\nname: csv\n_target_: os.system\n",
    "data/secretive.yaml": "# Reads the environment.\nname: csv\npath: ${oc.env:HOME}\n",
    "trainer/unknown.yaml": "# A trainer that is not registered.\nname: random_forrest\n",
    "trainer/silent.yaml": "name: ridge\n",
    "trainer/unreadable.yaml": "# Not YAML.\nname: [ridge\n",
    "trainer/ridge.yaml": "# One of our own names.\nname: ridge\n",
    "split/nosy.yaml": "# @package hydra.job\n# Would change how Hydra runs.\nname: nosy\n",
    "stack/nowhere.yaml": "# A flavor that is not there.\n" + _STACK.format(name="nowhere", orchestrator="kubernete"),
    "stack/eager.yaml": "# A setting that is not there.\n"
    + _STACK.format(name="eager", orchestrator="local")
    + "alerter: {flavor: slack, settings: {slack_chanel: C1}}\n",
}
PLANTED: Planted = [
    ("configuration", "registered", "'gone' of acme-faulty 1.0 does not name a folder"),
    ("configuration", "registered", "brings a config.yaml, which is not used"),
    ("configuration", "registered", "brings the folder stacks, which is no group"),
    ("experiment/placed", "composes", "names a stack"),
    ("experiment/lost", "composes", "is not packaged at the top"),
    ("experiment/half", "composes", "data: nothing is chosen"),
    ("data/coded", "composes", "no configuration may name code to import"),
    ("data/secretive", "composes", "asks for oc.env"),
    ("trainer/unknown", "names", "Did you mean 'random_forest'"),
    ("trainer/silent", "documented", "no comment says what it is"),
    ("trainer/unreadable", "composes", "is not readable configuration"),
    ("trainer/ridge", "composes", "one of our own names; ours is used"),
    ("split/nosy", "composes", "cannot be set by"),
    ("stack/nowhere", "composes", "'kubernete' is not a flavor of orchestrator"),
    ("stack/eager", "composes", "no such setting"),
]
