"""kill -9 at random moments under load, and a start after each: nothing acknowledged is lost, no notice is lost, and the
service is ready again within five seconds."""

import random
import time

from drill import Drill, arguments


def main():
    given = arguments(__doc__, kills=(200, "how often"))
    database = "PostgreSQL" if given.database_url else "SQLite"
    with Drill(f"{given.kills} kills, {database}", given) as drill:
        ready, began = [], time.monotonic()
        for _ in range(given.kills):
            time.sleep(random.uniform(0.1, 1.5))
            drill.service.kill()
            ready.append(drill.service.start())
        # Some load after the last one too.
        time.sleep(1)
        drill.row("kills", given.kills)
        drill.row("seconds under load", time.monotonic() - began)
        drill.row("ready after a kill, median s", sorted(ready)[len(ready) // 2])
        drill.row("ready after a kill, longest s", max(ready), "<= 5", max(ready) <= 5)
        drill.check(given.kills)


main()
