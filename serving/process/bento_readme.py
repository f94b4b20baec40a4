"""The README of a Bento: the card of its package, how it is served, and its environment variables."""

from pathlib import Path

from ml.package.storage import CARD
from serving.process import variables

_SERVE = """\
## Serving

```
bentoml serve {tag} --host 127.0.0.1 --port 3000
```

in any folder, in an environment made by `pip install --require-hashes -r env/python/requirements.txt` (of this Bento).
`POST /predict` answers, `GET /docs` shows an example of this model's columns, `GET /openapi.json` every route.

Other machines than this one are answered where they show a key, or with `DRIVETRAIN_DEPLOY_OPEN=true`.

The first start publishes the package inside to the journal, as version {version}. A version that is published to the
same journal later takes over without a restart, and is served after one, too:

```
cd "$(bentoml get {tag} -o path)/src"
python -c 'from serving.releases.publisher import publish; publish("JOURNAL_URL", "VERSION", "PACKAGE_URL")'
```

`bentoml containerize {tag}` makes an image. Give it a journal that outlives the container, a database or a volume.

| variable | what | without it |
|---|---|---|
{rows}

A value that cannot be, or a variable `DRIVETRAIN_…` that is none of these, ends the start.
"""
_EMPTY = """\
# {model}

This Bento holds the service's code alone: it was built where no package was at hand. Deploy the model again to have one
that can be served by itself.
"""


def text(tag: str, model: str, version: str | None, package: Path | None) -> str:
    """Return the README as Markdown.

    Args:
        tag: The Bento's.
        model: The model's name.
        version: What the package is published as.
        package: Folder of the package inside, None where there is none.
    """
    if package is None:
        return _EMPTY.format(model=model)
    card = (package / CARD).read_text(encoding="utf-8") if (package / CARD).is_file() else f"# {model}\n"
    return f"{card.rstrip()}\n\n" + _SERVE.format(tag=tag, version=version, rows=table(model))


def table(model: str = "MODEL") -> str:
    """Return the rows of a table of the environment variables."""
    return "\n".join(
        f"| `{one.name}` | {one.about} | {one.default.replace('MODEL', model)} |" for one in variables.known()
    )
