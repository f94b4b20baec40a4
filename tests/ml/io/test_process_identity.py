"""A process is told apart from every other, and what it left is known by its name."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from ml.io.process_identity import ProcessIdentity
from ml.io.process_token import is_abandoned, token
from ml.io.scratch import partial_file, remove_abandoned, remove_partials, scratch_folder

PRINTS = "from ml.io.process_identity import ProcessIdentity; from ml.io.process_token import token; import sys"
ME = "print(ProcessIdentity.mine().model_dump_json(), token(), flush=True); sys.stdin.read()"


def _other() -> "subprocess.Popen[str]":
    words = [sys.executable, "-c", f"{PRINTS}; {ME}"]
    return subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def test_this_process_lives() -> None:
    me = ProcessIdentity.mine()
    assert (me.pid, me.fate, is_abandoned(token())) == (os.getpid(), "alive", False)


def test_a_process_lives_until_it_is_killed_and_is_gone_before_it_is_waited_for() -> None:
    other = _other()
    assert other.stdout is not None
    text, name = other.stdout.readline().rsplit(" ", 1)
    identity = ProcessIdentity.model_validate_json(text)
    assert (identity.fate, is_abandoned(name)) == ("alive", False)
    other.send_signal(signal.SIGKILL)
    os.waitid(os.P_PID, other.pid, os.WEXITED | os.WNOWAIT)  # a zombie now
    assert (identity.fate, is_abandoned(name)) == ("gone", True)
    other.communicate()
    assert (identity.fate, is_abandoned(name)) == ("gone", True)


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({"started": 1}, "gone"),  # its number belongs to another process now
        ({"boot": "another"}, "gone"),
        ({"host": "another"}, "unknown"),
        ({"host": "another", "boot": "another"}, "unknown"),
        ({"namespace": "pid:[1]"}, "unknown"),
        ({"namespace": "pid:[1]", "boot": "another"}, "unknown"),  # a container of the same image on another host
    ],
)
def test_what_differs_decides(change: dict[str, object], fate: str) -> None:
    assert ProcessIdentity.mine().model_copy(update=change).fate == fate


def test_a_name_from_another_boot_is_of_a_process_that_is_gone_unless_it_is_of_another_container() -> None:
    head, namespace, rest = token().split("-", 2)
    other_boot = head[:-8] + "0" * 8
    assert is_abandoned(f"{other_boot}-{namespace}-{rest}")
    assert not is_abandoned(f"{other_boot}-1-{rest}")
    assert not is_abandoned(f"p{'0' * 16}-{namespace}-{rest}")


def test_only_what_names_a_process_that_is_gone_is_removed(tmp_path: Path) -> None:
    me = ProcessIdentity.mine()
    gone = token().replace(f"-{me.started}p", "-1p")
    (tmp_path / "a" / "b").mkdir(parents=True)
    kept = [tmp_path / ".x.partial", tmp_path / "a" / f".x.{token()}.1234.partial", tmp_path / "a" / f"x.{gone}"]
    lost = [tmp_path / f".x.{gone}.1234.partial", tmp_path / "a" / "b" / f".x.{gone}.1234.partial"]
    for path in kept + lost:
        path.touch()
    remove_abandoned(tmp_path)
    assert [path.exists() for path in kept + lost] == [True] * 3 + [False] * 2


def test_scratch_folders_of_a_killed_process_go_and_others_stay(tmp_path: Path) -> None:
    with scratch_folder("test") as mine:
        code = (
            "from ml.io.scratch import scratch_folder; import os; f = scratch_folder('test'); print(f.name, flush=True)"
        )
        other = subprocess.run(
            [sys.executable, "-c", f"{code}; os.kill(os.getpid(), 9)"], capture_output=True, text=True, check=False
        )
        left = Path(other.stdout.strip())
        assert left.is_dir()
        remove_abandoned(tmp_path)
        assert (left.exists(), Path(mine).exists()) == (False, True)


def test_partial_files_of_a_name_with_brackets_are_found(tmp_path: Path) -> None:
    target = tmp_path / "out[1].csv"
    me = ProcessIdentity.mine()
    mine = partial_file(target)
    gone = mine.with_name(mine.name.replace(f"-{me.started}p", "-1p"))
    mine.touch()
    gone.touch()
    remove_partials(target)
    assert (mine.exists(), gone.exists()) == (True, False)
