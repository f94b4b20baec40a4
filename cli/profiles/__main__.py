"""python -m cli.profiles show|merge|to-whylogs|from-whylogs FILE…: look at profiles, put them together, convert them.

FILE is a profile, or the folder of a model package, whose reference.bin is meant.
Exit codes: 0 done, 1 a file is no profile or the profiles do not go together, 2 a file cannot be read or written.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from ml.io.broken_pipe import to_its_end
from ml.io.storage_errors import told_plainly
from schemas.errors import DrivetrainError

_COMMANDS = {
    "show": "the columns of a profile: counts, quantiles, the most frequent labels",
    "merge": "one profile of the rows of several, a month of its days",
    "to-whylogs": "write a profile as whylogs writes one; needs whylogs",
    "from-whylogs": "write a profile that whylogs wrote in our format",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code."""
    asked = _parser().parse_args(arguments)
    try:
        with told_plainly():
            _run(asked)
    except DrivetrainError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cli.profiles", description="Look at profiles and convert them.")
    commands = parser.add_subparsers(dest="command", required=True)
    for command, text in _COMMANDS.items():
        one = commands.add_parser(command, help=text, description=text)
        many = command in ("show", "merge")
        one.add_argument("files", nargs="+" if many else 1, type=Path, metavar="FILE", help="a profile or a package")
        if command == "show":
            one.add_argument("--json", action="store_true", help="write all that it says as JSON")
        else:
            one.add_argument("--to", required=True, type=Path, metavar="FILE", help="the file to write")
    return parser


def _run(asked: argparse.Namespace) -> None:
    from cli.profiles import files, shown
    from ml.io.atomic_write import write_whole

    profiles = files.read_all(asked.files, from_whylogs=asked.command == "from-whylogs")
    if asked.command != "show":
        write_whole(asked.to, files.converted(profiles, to_whylogs=asked.command == "to-whylogs"))
        print(asked.to)
    elif asked.json:
        print(json.dumps([shown.as_json(path, one) for path, one in profiles], ensure_ascii=False, indent=1))
    else:
        for path, one in profiles:
            shown.show(path, one)


if __name__ == "__main__":
    sys.exit(to_its_end(main))
