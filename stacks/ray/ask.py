"""Ask a Ray cluster's head what it is and has, and print that as JSON: python -m stacks.ray.ask HOST:PORT."""

import json
import sys

_TIMEOUT = 5.0


def main(address: str) -> None:
    """Print versions, the addresses of living nodes, and what each of them has."""
    from ray._raylet import GcsClient  # type: ignore[attr-defined]

    client = GcsClient(address=address)
    said = json.loads(client.internal_kv_get(b"CLUSTER_METADATA", b"cluster", timeout=_TIMEOUT) or b"{}")
    if not said:
        sys.exit("it does not say which Ray it is")
    alive = [node for node in client.get_all_node_info(timeout=_TIMEOUT).values() if node.state == 0]
    found = {
        "ray": said["ray_version"],
        "python": said["python_version"],
        "hosts": [node.node_manager_address for node in alive],
        "nodes": [dict(node.resources_total) for node in alive],
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main(sys.argv[1])
