"""Numbers as a person reads them."""


def shown(value: float) -> str:
    """Return four significant digits, and whole numbers with separators from ten thousand on: 0.9732, 36,330."""
    return f"{value:,.0f}" if 1e4 <= abs(value) < 1e15 else f"{value:.4g}"


def percent(share: float, digits: int = 1) -> str:
    """Return a share as 5.0 %."""
    return f"{share:.{digits}%}".replace("%", " %")
