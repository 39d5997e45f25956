"""The disk full under load, with SQLite: a clear 503 or 507, reading goes on, no false 201, and when there is space again
it heals by itself. The disk is a small tmpfs in a mount namespace of its own, which takes root or user namespaces."""

import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from drill import Drill, arguments

SIZE = 48 << 20
INSIDE = "MELDPUNT_DRILL_DISK"


def enter():
    """Runs this drill again where it may mount; returns only there, with the folder of the small disk."""
    if INSIDE in os.environ:
        folder = os.environ[INSIDE]
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "tmpfs", folder], check=True)
        return Path(folder)
    unshare = ["unshare", "--mount", "--propagation", "private"]
    if os.geteuid() != 0:
        unshare += ["--user", "--map-root-user"]
    with tempfile.TemporaryDirectory(prefix="meldpunt-disk-") as folder:
        probe = subprocess.run([*unshare, "mount", "-t", "tmpfs", "tmpfs", folder], capture_output=True, text=True)
        if probe.returncode != 0:
            print(f"disk: nothing may be mounted here, so there is no small disk to fill: {probe.stderr}", file=sys.stderr)
            sys.exit(2)
        inside = subprocess.run([*unshare, sys.executable, "-B", *sys.argv], env={**os.environ, INSIDE: folder})
    sys.exit(inside.returncode)


def main():
    given = arguments(__doc__, full=(10.0, "seconds that the disk stays full"))
    disk = enter()
    with Drill(f"disk full for {given.full:.0f} s, SQLite", given, folder=disk) as drill:
        load = drill.load
        time.sleep(1.5)
        ballast = disk / "ballast"
        fill(ballast)
        wait(lambda: load.answers[503] > 0)
        drill.row("first refusal seen", load.answers[503] > 0, "True", load.answers[503] > 0)
        began, refused, read = time.monotonic(), load.answers[503], load.reads[200]
        while time.monotonic() - began < given.full:
            # What the write-ahead log gives back is taken again: the disk stays full.
            fill(ballast)
            time.sleep(0.2)
        drill.row("writes answered 503 while full", load.answers[503] - refused, ">= 1", load.answers[503] > refused)
        drill.row("reads answered 200 while full", load.reads[200] - read, ">= 1", load.reads[200] > read)
        alive = drill.service.process.poll() is None
        drill.row("the service lives", alive, "True", alive)
        ballast.unlink()
        freed = time.monotonic()
        wait(lambda: load.last_write > freed)
        healed = time.monotonic() - freed
        drill.row("first write once there is space, s", healed, "<= 10", healed <= 10)
        time.sleep(1)
        unanswered = load.answers["none"] + load.reads["none"]
        drill.row("questions without an answer", unanswered, "0", unanswered == 0)
        drill.check()


def fill(path):
    """Writes until nothing fits any more."""
    with path.open("ab", buffering=0) as file:
        for size in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(size)):
                    pass
            except OSError:
                pass


def wait(until, seconds=60):
    end = time.monotonic() + seconds
    while not until() and time.monotonic() < end:
        time.sleep(0.05)


main()
