"""A process of its own for what only a fresh process can tell: time to the first whole answer, and peak memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

WAYS = ("sidelight", "plain")

_MORE_READINGS = 2


@dataclass(frozen=True)
class ColdStart:
    """Seconds from the start of a process to its first whole answer, and the most memory that it ever held, in MiB."""

    seconds: float
    peak_mb: float


def start_cold(way: str, task: str) -> ColdStart:
    """Starts a process that reads a picture with all models of a task, `sidelight` or `plain`.

    Raises:
        ChildFailed: it gave no answer.
    """
    root = Path(__file__).resolve().parents[2]
    paths = [str(root), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(paths), "TF_CPP_MIN_LOG_LEVEL": "3"}
    started = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 - our own interpreter and module
        [sys.executable, "-m", "ml.benchmark.child", way, task],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as child:
        assert child.stdout is not None
        first = child.stdout.readline()
        seconds = time.perf_counter() - started
        rest, errors = child.communicate()
    if child.returncode or not first:
        raise ChildFailed(way, errors)
    return ColdStart(seconds, json.loads(rest))


class ChildFailed(RuntimeError):
    """A process that should have read gave no answer; `sentence` ends with its own last words."""

    def __init__(self, way: str, errors: str) -> None:
        last = errors.strip().splitlines()[-1:] or ["It said nothing."]
        self.sentence = f"The {way} process for the cold start failed. {last[0]}"
        super().__init__(self.sentence)


def main(way: str, task: str) -> None:
    """Reads once, says so, reads on, and prints the peak memory in MiB."""
    from ml.tasks import task as task_of

    spec = task_of(task)
    if way == "plain":
        from ml.benchmark.plain import Plain
        from ml.benchmark.whole import picture

        plain = Plain(spec)

        def read() -> None:
            plain.read(picture())
    else:
        from ml.benchmark.whole import whole_reading

        def read() -> None:
            whole_reading(spec)

    read()
    sys.stdout.write("answered\n")
    sys.stdout.flush()
    for _ in range(_MORE_READINGS):
        read()
    sys.stdout.write(json.dumps(_peak_mb()))


def _peak_mb() -> float:
    status = Path("/proc/self/status")
    if status.is_file():
        # getrusage would count the parent too: between fork and exec a child has its parent's memory.
        lines = dict(line.split(":", 1) for line in status.read_text().splitlines())
        return int(lines["VmHWM"].split()[0]) / 2**10
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main(*sys.argv[1:])
