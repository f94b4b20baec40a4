"""The end of a worker's threads: all at the same time, and none of them for longer than there is."""

import logging
import threading
import time
from collections.abc import Callable, Mapping

logger = logging.getLogger("bentoml.drivetrain")


def side_by_side(ends: Mapping[str, Callable[[], None]], seconds: float) -> None:
    """Call what ends threads, and wait so long for all of them; what takes longer ends with the process, and is told.

    Args:
        ends: By the words that the log has for it.
        seconds: For all of it.
    """
    until = time.monotonic() + seconds
    threads = [threading.Thread(target=end, name=what, daemon=True) for what, end in ends.items()]
    for one in threads:
        one.start()
    for one in threads:
        one.join(max(0.0, until - time.monotonic()))
    late = [one.name for one in threads if one.is_alive()]
    if late:
        logger.warning("this worker ends without waiting any longer for: %s", ", ".join(late))
