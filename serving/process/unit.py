"""A systemd unit for a deployed service, as text."""

import grp
import os
import pwd
import sys
from pathlib import Path

from sqlalchemy.engine import make_url

from schemas.errors import DeploymentError
from schemas.home import ROOT
from serving.process.bento_store import source
from serving.process.patience import grace
from serving.process.records import Deployment

_SHARED = ("/tmp", "/var/tmp")  # what is in them a unit with a folder of its own there does not see
_FILES = 500  # open files besides connections
_TEXT = """\
# {name}: made by `python -m serving unit {name}`; make it anew after Python, this folder or DRIVETRAIN_HOME has moved.
#   python -m serving unit {name} | sudo tee /etc/systemd/system/drivetrain-{name}.service
#   sudo systemctl daemon-reload && sudo systemctl enable --now drivetrain-{name}
# The log is systemd's: journalctl -u drivetrain-{name}. After a deployment of changed code, which leaves the service in
# the background: systemctl restart drivetrain-{name}.
[Unit]
Description=Drivetrain: predictions of the model {name}
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=300
StartLimitBurst=10

[Service]
Type=exec
User={user}
Group={group}
WorkingDirectory={folder}
Environment={environment}
# What is secret, such as PGPASSWORD, in a file that its owner alone may read:
EnvironmentFile=-/etc/drivetrain/{name}.env
ExecStart={command}
Restart=on-failure
RestartSec=2
# 2: it cannot start as it is declared
RestartPreventExitStatus=2
# The worker is told by its supervisor, and finishes what is in work.
KillMode=mixed
TimeoutStopSec={stop}
LimitNOFILE={files}
UMask=0077

NoNewPrivileges=yes
CapabilityBoundingSet=
AmbientCapabilities=
ProtectSystem=strict
ProtectHome=read-only
ReadWritePaths={writable}
PrivateTmp={private_tmp}
PrivateDevices=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
"""


def unit(home: Path, deployment: Deployment) -> str:
    """Return the unit. Raises DeploymentError if the service's Bento is gone, or a path cannot stand in a unit."""
    home, bentos = home.resolve(), source(deployment.bento).parents[3]
    writable = _writable(home, deployment.journal_url, deployment.journal.archive_folder)
    settings = {"DRIVETRAIN_HOME": home, "BENTOML_HOME": bentos}
    program, *words = _command(deployment.name)
    named = [*writable, bentos, ROOT, Path(program)]
    return _TEXT.format(
        name=deployment.name,
        user=_user(),
        group=_group(),
        folder=_plain(ROOT),
        environment=" ".join(_quoted(f"{name}={value}") for name, value in settings.items()),
        command=" ".join([_quoted(program), *(_quoted(word, argument=True) for word in words)]),
        stop=grace(deployment.spec.drain_seconds, deployment.spec.deadline),
        files=deployment.spec.max_connections + _FILES,
        writable=" ".join(_quoted(str(path)) for path in writable),
        private_tmp="no" if any(path.is_relative_to(folder) for path in named for folder in _SHARED) else "yes",
    )


def _command(name: str) -> list[str]:
    return [sys.executable, "-m", "serving", "run", name]


def _writable(home: Path, journal_url: str, archive: Path | None) -> list[Path]:
    """Return the folders that the service writes to."""
    place = make_url(journal_url)
    others = [] if place.get_backend_name() != "sqlite" or not place.database else [Path(place.database).parent]
    others += [] if archive is None else [archive]
    found = dict.fromkeys(folder.resolve() for folder in others)
    return [home, *(folder for folder in found if not folder.is_relative_to(home))]


def _plain(path: Path) -> str:
    """Return a path as a setting of its own line has it: with the sign of a specifier doubled."""
    text = str(path)
    if any(ord(character) < 32 for character in text):
        raise DeploymentError(f"{text!r} cannot stand in a unit: it has a line end or another control in its name")
    return text.replace("%", "%%")


def _user() -> str:
    """Return who runs this, by number where the system has no name for them; the environment may say anything."""
    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:
        return str(os.getuid())


def _group() -> str:
    try:
        return grp.getgrgid(os.getgid()).gr_name
    except KeyError:
        return str(os.getgid())


def _quoted(word: str, *, argument: bool = False) -> str:
    """Return one word of several; in a command's arguments a dollar begins a variable."""
    text = _plain(Path(word)).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text.replace("$", "$$") if argument else text}"'
