"""The Bento: the service's code, a package and what both need, in BentoML's own store.

Our own supervisor starts a service from its code. Whoever knows BentoML serves, containerizes and exports it by
BentoML's commands, with nothing else of this program: it has its requirements, its settings and its package with it.
"""

import compileall
import hashlib
import logging
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import yaml

from ml.io.atomic_write import write_whole
from ml.io.scratch import scratch_folder
from ml.package.files import MANIFEST
from ml.package.storage import read_manifest
from schemas.home import ROOT
from serving.process import bento_readme, bento_store, contents, requirements
from serving.process.code_closure import files
from serving.process.contents import Contents
from serving.process.crew import SERVICE

_WHOLE = ".drivetrain-whole"
_INFO = "bento.yaml"


class Packaged(NamedTuple):
    """A package on this machine, and the version that it is published as."""

    version: str
    folder: Path

    @classmethod
    def at(cls, package_url: str, version: str) -> "Packaged | None":
        """Return a package when it is on this machine and whole enough to go into a Bento."""
        parts = urlsplit(package_url)
        folder = Path(parts.path if parts.scheme == "file" else package_url)
        return cls(version, folder) if parts.scheme in ("", "file") and (folder / MANIFEST).is_file() else None

    @property
    def digest(self) -> str:
        """What tells the two apart from all others."""
        return hashlib.sha256(f"{contents.digest(self.folder)} {self.version}".encode()).hexdigest()[:12]


def build(home: Path, name: str, code_hash: str, packaged: Packaged | None) -> str:
    """Return the tag of a Bento of this code and package; it is built only when the store does not have it.

    Args:
        home: DRIVETRAIN_HOME, which uses it from now on.
        name: The model's name.
        code_hash: Of the service's code, `code_closure.code_hash`.
        packaged: The package that goes into it; None leaves it out, and nobody can serve the Bento by itself.
    """
    os.environ.setdefault("BENTOML_DO_NOT_TRACK", "True")  # building posts home otherwise
    os.environ["BENTOML_HOME"] = str(bento_store.root())  # the service runs elsewhere: a relative path would move
    version = code_hash[:12] + (f"-{packaged.digest}" if packaged else "")
    tag = f"{bento_store.bento_name(name)}:{version}"
    with bento_store.lock(name):
        folder = bento_store.folder(tag)
        if not all((folder / part).exists() for part in (_WHOLE, bento_store.CODE, _INFO)):
            shutil.rmtree(folder, ignore_errors=True)  # BentoML makes it in place, a killed process leaves half of one
            _build(tag, name, code_hash[:12], packaged)
        bento_store.note_use(home, tag)
    return tag


def _build(tag: str, name: str, code: str, packaged: Packaged | None) -> None:
    import bentoml

    logging.getLogger("bentoml").setLevel(logging.WARNING)  # its banner is for people who build by hand
    runtime = read_manifest(packaged.folder).runtime if packaged else None
    needs = requirements.of_runtime(runtime or "")
    with scratch_folder("bento") as folder, _filled(Path(folder), name, packaged):
        bentoml.build(
            SERVICE,
            name=tag.partition(":")[0],
            version=tag.partition(":")[2],
            labels={"model": name, "code": code, **({"version": packaged.version} if packaged else {})}
            | ({"runtime": runtime} if runtime else {}),
            description=bento_readme.text(tag, name, *(packaged or (None, None))),
            include=["**/*"],
            python={"lock_packages": False},
            build_ctx=folder,
        )
    path = bento_store.folder(tag)
    if needs is not None:
        _lock(path, needs)
    compileall.compile_dir(path / bento_store.CODE, quiet=2)
    write_whole(path / _WHOLE, "")


@contextmanager
def _filled(context: Path, name: str, packaged: Packaged | None) -> Iterator[None]:
    """Put into a folder what the Bento holds; while the block runs the service describes that, rather than nothing."""
    for path in files():
        target = context / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, target)
    inside = Contents(model=name)
    if packaged is not None:
        place = f"{contents.PACKAGES}/{contents.digest(packaged.folder)}"
        shutil.copytree(packaged.folder, context / place)
        inside = Contents(model=name, version=packaged.version, package=place)
    (context / contents.FILE).write_text(inside.model_dump_json(indent=1), encoding="utf-8")
    described = contents.root.set(context)
    try:
        yield
    finally:
        contents.root.reset(described)


def _lock(bento: Path, needs: str) -> None:
    """Write the requirements as they are locked.

    BentoML would read them, for half a second, and add itself once more, without a hash, so that pip refuses the list.
    """
    for name in ("requirements.in", "requirements.txt"):
        write_whole(bento / "env" / "python" / name, needs)
    info = yaml.load((bento / _INFO).read_text(encoding="utf-8"), yaml.CSafeLoader)
    info["image"]["python_requirements"] = needs
    write_whole(bento / _INFO, yaml.dump(info, Dumper=yaml.CSafeDumper, sort_keys=False, allow_unicode=True))
