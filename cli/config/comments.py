"""What a file of configuration says of itself: the comment that it begins with."""

from pathlib import Path


def opening_comment(file: Path) -> str:
    """Return the comment at the top of a YAML file in one line, without Hydra's `# @package`."""
    lines = []
    for line in file.read_text(encoding="utf-8", errors="replace").splitlines():
        if not line.startswith("#"):
            break
        if not line.startswith("# @package"):
            lines.append(line.lstrip("# ").strip())
    return " ".join(lines)
