"""How much memory the making of a packaged form may take."""

from dataclasses import dataclass


@dataclass(frozen=True)
class MemoryBound:
    """So many bytes, and how a person would name them: `75 % of the 16.0 GB that are free (package.memory)`."""

    allowed: int
    name: str

    def excess(self, needed: int) -> str | None:
        """Return why something that takes `needed` bytes is not to be made, None where it fits."""
        if needed <= self.allowed:
            return None
        return f"to make it takes about {gigabytes(needed)} of memory, more than {self.name}"


def gigabytes(count: int) -> str:
    """Return a number of bytes as a person reads it: 17.2 GB."""
    return f"{count / 1e9:,.1f} GB" if count >= 1e8 else f"{max(count, 1e5) / 1e9:.2g} GB"
