"""One request, as those count it that decide which are taken."""

from serving.http.admission import Admission

TURN = "drivetrain.turn"
"""Key of a scope under which the request's `Turn` is, if it has one."""


class Turn:
    """One request that is whole: it waits for us, or for somebody else, until it is answered or its client gone."""

    __slots__ = (
        *("_admission", "_commits", "_is_aside", "_is_elsewhere", "_is_gone", "_is_held", "_is_over", "_is_refused"),
    )

    def __init__(self, admission: Admission) -> None:
        self._admission = admission
        self._commits = self._is_elsewhere = self._is_over = False
        self._is_aside = self._is_held = self._is_gone = self._is_refused = False
        admission.entered()

    def went_elsewhere(self) -> None:
        """Note that it waits for somebody else."""
        if not (self._is_over or self._is_elsewhere or self._commits):
            self._is_elsewhere = True
            self._admission.went_elsewhere()

    def came_back(self) -> None:
        """Note that it waits for us again, unless it was given up meanwhile."""
        if self._is_elsewhere:
            self._is_elsewhere = False
            self._admission.came_back()

    def commits(self) -> None:
        """Note that its work is done, and that it waits for its commit alone."""
        if not (self._is_over or self._commits):
            self.came_back()
            self._commits = True
            self._admission.commits(is_aside=self._is_aside)

    def enters_again(self) -> None:
        """Note that there is more work on it than what was committed."""
        if self._commits and not self._is_over:
            self._commits = False
            self._admission.committed()
            self._admission.entered()

    def hold(self) -> None:
        """Note that it is in the queue of a thread, where it stays also if its client goes."""
        self._is_aside = self._is_held = True

    def let_go(self) -> None:
        """Note that it is not any more."""
        self._is_held = False
        if self._is_gone:
            self.end()

    def refuse(self) -> None:
        """Note that it is refused without work."""
        self._is_refused = True

    def leave(self) -> None:
        """Note that its client is gone."""
        self._is_gone = True
        if not self._is_held:
            self._end(is_worked=False)

    def end(self) -> None:
        """Note that it is answered."""
        self._end(is_worked=not self._is_refused)

    def _end(self, *, is_worked: bool) -> None:
        if self._is_over:
            return
        self._is_over = True
        self.came_back()
        if self._commits:
            self._admission.committed()
        elif is_worked:
            self._admission.left(is_aside=self._is_aside)
        else:
            self._admission.gone(is_refused=self._is_refused)
