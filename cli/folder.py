"""The folder of one run: what Hydra writes of the configuration, and `summary.json`."""

import os
from datetime import datetime
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from cli.compose import Composition
from cli.resolve import job_config
from schemas.errors import ConfigurationError, Fault
from schemas.summary import Summary


class RunFolder:
    """The output folder; nothing is written before `open`, so that a run that cannot start leaves nothing."""

    def __init__(self, composition: Composition) -> None:
        self._composition = composition
        self._given = "hydra.run.dir" in composition.overrides.typed
        self.path = _planned(composition.config)
        self.is_open = False
        _check_writable(self.path)

    def open(self) -> None:
        """Create the folder and write what Hydra writes into it; a second call does nothing."""
        if self.is_open:
            return
        try:
            self.path = self.path if self._given else _unused(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                [Fault("hydra.run.dir", f"{self.path} cannot be made: {error.strerror}")]
            ) from error
        self.is_open = True
        config = self._composition.config
        with open_dict(config):
            config.hydra.runtime.output_dir = str(self.path)
            config.hydra.mode = "RUN"
        node = OmegaConf.to_container(config.hydra, resolve=False)
        assert isinstance(node, dict)
        hydra = OmegaConf.create({"hydra": {key: node[key] for key in node if key not in ("help", "hydra_help")}})
        self._write(".hydra/config.yaml", OmegaConf.to_yaml(job_config(config)))
        self._write(".hydra/hydra.yaml", OmegaConf.to_yaml(hydra))
        self._write(".hydra/overrides.yaml", OmegaConf.to_yaml(config.hydra.overrides.task))

    def write_summary(self, summary: Summary) -> Path:
        """Write `summary.json` whole or not at all; return its path."""
        self.open()
        return self._write("summary.json", summary.model_dump_json(indent=2) + "\n")

    def _write(self, name: str, text: str) -> Path:
        target = self.path / name
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}")
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(target)
        return target


def _planned(config: DictConfig) -> Path:
    try:
        text = str(OmegaConf.select(config, "hydra.run.dir"))
    except OmegaConfBaseException as error:
        raise ConfigurationError([Fault("hydra.run.dir", str(error).splitlines()[0])]) from error
    return Path(text).expanduser().absolute()


def _check_writable(path: Path) -> None:
    nearest = path
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise ConfigurationError([Fault("hydra.run.dir", f"{nearest} is a file, not a folder")])
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ConfigurationError([Fault("hydra.run.dir", f"{nearest} cannot be written", "hydra.run.dir=FOLDER")])


def _unused(path: Path) -> Path:
    """Create and return a folder that no other run has, even one started in the same microsecond."""
    path.parent.mkdir(parents=True, exist_ok=True)
    candidate = path
    while True:
        try:
            candidate.mkdir()
        except FileExistsError:
            candidate = path.with_name(f"{datetime.now():%H-%M-%S-%f}-{os.getpid()}")
        else:
            return candidate
