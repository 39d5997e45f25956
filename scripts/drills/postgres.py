"""PostgreSQL restarted under load, by a fast and by an immediate shutdown (a crash, after which it recovers): meanwhile
only 503 with Retry-After, recovered within ten seconds, nothing lost. The server is that of scripts/test --with-postgres."""

import os
import subprocess
import time

from drill import Drill, arguments


def main():
    given = arguments(__doc__, rounds=(5, "restarts of each kind"), away=(3.0, "seconds that the server stays away"))
    control = os.environ["TEST_PG_CONTROL"]
    with Drill(f"{given.rounds} restarts of PostgreSQL of each kind", given) as drill:
        recovered = {"fast": [], "immediate": []}
        for _ in range(given.rounds):
            for mode, times in recovered.items():
                time.sleep(1.5)
                subprocess.run([control, "stop", "-m", mode], check=True, stdout=subprocess.DEVNULL)
                time.sleep(given.away)
                subprocess.run([control, "start"], check=True, stdout=subprocess.DEVNULL)
                times.append(wait_for_a_write(drill.load))
        time.sleep(1)
        for mode, times in recovered.items():
            drill.row(f"first write after a start, {mode}, longest s", max(times), "<= 10", max(times) <= 10)
        drill.row("answers 503 to writes", drill.load.answers[503], ">= 1", drill.load.answers[503] > 0)
        # The service lives on: whoever asks gets an answer.
        unanswered = drill.load.answers["none"] + drill.load.reads["none"]
        drill.row("questions without an answer", unanswered, "0", unanswered == 0)
        drill.check()


def wait_for_a_write(load):
    began = time.monotonic()
    while load.last_write < began and time.monotonic() - began < 60:
        time.sleep(0.02)
    return time.monotonic() - began


main()
