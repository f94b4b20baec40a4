"""The Bento: the service's code, the lock file and a package, in BentoML's own store."""

import compileall
import hashlib
import logging
import os
import shutil
from functools import partial
from pathlib import Path

from ml.io.atomic_write import write_whole
from ml.io.file_lock import one_at_a_time
from ml.io.scratch import scratch_folder
from schemas.errors import DeploymentError
from schemas.home import ROOT
from serving.process.code_closure import LOCK, files
from serving.process.records import logger
from serving.process.supervisor import SERVICE

_PACKAGE = "package"
_WHOLE = ".drivetrain-whole"
_NESTED = 10  # variables that name variables


def build(name: str, code_hash: str, package: Path | None) -> str:
    """Return the tag of a Bento of this code and package; it is built only when the store does not have it.

    Args:
        name: The model's name.
        code_hash: Of the service's code, `code_closure.code_hash`.
        package: Folder of the package that is current; None leaves it out.
    """
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # building posts home otherwise
    os.environ["BENTOML_HOME"] = str(_home())  # the service runs in another folder, and a relative path would move
    version = code_hash[:12] + (f"-{_digest(package)}" if package else "")
    tag = f"drivetrain_{name}:{version}"
    crowd = partial(logger.warning, f"another command builds the service of {name!r}; waiting for it")
    with one_at_a_time(_home() / f".drivetrain_{name}.lock", waiting=crowd):
        folder = _folder(tag)
        if all((folder / part).exists() for part in (_WHOLE, "src", "bento.yaml")):
            return tag  # BentoML makes it in place, and a killed process leaves half of one
        shutil.rmtree(folder, ignore_errors=True)
        return _built(tag, {"model": name, "code": code_hash[:12]}, package)


def _home() -> Path:
    named = os.environ.get("BENTOML_HOME") or "~/bentoml"
    for _ in range(_NESTED):  # as BentoML does, which goes on until nothing changes
        named = str(Path(os.path.expandvars(named)).expanduser())
    return Path(named).absolute()


def _folder(tag: str) -> Path:
    """Return where BentoML's store keeps a Bento; to ask BentoML takes 0.1 s, as it reads the lock file in it."""
    return _home() / "bentos" / tag.replace(":", os.sep)


def _built(tag: str, labels: dict[str, str], package: Path | None) -> str:
    import bentoml

    logging.getLogger("bentoml").setLevel(logging.WARNING)  # its banner is for people who build by hand
    with scratch_folder("bento") as folder:
        context = Path(folder)
        _fill(context, package)
        bento = bentoml.build(
            SERVICE,
            name=tag.partition(":")[0],
            version=tag.partition(":")[2],
            labels=labels,
            include=["**/*"],
            python={"lock_packages": False, **({"requirements_txt": LOCK} if (context / LOCK).is_file() else {})},
            build_ctx=folder,
        )
    compileall.compile_dir(bento.path_of("src"), quiet=2)
    write_whole(Path(bento.path_of(_WHOLE)), "")
    return str(bento.tag)


def source(tag: str) -> Path:
    """Return the folder of a Bento's code. Raises DeploymentError when BentoML's store does not have it any more."""
    code = _folder(tag) / "src"
    if not code.is_dir():
        raise DeploymentError(f"BentoML's store does not have {tag} any more; deploy again")
    return code


def _fill(context: Path, package: Path | None) -> None:
    for path in files():
        target = context / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    if (ROOT / LOCK).is_file():
        shutil.copyfile(ROOT / LOCK, context / LOCK)
    if package is not None:
        shutil.copytree(package, context / _PACKAGE)


def _digest(package: Path) -> str:
    return hashlib.sha256((package / "manifest.json").read_bytes()).hexdigest()[:12]
