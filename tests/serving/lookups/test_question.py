"""What one client asks for costs no other one his answers: keys that a source does not take, and very many of them."""

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count

import pytest

from serving.lookups.breaker import Breaker
from serving.lookups.lookup import CONNECTIONS, Lookup, uncounted
from serving.lookups.source import Found, Key, KeyRefused, Lost, Source, Unavailable
from tests.serving.lookups.conftest import spec

ROW = {"income": 1.0}
Answer = Callable[[Sequence[Key], float], Mapping[str, Found]]


class Made(Source):
    """Answers as it is told, and knows how often it was asked."""

    def __init__(self, answer: Answer, at_once: int) -> None:
        self.answer, self.at_once, self.asked = answer, at_once, 0

    def fetch(self, keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        self.asked += 1
        return self.answer(keys, seconds)

    def close(self) -> None:
        pass


@contextmanager
def made(
    answer: Answer, at_once: int = 1000, timeout: float = 0.05, breaker: Breaker | None = None
) -> Iterator[tuple[Lookup, Made]]:
    source = Made(answer, at_once)
    lookup = Lookup(spec(url="http://127.0.0.1:1", timeout=timeout), source, breaker=breaker)
    yield lookup, source
    lookup.close()


def of(*keys: str) -> dict[str, Key]:
    return {key: key for key in keys}


def picky(keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
    if not all(str(key).isdigit() for key in keys):
        raise KeyRefused("it answers 422")
    return {str(key): ROW for key in keys}


def test_keys_that_a_source_does_not_take_open_no_breaker() -> None:
    with made(picky) as (lookup, _):
        for _ in range(5):
            assert lookup.of(of("x")) == {"x": Lost.REFUSED}
        assert not lookup.is_open and (lookup.misses, lookup.failures) == (5, 5)
        with uncounted():
            lookup.of(of("x"))
        assert lookup.misses == 5, "another version reads the same request, unseen"
        assert lookup.failures == 6, "the source failed once more, whoever asked"
        assert lookup.of(of("x", "1")) == {"x": Lost.FAILED, "1": Lost.FAILED}, "nobody knows which it is"
        assert lookup.of(of("1")) == {"1": ROW}


def test_a_key_that_is_refused_by_itself_costs_the_others_nothing() -> None:
    with made(picky, at_once=1) as (lookup, _):
        assert lookup.of(of("1", "x", "2")) == {"1": ROW, "x": Lost.REFUSED, "2": ROW}


def test_keys_that_are_refused_close_no_breaker_either() -> None:
    def half_dead(keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        if keys == ["x"]:
            raise KeyRefused("it answers 422")
        raise Unavailable("it answers 503")

    with made(half_dead) as (lookup, _):
        for key in ("1", "x", "2", "x", "3"):
            lookup.of(of(key))
        assert lookup.is_open


def test_a_key_that_is_refused_takes_nobody_the_try_that_closes_a_breaker() -> None:
    now = [0.0]

    def down(keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        picky(keys, seconds)
        raise Unavailable("it answers 503")

    with made(down, breaker=Breaker(lambda: now[0])) as (lookup, source):
        for key in "123":
            lookup.of(of(key))
        assert lookup.is_open and lookup.of(of("x")) == {"x": Lost.FAILED} and source.asked == 3
        now[0], source.answer = 2.0, picky
        assert lookup.of(of("x")) == {"x": Lost.REFUSED} and lookup.is_open
        assert lookup.of(of("4")) == {"4": ROW} and not lookup.is_open


def test_what_was_answered_is_kept_and_many_keys_are_no_failure_of_the_source() -> None:
    turns = count()

    def ten_in_time(keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        if next(turns) % 11 == 10:
            raise Unavailable("ReadTimeout")
        return {str(key): ROW for key in keys}

    with made(ten_in_time, at_once=1, timeout=5) as (lookup, source):
        keys = of(*map(str, range(35)))
        for known in (10, 20, 30):
            assert list(lookup.of(keys).values()) == [ROW] * known + [Lost.FAILED] * (35 - known)
        assert set(map(str, lookup.of(keys).values())) == {str(ROW)} and not lookup.is_open
        assert source.asked == 35 + 3, "what was answered is asked no more"


def up_to(most: int, seconds: float) -> Answer:
    """Return what answers so many keys at once, and waits in vain, beyond the timeout or not, for more of them."""

    def answer(keys: Sequence[Key], _: float) -> Mapping[str, Found]:
        if len(keys) > most:
            time.sleep(seconds)
            raise Unavailable("ReadTimeout" if seconds else "ConnectError")
        return {str(key): ROW for key in keys}

    return answer


def many(number: int) -> dict[str, Key]:
    return of(*(f"{number}-{key}" for key in range(100)))


def test_more_keys_than_a_source_answers_in_time_open_no_breaker_while_fewer_are_answered() -> None:
    with made(up_to(10, 0.08), timeout=0.04) as (lookup, source):
        assert lookup.of(of("a", "b")) == {"a": ROW, "b": ROW}
        for turn in range(2):
            for number in range(5):
                lookup.of(many(number))
            assert not lookup.is_open and lookup.of(of(str(turn))) == {str(turn): ROW}
        with ThreadPoolExecutor(CONNECTIONS) as threads:
            list(threads.map(lookup.of, map(many, range(CONNECTIONS))))
        assert not lookup.is_open, "those that are asked together count once"
        source.answer = up_to(0, 0.0)
        for _ in range(3):
            lookup.of(of("3", "4"))
        assert lookup.is_open


def test_more_keys_than_a_source_takes_open_no_breaker_though_it_fails_at_once() -> None:
    with made(up_to(50, 0.0)) as (lookup, source):
        for turn in range(5):
            lookup.of(many(turn))
            assert not lookup.is_open and lookup.of(of(str(turn))) == {str(turn): ROW}
        lookup.of(many(5))
        keys = of(*(f"other {number}" for number in range(40)))
        assert lookup.of(keys) == dict.fromkeys(keys, ROW), "few are asked for first, and then the others"
        asked = source.asked
        lookup.of(of(*(f"more {number}" for number in range(40))))
        assert source.asked == asked + 1


def test_a_source_that_is_down_opens_it_though_each_question_has_more_keys_than_were_ever_answered() -> None:
    with made(up_to(1, 0.0)) as (lookup, source):
        lookup.of(of("a"))
        source.answer = up_to(0, 0.0)
        for number in range(10):
            assert set(lookup.of(many(number)).values()) == {Lost.FAILED}
        assert lookup.is_open and source.asked == 1 + 1 + 3, "the first one may have failed for the number of its keys"
    with made(up_to(1, 0.02), timeout=0.01) as (lookup, source):
        lookup.of(of("a"))
        for number in range(20):
            lookup.of(many(number))
        assert lookup.is_open and source.asked == 1 + 5 + 3, "time outs are excused five times in a row"


def test_what_tries_an_open_breaker_has_no_more_keys_than_were_answered_before() -> None:
    now = [0.0]
    with made(up_to(0, 0.0), breaker=Breaker(lambda: now[0])) as (lookup, source):
        for number in range(4):
            lookup.of(many(number))
        assert lookup.is_open and source.asked == 4
        source.answer = up_to(1, 0.0)
        now[0] = 2.0
        assert list(lookup.of(many(4)).values()) == [ROW] + [Lost.FAILED] * 99 and not lookup.is_open


@pytest.mark.parametrize("at_once", [1, 1000])
def test_a_source_that_never_answered_opens_it_however_many_keys_it_was_asked_for(at_once: int) -> None:
    def hangs(keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        time.sleep(seconds)
        raise Unavailable("ReadTimeout")

    with made(hangs, at_once, timeout=0.01) as (lookup, _):
        for _ in range(3):
            assert set(lookup.of(of(*map(str, range(100)))).values()) == {Lost.FAILED}
        assert lookup.is_open


def test_who_waits_for_the_questions_of_others_opens_no_breaker_unless_none_of_these_comes_back() -> None:
    slow = threading.Semaphore(0)

    def waits(keys: Sequence[Key], seconds: float) -> Mapping[str, Found]:
        if str(keys[0]).startswith("slow"):
            slow.acquire(timeout=10)
        return {str(key): ROW for key in keys}

    with made(waits, at_once=1, timeout=0.1) as (lookup, source), ThreadPoolExecutor(CONNECTIONS) as threads:
        each = [of(f"quick {number}", f"slow {number}") for number in range(CONNECTIONS)]
        for found in threads.map(lookup.of, each):
            assert list(found.values()) == [ROW, Lost.FAILED], "nobody waits longer, and the first one is kept"
        for number in range(2):
            next_one = threads.submit(lookup.of, of(f"slower {number}"))
            time.sleep(0.02)
            slow.release()  # one comes back, and the next one takes its connection
            next_one.result()
            assert lookup.of(of("1")) == {"1": Lost.FAILED}
        asked = source.asked
        assert not lookup.is_open
        for _ in range(4):
            assert lookup.of(of("1")) == {"1": Lost.FAILED}
        assert lookup.is_open and source.asked == asked
        slow.release(2 * CONNECTIONS)
