"""The folder of one run: what Hydra writes of the configuration, and `summary.json`."""

import os
from datetime import datetime
from pathlib import Path

from omegaconf import DictConfig, OmegaConf, open_dict
from omegaconf.errors import OmegaConfBaseException

from cli import last_words
from cli.config.compose import Composition, job_config
from ml.io.atomic_write import write_whole
from schemas.errors import ConfigurationError, Fault
from schemas.summary import Summary


class RunFolder:
    """The output folder; nothing is written before `open`, so that a run that cannot start leaves nothing."""

    any_open = False
    """Whether this process has begun a run: from then on nothing is refused as if it had not."""

    def __init__(self, composition: Composition, job: Path | None = None) -> None:
        """Plan the folder that `hydra.run.dir` names, or for one job of a sweep the folder `job`."""
        self._composition = composition
        self._mode = "RUN" if job is None else "MULTIRUN"
        self._given = job is not None or "hydra.run.dir" in composition.overrides.typed
        self.path = job if job is not None else planned(composition.config, "hydra.run.dir")
        self.is_open = False
        check_writable(self.path, "hydra.run.dir")

    def open(self) -> None:
        """Create the folder and write what Hydra writes into it; a second call does nothing."""
        if self.is_open:
            return
        try:
            self.path = self.path if self._given else unused(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                [Fault("hydra.run.dir", f"{self.path} cannot be made: {error.strerror}")]
            ) from error
        self.is_open = RunFolder.any_open = True
        config = self._composition.config
        with open_dict(config):
            config.hydra.runtime.output_dir = str(self.path)
            config.hydra.mode = self._mode
        node = OmegaConf.to_container(config.hydra, resolve=False)
        assert isinstance(node, dict)
        hydra = OmegaConf.create({"hydra": {key: node[key] for key in node if key not in ("help", "hydra_help")}})
        self._write(".hydra/config.yaml", OmegaConf.to_yaml(job_config(config)))
        self._write(".hydra/hydra.yaml", OmegaConf.to_yaml(hydra))
        self._write(".hydra/overrides.yaml", OmegaConf.to_yaml(config.hydra.overrides.task))

    def write_summary(self, summary: Summary) -> Path:
        """Write `summary.json` whole or not at all; return its path."""
        self.open()
        path = self._write("summary.json", summary.model_dump_json(indent=2) + "\n")
        last_words.settle()
        return path

    def _write(self, name: str, text: str) -> Path:
        return write_whole(self.path / name, text)


def planned(config: DictConfig, key: str) -> Path:
    """Return the folder that a key of the hydra node names. Raises ConfigurationError if it cannot be read."""
    return Path(text_at(config, key)).expanduser().absolute()


def text_at(config: DictConfig, key: str) -> str:
    """Return a text of the hydra node. Raises ConfigurationError if an interpolation in it leads nowhere."""
    try:
        return str(OmegaConf.select(config, key))
    except OmegaConfBaseException as error:
        raise ConfigurationError([Fault(key, str(error).splitlines()[0])]) from error


def check_writable(path: Path, key: str) -> None:
    """Raise ConfigurationError if a folder cannot be made at `path`, which `key` names."""
    nearest = path
    while not nearest.exists() and nearest != nearest.parent:
        nearest = nearest.parent
    if not nearest.is_dir():
        raise ConfigurationError([Fault(key, f"{nearest} is a file, not a folder")])
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise ConfigurationError([Fault(key, f"{nearest} cannot be written", f"{key}=FOLDER")])


def unused(path: Path) -> Path:
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
