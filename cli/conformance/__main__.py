"""python -m cli.conformance [PACKAGE …] [--json]: try all that is installed, or that these packages bring.

Exit codes: 0 everything holds the contract, 1 something breaks it, 2 there is no package of the name.
"""

import argparse
import json
import os
import sys
import tempfile
from collections.abc import Sequence
from contextlib import redirect_stdout
from dataclasses import asdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Try what is asked for; nothing of this user's ZenML, home or services is touched."""
    parser = argparse.ArgumentParser(prog="python -m cli.conformance", description=__doc__.split("\n\n")[0])
    parser.add_argument("packages", nargs="*", metavar="PACKAGE", help="a name as pip knows it, or drivetrain for ours")
    parser.add_argument("--json", action="store_true", help="write the violations as JSON")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="drivetrain-conformance-") as folder:
        os.environ |= {
            "ZENML_CONFIG_PATH": f"{folder}/zenml",
            "ZENML_LOCAL_STORES_PATH": f"{folder}/stores",
            "DRIVETRAIN_HOME": f"{folder}/home",
        }
        return _try(asked.packages, as_json=asked.json)


def _try(packages: Sequence[str], *, as_json: bool) -> int:
    from cli.conformance.owners import owners
    from cli.conformance.run import conformance
    from drivetrain.testing import Violation
    from schemas.errors import ConfigurationError

    out = sys.stderr if as_json else sys.stdout

    def announce(owner: str, what: str, violations: list[Violation]) -> None:
        lines = [f"{'breaks' if violations else 'holds '} {owner}: {what}"]
        lines += [f"         {one.subject}: {one.check}: {one.message}" for one in violations]
        print("\n".join(lines), file=out, flush=True)

    try:
        asked = owners(packages)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    with redirect_stdout(sys.stderr):  # what is tried may print
        found = conformance(asked, announce)
    if as_json:
        print(json.dumps({"owners": asked, "violations": [asdict(one) for one in found]}, ensure_ascii=False, indent=1))
    else:
        print(f"{len(found)} violations" if found else f"the contract holds: {', '.join(asked)}")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
