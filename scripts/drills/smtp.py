"""The mail server gone and back under load: the API does not notice, all mail is delivered afterwards, and what the server
refuses for good is a dead letter."""

import time

from drill import Drill, arguments


def main():
    given = arguments(__doc__, away=(60.0, "seconds that the mail server stays away"))
    database = "PostgreSQL" if given.database_url else "SQLite"
    with Drill(f"mail server away for {given.away:.0f} s, {database}", given, reject_every=50, pause=0.05) as drill:
        time.sleep(2)
        drill.sink.stop()
        before = len(drill.load.acknowledged)
        time.sleep(given.away)
        taken = len(drill.load.acknowledged) - before
        mailed = sum(drill.sink.taken.values())
        drill.row("reports taken meanwhile", taken, ">= 1", taken > 0)
        drill.row("mails that had left before", mailed, ">= 1", mailed > 0)
        drill.sink.start()
        time.sleep(1)
        faults = sum(count for what, count in drill.load.answers.items() if what not in (200, 201))
        drill.row("writes not answered 200 or 201", faults, "0", faults == 0)
        drill.check()


main()
