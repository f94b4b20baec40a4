"""What every planted module of components begins with."""

HEAD = '''"""Planted violations."""

import json
import random
from pathlib import Path

from pydantic import BaseModel, Field

from drivetrain import (
    CheckOutcome, ContentError, Export, Fault, Fitted, GateCheck, Predictions, Sink, Source, Splitter, Strict, Trainer,
    Writer,
)


class Nothing(Strict):
    """No parameters."""


class Where(Strict):
    """A file."""

    path: str = Field(description="a file of JSON Lines")

'''

Planted = list[tuple[str, str, str]]
"""Subject, check, and part of the message."""
