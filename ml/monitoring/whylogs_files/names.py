"""How columns are named in a whylogs file, which knows no predictions; and what of ours is in its metadata."""

from ml.package.profile_file import Role
from ml.values.label_text import printable

METADATA = "drivetrain"
"""The key of the metadata: JSON, by stored name `kind`, how the column was read, and `once`."""
_RESERVED = "drivetrain:"
_INPUT, _PREDICTION = f"{_RESERVED}input:", f"{_RESERVED}prediction:"


def stored(role: Role, name: str) -> str:
    """Return the name of a column in the file."""
    if role == "prediction":
        return f"{_PREDICTION}{name}"
    name = printable(name)
    return f"{_INPUT}{name}" if name.startswith(_RESERVED) else name


def split(name: str) -> tuple[Role, str]:
    """Return what `stored` was given."""
    if name.startswith(_PREDICTION):
        return "prediction", name.removeprefix(_PREDICTION)
    return "input", name.removeprefix(_INPUT)
