"""What of a Python file is its code."""

import pytest

from ml.source_code.python_file import parse

CODE = """
import ml.near
from schemas import base
from schemas.base import Strict


class A:
    x: int = 1

    def f(self):
        if self.x:
            return "text"
        return None
"""
SAME = '''# a comment
"""A docstring."""
import ml.near  # a comment
from schemas import (
    base,
)
from schemas.base import Strict
class A:
    """A docstring."""
    x: int = (1)
    """A docstring of an attribute."""
    def f(self):
        """A docstring."""
        if self.x:
            """A string that does nothing."""
            return "te" 'xt'

        return None
'''


def code(text: str) -> str:
    return parse(text.encode(), "module.py").code


def test_comments_docstrings_blank_lines_and_formatting_are_not_code() -> None:
    assert code(CODE) == code(SAME)


@pytest.mark.parametrize(
    ("old", "new"),
    [('"text"', '"Text"'), ("x: int", "x: float"), ("= 1", "= True"), ("def f", "async def f"), ("None", "'None'")],
)
def test_all_else_is_code(old: str, new: str) -> None:
    assert old in CODE and code(CODE) != code(CODE.replace(old, new))


def test_a_docstring_is_no_more_than_no_docstring() -> None:
    assert code('def f():\n    """Text."""\n    return 1\n') == code("def f():\n    return 1\n")


def test_only_absolute_first_party_imports_are_kept() -> None:
    text = "import numpy\nimport ml.near as near, os\nfrom . import x\nfrom schemas import base, base as again\n"
    assert parse(text.encode(), "module.py").imports == ("ml.near", "schemas", "schemas.base")


def test_a_file_that_is_not_python_is_named() -> None:
    with pytest.raises(SyntaxError) as raised:
        parse(b"def", "ml/broken.py")
    assert raised.value.filename == "ml/broken.py"
