"""The command for stacks that were made: python -m stacks list|show|remove|stop [NAME]."""

import argparse
import sys
from collections.abc import Callable, Sequence
from typing import Any

from ml.io.broken_pipe import to_its_end
from ml.io.storage_errors import told_plainly
from schemas.errors import DrivetrainError
from schemas.events import StepEvent
from schemas.home import Home
from stacks import inventory
from stacks.declared import PREFIX
from stacks.in_use import refuse_in_use
from stacks.ray import cluster
from stacks.session import has_store, zenml_session
from stacks.shown import shown

_COMMANDS = {
    "list": "the stacks that runs have made, and what is left of ours that no stack uses",
    "show": "the components of a stack, their settings, and which other stacks hold them",
    "remove": "remove a stack and what only it used; never a deployment that lives",
    "stop": "stop the cluster that runs on a stack have started on this machine",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code: 0 done, 2 it could not, 130 interrupted."""
    asked = _parser().parse_args(arguments)
    commands: dict[str, Callable[[Any], None]] = {
        "list": _list,
        "show": lambda client: _show(client, asked.name),
        "remove": lambda client: _remove(client, asked.name),
    }
    try:
        with told_plainly():
            if asked.command == "stop":
                return _stop(asked.name, asked.force)
            if not has_store():
                print("No run has made a stack here yet.")
                return 0 if asked.command == "list" else 2
            with zenml_session(_waiting) as client:
                commands[asked.command](client)
        return 0
    except DrivetrainError as error:
        _aside(str(error))
        return error.exit_code
    except KeyboardInterrupt:
        _aside(f"\nInterrupted; {asked.command} was not finished.")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m stacks", description="Look after stacks that runs have made.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in _COMMANDS.items():
        one = commands.add_parser(command, help=text, description=text)
        if command != "list":
            one.add_argument("name", metavar="NAME", help="the stack's name, as in stack=NAME")
        if command == "stop":
            one.add_argument("--force", action="store_true", help="also where a run uses it, or nobody can say")
    return parser


def _aside(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _waiting(event: StepEvent) -> None:
    if event.kind == "note":
        _aside(f"note: {event.text}")


def _list(client: Any) -> None:
    names = inventory.stack_names(client)
    active = client.active_stack_model.name
    for name in names:
        stack = inventory.find(client, name)
        flavors = ", ".join(f"{kind.value} {many[0].flavor_name}" for kind, many in stack.components.items() if many)
        print(f"{name}: {flavors}{' (active in ZenML)' if stack.name == active else ''}")
    if not names:
        print("No run has made a stack here yet.")
    for kind, name in inventory.orphans(client):
        print(f"! {kind} {name}: no stack uses it")


def _show(client: Any, name: str) -> None:
    stack = inventory.find(client, name)
    print(f"{name} ({stack.name} in ZenML)")
    for part in inventory.held(client, stack):
        settings = " ".join(f"{key}={shown(key, value)}" for key, value in part.settings.items() if value is not None)
        shared = ", ".join(other.removeprefix(PREFIX) for other in part.shared_with)
        print(f"  {part.kind} {part.name} flavor={part.flavor} {settings}".rstrip())
        if shared:
            print(f"      shared with {shared}")


def _remove(client: Any, name: str) -> None:
    for line in inventory.remove(client, name):
        print(line)


def _stop(name: str, force: bool) -> int:
    """End the Ray cluster of this home, unless a run on the stack is using it.

    Raises:
        ConfigurationError: If one is, or ZenML has no such stack.
    """
    home = Home.here()
    if not force and has_store() and cluster.record_of(home) is not None:
        with zenml_session(_waiting) as client:
            refuse_in_use(client, "the cluster", [inventory.find(client, name).name])
    was_there = cluster.stop(home)
    print(f"{name}: its cluster is stopped" if was_there else f"{name}: no cluster of its runs under {home.root}")
    return 0


if __name__ == "__main__":
    sys.exit(to_its_end(main))
