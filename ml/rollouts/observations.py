"""What two versions did with requests, as columns."""

from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

OLD, NEW = 0, 1
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Observations:
    """n observations in the order in which their requests arrived, and labels in the order in which those did.

    The second axis of a column is the version, the old one first; NaN where it did not answer. An observation is a
    request, or what was randomised: where traffic is split by a customer's key, that customer's first request alone. A
    shadow's request is one observation of both versions. A label is an observation of its own, whose only value is
    `loss`, with the share of its request. A request that was pinned to a version is none.

    Attributes:
        times: Seconds, (n,); they must not be the outcome's: when the request, or the label, arrived.
        shares: The share of traffic that the new version had when the request was routed, (n,): the probability with
            which it was sent there. 0 for a shadow.
        failed: 1 for an error of the version, 0 else, (n, 2); known of every request that a version was asked.
        latency: Seconds, (n, 2); infinite where no answer came. Of a shadow that waits behind requests of users, NaN
            for both versions.
        invalid: Share of the rows without a valid prediction, (n, 2).
        bins: Share of the rows whose prediction is in each of K bins, (n, 2, K); all 0 where nothing was predicted.
        loss: Mean loss of the labelled rows, 0 to 1, (n, 2).
    """

    times: Floats
    shares: Floats
    failed: Floats
    latency: Floats
    invalid: Floats
    bins: Floats
    loss: Floats

    def __post_init__(self) -> None:
        n = len(self.times)
        wrong = {
            field.name: getattr(self, field.name).shape
            for field in fields(self)
            if getattr(self, field.name).shape[:2] != ((n,) if field.name in ("times", "shares") else (n, 2))
        }
        if wrong:
            raise ValueError(f"of {n} observations, these columns have other shapes: {wrong}")
        self._require_whole_outcomes()

    def _require_whole_outcomes(self) -> None:
        """Refuse what is known of one version's requests and not of the other's: it would count against either."""
        unknown, split = np.isnan(self.failed), (self.shares > 0)[:, None]
        for name in ("latency", "invalid", "bins"):
            column = getattr(self, name)
            first = column[:, :, :1] if column.ndim == 3 else column[:, :, None]
            if ((np.isnan(first) != unknown[:, :, None]) & split[:, :, None]).any():
                raise ValueError(
                    f"{name} must be known of exactly the requests of which it is known whether they failed"
                )

    def __len__(self) -> int:
        return len(self.times)

    def __getitem__(self, part: slice) -> Self:
        """Return some of them, without a copy."""
        return type(self)(*(getattr(self, field.name)[part] for field in fields(self)))

    @property
    def answered(self) -> NDArray[np.bool_]:
        """Which are requests that the new version was asked, (n,)."""
        return np.asarray(~np.isnan(self.failed[:, NEW]), dtype=np.bool_)

    @property
    def tried(self) -> NDArray[np.bool_]:
        """Which are requests of which the new version predicted a row, or failed, (n,): none that it refused."""
        return np.asarray((self.failed[:, NEW] > 0) | (self.invalid[:, NEW] < 1), dtype=np.bool_)

    @property
    def is_request(self) -> NDArray[np.bool_]:
        """Which are requests, (n,); the others are labels."""
        return np.asarray(~np.isnan(self.failed).all(axis=1), dtype=np.bool_)

    @property
    def labelled(self) -> NDArray[np.bool_]:
        """Which know the loss of the new version, (n,)."""
        return np.asarray(~np.isnan(self.loss[:, NEW]), dtype=np.bool_)


REFUSED = frozenset({400, 413, 422})
"""What a version may refuse that another takes: tensors that are not its columns, too large an answer, values."""


def is_failure(status: int) -> bool:
    """Say whether a status is an error of the version.

    What was refused (4xx) is none, and neither are a full queue and a service that is not ready (429, 503), which no
    version decides. Requests and rows that one version refuses and another takes count as invalid.
    """
    return status >= 500 and status != 503
