"""The Bento: the service's code, the lock file and a package, in BentoML's own store."""

import compileall
import hashlib
import logging
import os
import shutil
import tempfile
from pathlib import Path

from schemas.errors import DeploymentError
from schemas.home import ROOT
from serving.process.code_closure import LOCK, files
from serving.process.supervisor import SERVICE

_PACKAGE = "package"


def build(name: str, code_hash: str, package: Path | None) -> str:
    """Return the tag of a Bento of this code and package; it is built only when the store does not have it.

    Args:
        name: The model's name.
        code_hash: Of the service's code, `code_closure.code_hash`.
        package: Folder of the package that is current; None leaves it out.
    """
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # building posts home otherwise
    import bentoml
    from bentoml.exceptions import NotFound

    version = code_hash[:12] + (f"-{_digest(package)}" if package else "")
    tag = f"drivetrain_{name}:{version}"
    try:
        return str(bentoml.get(tag).tag)
    except NotFound:
        pass
    logging.getLogger("bentoml").setLevel(logging.WARNING)  # its banner is for people who build by hand
    with tempfile.TemporaryDirectory() as folder:
        context = Path(folder)
        _fill(context, package)
        bento = bentoml.build(
            SERVICE,
            name=f"drivetrain_{name}",
            version=version,
            labels={"model": name, "code": code_hash[:12]},
            include=["**/*"],
            python={"lock_packages": False, **({"requirements_txt": LOCK} if (context / LOCK).is_file() else {})},
            build_ctx=folder,
        )
    compileall.compile_dir(bento.path_of("src"), quiet=2)
    return str(bento.tag)


def source(tag: str) -> Path:
    """Return the folder of a Bento's code. Raises DeploymentError when BentoML's store does not have it any more."""
    import bentoml
    from bentoml.exceptions import NotFound

    try:
        return Path(bentoml.get(tag).path_of("src"))
    except NotFound as error:
        raise DeploymentError(f"BentoML's store does not have {tag} any more; deploy again") from error


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
