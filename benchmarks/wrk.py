"""`wrk` as a load generator: keep-alive connections that each send the next request once the last is answered."""

import json
import shutil
import subprocess
import tempfile
from pathlib import Path

_SCRIPT = """
local file = io.open(os.getenv("WRK_BODY"), "rb")
wrk.method = "POST"
wrk.body = file:read("*a")
wrk.headers["Content-Type"] = os.getenv("WRK_TYPE")
if os.getenv("WRK_JSON") then wrk.headers["Inference-Header-Content-Length"] = os.getenv("WRK_JSON") end
file:close()
function done(summary, latency, requests)
  local e = summary.errors
  local broken = e.connect + e.read + e.write + e.timeout
  io.write(string.format('\\n{"answered": %d, "refused": %d, "broken": %d, ', summary.requests, e.status, broken))
  io.write(string.format('"seconds": %.6f, ', summary.duration / 1e6))
  local half, tail = latency:percentile(50) / 1e3, latency:percentile(99) / 1e3
  io.write(string.format('"p50_ms": %.3f, "p99_ms": %.3f}\\n', half, tail))
end
"""


def load(
    port: int,
    path: str,
    body: bytes,
    seconds: float,
    connections: int,
    media: str = "application/json",
    json_bytes: int | None = None,
) -> dict[str, float]:
    """Send a body again and again, on this machine; return what came of it, `answered` with those refused.

    Args:
        port: Of the service.
        path: Of the endpoint.
        body: Of each request.
        seconds: How long.
        connections: How many at once.
        media: The body's type.
        json_bytes: How many bytes of it are JSON, where binary tensors follow.

    Raises:
        RuntimeError: If wrk is not installed, or a request is not answered with a status below 400.
    """
    program = shutil.which("wrk")
    if program is None:
        raise RuntimeError("wrk is not on the PATH; install it (Debian: wrk)")
    with tempfile.TemporaryDirectory() as folder:
        script, content = Path(folder, "post.lua"), Path(folder, "body")
        script.write_text(_SCRIPT)
        content.write_bytes(body)
        of_json = {} if json_bytes is None else {"WRK_JSON": str(json_bytes)}
        command = [program, "-t1", f"-c{connections}", f"-d{max(1, round(seconds))}s", "-s", str(script)]
        done = subprocess.run(
            [*command, f"http://127.0.0.1:{port}{path}"],
            env={"WRK_BODY": str(content), "WRK_TYPE": media, **of_json},
            capture_output=True,
            text=True,
            check=True,
        )
    found: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    if found["refused"] or found["broken"]:
        raise RuntimeError(f"of {found['answered']} requests {found['refused']} were refused, {found['broken']} broke")
    return found


def rate(found: dict[str, float]) -> float:
    """Return requests per second."""
    return found["answered"] / found["seconds"]
