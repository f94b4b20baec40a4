"""When Python looks for objects that only hold each other."""

import subprocess
import sys

from schemas.home import ROOT

SAYS = """
import gc, weakref
from cli.collector import imports_begin, work_begins
given = gc.get_threshold()
work_begins(False)  # of a program that is not ours: nothing happens
seen = [gc.get_threshold() == given, gc.get_freeze_count()]
imports_begin()
seen += [gc.get_threshold()[0] > 1_000_000]
class Held: pass
held = Held()
held.itself, left = held, weakref.ref(held)
del held
work_begins(True)
work_begins(False)
print(seen + [gc.get_threshold(), gc.get_freeze_count() > 0, left() is None])
"""


def test_a_command_that_imports_is_left_in_peace_and_one_that_works_is_not() -> None:
    said = subprocess.run([sys.executable, "-c", SAYS], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert said.strip() == "[True, 0, True, (100000, 50, 100), True, True]"
