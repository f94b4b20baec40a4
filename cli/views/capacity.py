"""What one replica of a service can do, as a run ends with it."""

from schemas.capacity import CapacityRecord


def capacity_lines(record: CapacityRecord | None) -> dict[str, str]:
    """Return what one replica can do, what follows for autoscaling, and where both are written; nothing of None."""
    if record is None:
        return {}
    rate = f"{'at least ' if record.at_least else ''}{record.requests_per_second:,.0f}"
    takes = f"{record.memory_bytes / 1e6:,.0f} MB, {record.cpu_cores:.2g} cores"
    return {
        "capacity": f"{rate} requests a second, 99 of 100 within {record.latency_budget:g} s",
        "replica": f"{takes}, ready in {record.start_seconds:.1f} s",
        "replicas": f"{record.min_replicas} to {record.max_replicas}, {record.planned:,.0f} requests a second for each",
        "report": record.report or "-",
        "autoscaler": record.autoscaler or "-",
    }
