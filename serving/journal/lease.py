"""What only one worker may do at a time, whichever does it: who does, until when."""

import time

from sqlalchemy import Engine, insert, or_, update
from sqlalchemy.exc import IntegrityError

from serving.journal.schema import leases


def take(engine: Engine, name: str, holder: str, seconds: float) -> bool:
    """Take a lease or make one's own longer; return whether one has it.

    Whoever holds it and is not heard of any more loses it after these seconds, by the clocks of those who ask.

    Raises:
        SQLAlchemyError: If the journal cannot be written.
    """
    now, c = time.time(), leases.c
    mine = or_(c.holder == holder, c.until < now, c.until > now + 10 * seconds)  # the latter: a clock was set back
    with engine.begin() as connection:
        query = update(leases).where(c.name == name, mine).values(holder=holder, until=now + seconds)
        if connection.execute(query).rowcount:
            return True
    try:
        with engine.begin() as connection:
            connection.execute(insert(leases).values(name=name, holder=holder, until=now + seconds))
    except IntegrityError:  # somebody has it
        return False
    return True


def give_back(engine: Engine, name: str, holder: str) -> None:
    """Let others have it at once. Raises SQLAlchemyError."""
    with engine.begin() as connection:
        connection.execute(update(leases).where(leases.c.name == name, leases.c.holder == holder).values(until=0.0))
