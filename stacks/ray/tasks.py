"""What runs in Ray's own processes: an attempt at a step, and the mailbox that its news goes to. Light.

The secrets of a run come as an argument, never as a variable of Ray's runtime environment, which Ray shows to everybody
who asks its dashboard.
"""

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Condition, Event, Thread
from typing import Any

from stacks.remote.lines import Lines
from stacks.remote.warm import connect

BEAT_SECONDS = 3.0
"""Seconds between two signs of life of an attempt."""
FORGOTTEN_SECONDS = 86_400.0
"""Seconds after which what nobody takes is dropped."""
PUT, TAKE = "put", "take"
"""Groups of calls of the mailbox: one of a group waits for others of that group alone."""
_PASSED_ON = ("CUDA_VISIBLE_DEVICES", "OMP_NUM_THREADS")

Message = dict[str, Any]
_warm: Lines | None = None


class Mailbox:
    """What attempts tell, until the driver of their run takes it; one for all runs of a cluster that we have started.

    A run that is begun by a command that is killed takes nothing any more: what nobody takes is dropped after a while.
    """

    def __init__(self) -> None:
        self._news: dict[str, list[Message]] = {}
        self._taken: dict[str, float] = {}
        self._some = Condition()

    def put(self, news: Message) -> None:
        """Take one message of an attempt."""
        with self._some:
            self._news.setdefault(news["snapshot"], []).append(news)
            self._taken.setdefault(news["snapshot"], time.monotonic())
            self._some.notify_all()

    def take(self, snapshot: str, seconds: float) -> list[Message]:
        """Return what has come for a run, waiting up to `seconds` for something."""
        with self._some:
            self._some.wait_for(lambda: snapshot in self._news, seconds)
            now = time.monotonic()
            self._taken[snapshot] = now
            for other in [other for other, when in self._taken.items() if now - when > FORGOTTEN_SECONDS]:
                self._forget(other)
            return self._news.pop(snapshot, [])

    def forget(self, snapshot: str) -> None:
        """Drop what is there of a run that is over."""
        with self._some:
            self._forget(snapshot)

    def _forget(self, snapshot: str) -> None:
        self._news.pop(snapshot, None)
        self._taken.pop(snapshot, None)


def sender(message: Message) -> Message:
    """Return which attempt a message is of; the task of the attempt counts as one."""
    return {key: message[key] for key in ("snapshot", "step", "attempt")}


def warm_up(environment: dict[str, str]) -> None:
    """Have a process of steps before one is needed: this worker's first step finds it, or tells why there is none.

    Args:
        environment: What it opens its store with; empty: it does not yet.
    """
    with suppress(OSError, RuntimeError):
        lines = _process()
        if environment:
            lines.send({"open": environment})


def run_step(task: Message, mailbox: Any, silence: float) -> Message:
    """Run one step in a process of steps on this node.

    Args:
        task: A `StepTask`.
        mailbox: The actor that news goes to.
        silence: Seconds without an answer of the mailbox's after which the attempt ends itself: this node is cut off,
            and another one may have begun elsewhere.

    Returns:
        `text`: why it failed, None where it did not; `is_ours`: whether that was written for a person; `lost`: whether
        its process was killed.
    """
    teller = _Teller(mailbox, sender(task), silence)
    teller.began()
    passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
    if task["gpus"]:
        _forget()
    with _alive(teller):
        lines = _process()
    try:
        with suppress(BrokenPipeError):  # it has ended meanwhile, and what it said last is there
            lines.send({**task, "environment": passed | task["environment"]})
        end = _followed(lines, teller)
    except EOFError:
        end = {"died": "gone"}
    teller.finish()
    if "died" in end or task["gpus"]:  # one that had GPUs holds their memory as long as it lives
        _forget()
    if "died" in end:
        return {"text": f"its process on {_host()} was {end['died']}", "is_ours": False, "lost": True}
    failure = end["failure"]
    if failure is None:
        return {"text": None}
    text = failure["text"] if failure["is_ours"] else f"{failure['type']}: {failure['text']}"
    return {"text": text, "is_ours": failure["is_ours"], "lost": False}


def _followed(lines: Lines, teller: "_Teller") -> Message:
    """Pass on what a process of steps tells until its step has ended; return its last message."""
    while True:
        for message in lines.received(BEAT_SECONDS / 3):
            if "event" not in message:
                return message
            teller.tell({"event": message["event"]})
        if not teller.is_heard():
            _forget()
            raise TimeoutError("the command that began the run does not answer any more")


class _Teller:
    """Puts news into the mailbox, and knows whether anybody takes it."""

    def __init__(self, mailbox: Any, head: Message, silence: float) -> None:
        self._mailbox, self._head, self._silence = mailbox, head, silence
        self._beat: Any = None
        self._last: Any = None
        self._sent = 0.0

    def began(self) -> None:
        """Say where the attempt runs."""
        import ray

        self.tell({"began": ray.get_runtime_context().get_node_id(), "host": _host()})

    def tell(self, news: Message) -> Any:
        """Send without waiting for an answer."""
        self._last = self._mailbox.put.options(concurrency_group=PUT).remote({**self._head, **news})
        return self._last

    def finish(self) -> None:
        """Wait until all is there: the end of a task comes by another way."""
        import ray

        ray.get(self._last, timeout=self._silence)

    def is_heard(self) -> bool:
        """Give a sign of life now and then; say whether one was answered within the time that may pass without."""
        import ray

        now = time.monotonic()
        if self._beat is not None and ray.wait([self._beat], timeout=0)[0]:
            ray.get(self._beat)  # the mailbox may be gone: then the run is
            self._beat = None
        if self._beat is None:
            if now - self._sent > BEAT_SECONDS:
                self._beat, self._sent = self.tell({}), now
            return True
        return now - self._sent < self._silence


@contextmanager
def _alive(teller: _Teller) -> Iterator[None]:
    """Give signs of life while the block waits: a process of steps imports for half a minute on a busy node."""
    over = Event()

    def beat() -> None:
        while not over.wait(BEAT_SECONDS / 3):
            with suppress(Exception):  # a mailbox that is gone is met again where the step is followed
                teller.is_heard()

    thread = Thread(target=beat, name="signs-of-life", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _process() -> Lines:
    """Return the process of steps that this worker has, or a new one."""
    global _warm  # a worker belongs to one run
    if _warm is None:
        _warm = connect(Path.cwd(), watched=os.getppid())
    return _warm


def _forget() -> None:
    """End this worker's process of steps."""
    global _warm
    if _warm is not None:
        _warm.connection.close()
    _warm = None


def _host() -> str:
    """Return the address by which the cluster knows this node."""
    import ray

    return str(ray.util.get_node_ip_address())  # type: ignore[no-untyped-call]
