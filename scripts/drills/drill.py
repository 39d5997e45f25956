"""What all drills share: a service to hurt, clients that write down what they were told, a mail server, and the checker."""

import argparse
import base64
import http.client
import itertools
import json
import os
import random
import re
import secrets
import signal
import socket
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
import urllib.parse
import uuid
from collections import Counter
from pathlib import Path

PASSWORD = "knellende regels"
ADMIN = "beheer@bzk.example"
# A node keeps what it took for sending ten times as long; short, so that a drill need not wait long for it.
MAIL_TIMEOUT = 2
# Sent and not yet marked when a worker dies: waiting to be marked, being marked, in flight (src/worker/outbox.rs).
UNMARKED = 2 * 8 + 1


class Service:
    """One node, at one address through all its lives."""

    def __init__(self, program, folder, database, sink):
        self.program, self.folder = Path(program).resolve(), Path(folder)
        self.port, self.process = free_port(), None
        self.log = (self.folder / "service.log").open("ab")
        self.environment = {
            "DATABASE_URL": database or f"sqlite://{self.folder}/meldpunt.db",
            "MELDPUNT_LISTEN": f"127.0.0.1:{self.port}",
            "PUBLIC_URL": f"http://127.0.0.1:{self.port}",
            "MELDPUNT_MAIL": f"smtp+plain://127.0.0.1:{sink.port}",
            "MELDPUNT_MAIL_TIMEOUT_SECONDS": str(MAIL_TIMEOUT),
            "MELDPUNT_SEAL_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "MELDPUNT_PASSWORD_MEMORY": "1024",
            "MELDPUNT_DRAIN_SECONDS": "0",
            "MELDPUNT_LOG": "error",
            # A drill is faster than anybody.
            **dict.fromkeys(("MELDPUNT_RATE_ADDRESS", "MELDPUNT_RATE_PRINCIPAL", "MELDPUNT_SIGN_IN_FAILURES"), "0"),
        }

    def admin(self, *arguments):
        done = subprocess.run(
            [self.program, "admin", *arguments], env=self.environment, cwd=self.folder,
            input=PASSWORD, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"admin {arguments[0]} failed: {done.stdout}{done.stderr}")
        return dict(line.rsplit(maxsplit=1) for line in done.stdout.splitlines() if line.startswith("client "))

    def start(self):
        """Returns the seconds until it is ready."""
        began = time.monotonic()
        self.process = subprocess.Popen(
            [self.program, "serve"], env=self.environment, cwd=self.folder, stdout=self.log, stderr=self.log
        )
        while time.monotonic() - began < 60:
            if self.process.poll() is not None:
                break
            try:
                if call(self.port, "GET", "/health/ready")[0] == 200:
                    return time.monotonic() - began
            except OSError:
                pass
            time.sleep(0.01)
        raise SystemExit(f"the service does not start:\n{Path(self.log.name).read_text(errors='replace')[-2000:]}")

    def kill(self):
        self.process.kill()
        self.process.wait()

    def stop(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.kill()

    def sign_in(self):
        status, _, body = call(self.port, "POST", "/v1/sessions", {"email": ADMIN, "password": PASSWORD})
        if status != 201:
            raise SystemExit(f"the administrator cannot sign in: {status} {body}")
        return body["accessToken"]


def call(port, method, path, body=None, token=None, headers=(), connection=None):
    """Status, headers and body of an answer; an OSError when there was none."""
    own = connection or http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    fields = dict(headers)
    if body is not None:
        fields["Content-Type"] = "application/json"
    if token:
        fields["Authorization"] = f"Bearer {token}"
    try:
        own.request(method, path, None if body is None else json.dumps(body), fields)
        answer = own.getresponse()
        text = answer.read()
    except http.client.HTTPException as broken:
        raise ConnectionError(str(broken)) from broken
    finally:
        if not connection:
            own.close()
    return answer.status, answer.headers, json.loads(text) if text else None


class Sink:
    """A mail server on one port through all its lives. It notes what it takes before it says so."""

    def __init__(self):
        self.port, self.taken, self.lock = free_port(), Counter(), threading.Lock()
        self.open, self.server = set(), None

    def start(self):
        sink = self

        class Conversation(socketserver.StreamRequestHandler):
            def handle(self):
                sink.open.add(self.connection)
                try:
                    self.converse()
                except (OSError, ValueError):
                    pass
                finally:
                    sink.open.discard(self.connection)

            def say(self, line):
                self.wfile.write(f"{line}\r\n".encode())

            def converse(self):
                self.say("220 drill")
                while line := self.rfile.readline():
                    word = line[:4].upper()
                    if word == b"RCPT" and b"reject" in line:
                        self.say("550 5.1.1 no such mailbox")
                    elif word == b"DATA":
                        self.say("354 go on")
                        lines = list(itertools.takewhile(lambda line: line not in (b".\r\n", b""), self.rfile))
                        found = re.search(r"^message-id:\s*<([^>]+)>", b"".join(lines).decode(errors="replace"), re.I | re.M)
                        with sink.lock:
                            sink.taken[found[1]] += 1
                        self.say("250 2.0.0 taken")
                    elif word == b"QUIT":
                        self.say("221 bye")
                        return
                    else:
                        self.say("250 drill")

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            daemon_threads = True

        self.server = Server(("127.0.0.1", self.port), Conversation)
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()
        for connection in list(self.open):
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass


class Load:
    """Clients that hand in reports and withdraw every third, and one that reads. What was answered is written down; what
    was not is asked again with the same Idempotency-Key, as a client does that wants to know."""

    def __init__(self, service, threads=6, reject_every=0, pause=0.0):
        self.service, self.reject_every, self.pause = service, reject_every, pause
        self.done, self.lock, self.numbers = threading.Event(), threading.Lock(), itertools.count(1)
        self.acknowledged = {}  # id: status
        self.undecided, self.rejected = [], 0
        self.answers, self.reads, self.wrong = Counter(), Counter(), []
        self.last_write = 0.0
        self.credentials = service.admin("client", "--organisation", "GM1714", "--name", "Zaaksysteem", "--role", "reporter")
        self.threads = [threading.Thread(target=self.guard, args=(self.write,), daemon=True) for _ in range(threads)]
        self.threads.append(threading.Thread(target=self.guard, args=(self.read,), daemon=True))

    def start(self):
        fields = {"grant_type": "client_credentials", **{name.replace(" ", "_"): word for name, word in self.credentials.items()}}
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        connection.request(
            "POST", "/v1/oauth/token", urllib.parse.urlencode(fields), {"Content-Type": "application/x-www-form-urlencoded"}
        )
        self.token = json.load(connection.getresponse())["access_token"]
        connection.close()
        for thread in self.threads:
            thread.start()

    def stop(self):
        """The service must be well by now: every question is asked until it is answered."""
        self.done.set()
        for thread in self.threads:
            thread.join(90)
            if thread.is_alive():
                self.wrong.append("a client has had no answer for 90 seconds")

    def guard(self, work):
        try:
            work()
        except Exception as fault:  # noqa: BLE001 - whatever it is, the drill must say it
            self.wrong.append(f"a client broke off: {fault!r}")

    def ask(self, connection, method, path, body=None, counts=None, **headers):
        """An answer, or nothing when there was none or it was 503."""
        try:
            status, fields, answer = call(None, method, path, body, self.token, headers.items(), connection)
        except OSError:
            connection.close()
            self.note(counts, "none")
            time.sleep(0.02)
            return None
        self.note(counts, status)
        if status == 503:
            if not fields.get("Retry-After"):
                self.wrong.append(f"503 without Retry-After: {method} {path}")
            time.sleep(0.1)
            return None
        return status, fields, answer

    def note(self, counts, what):
        with self.lock:
            counts[what] += 1

    def persist(self, connection, path, body, **headers):
        """Asks until there is an answer."""
        headers["Idempotency-Key"] = str(uuid.uuid4())
        while not (answer := self.ask(connection, "POST", path, body, self.answers, **headers)):
            pass
        return answer

    def write(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        while not self.done.is_set():
            number = next(self.numbers)
            rejected = self.reject_every and number % self.reject_every == 0
            status, fields, answer = self.persist(connection, "/v1/reports", report(number, rejected))
            if status != 201:
                self.wrong.append(f"a report was answered with {status}: {answer}")
                continue
            with self.lock:
                self.acknowledged[answer["id"]] = answer["status"]
                self.rejected += bool(rejected)
                self.last_write = time.monotonic()
            if number % 3 == 0:
                self.withdraw(connection, answer["id"], fields["ETag"], rejected)
            time.sleep(self.pause)

    def withdraw(self, connection, identifier, etag, rejected):
        body = {"action": "withdraw", "reason": "Niet meer nodig."}
        path = f"/v1/reports/{identifier}/transitions"
        status, _, answer = self.persist(connection, path, body, **{"If-Match": etag})
        if status == 200:
            with self.lock:
                self.acknowledged[identifier] = "withdrawn"
                self.rejected += bool(rejected)
        else:
            self.wrong.append(f"a withdrawal was answered with {status}: {answer}")

    def read(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.service.port, timeout=30)
        while not self.done.is_set():
            answer = self.ask(connection, "GET", "/v1/reports?limit=5", None, self.reads)
            if answer and answer[0] != 200:
                self.wrong.append(f"a list was answered with {answer[0]}: {answer[2]}")
            time.sleep(0.02)


def report(number, rejected):
    return {
        "title": f"Leerlingenvervoer stopt bij de grens {number}",
        "description": "De dichtstbijzijnde school ligt in Vlaanderen; vervoer daarheen mag niet worden vergoed.",
        "effect": "Elf gezinnen rijden dagelijks vijftig kilometer.",
        "regulations": [{"citation": "BWBR0003420", "article": "4"}],
        "domains": ["onderwijs-po"], "municipalities": ["GM1714"],
        "contact": {"name": "Team", "email": f"{'reject' if rejected else 'team'}{number}@example.org"},
    }  # fmt: skip


class Drill:
    """A drill from its start to its table: `with Drill(...) as drill`. A missed bar makes the exit code 1."""

    def __init__(self, name, arguments, folder=None, **load):
        self.name, self.rows, self.missed = name, [], []
        self.keep = tempfile.TemporaryDirectory(prefix="meldpunt-drill-", dir=folder)
        self.sink = Sink()
        self.service = Service(arguments.program, self.keep.name, arguments.database_url, self.sink)
        self.load_options = load

    def __enter__(self):
        self.sink.start()
        self.service.admin(
            "person", "--organisation", "BZK", "--email", ADMIN, "--name", "Beheer", "--role", "admin", "--password-stdin"
        )
        self.load = Load(self.service, **self.load_options)
        self.row("ready at the first start, s", self.service.start())
        self.load.start()
        return self

    def __exit__(self, kind, *_):
        self.load.done.set()
        if self.service.process.poll() is None:
            self.service.stop()
        self.sink.stop()
        if kind is None:
            self.print()
        self.keep.cleanup()
        if kind is None and self.missed:
            sys.exit(1)

    def row(self, what, figure, bar=None, ok=True):
        figure = f"{figure:.2f}" if isinstance(figure, float) else str(figure)
        self.rows.append((what, figure, bar or "", "" if bar is None else "ok" if ok else "MISSED"))
        if not ok:
            self.missed.append(what)

    def print(self):
        print(f"\n{self.name}")
        widths = [max(len(row[column]) for row in self.rows) for column in range(3)]
        for row in self.rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, [*widths, 0])).rstrip())
        sys.stdout.flush()

    def list(self, path, token):
        cursor = ""
        while cursor is not None:
            mark = "&" if "?" in path else "?"
            status, _, page = call(self.service.port, "GET", f"{path}{mark}limit=100{cursor}", token=token)
            if status != 200:
                raise SystemExit(f"{path} answers {status}: {page}")
            yield from page["items"]
            cursor = page["nextCursor"] and f"&cursor={urllib.parse.quote(page['nextCursor'])}"

    def check(self, kills=0):
        """Compares what was acknowledged with what is there, and what was queued with what was mailed."""
        load = self.load
        load.stop()
        there = {item["id"]: item["status"] for item in self.list("/v1/reports", load.token)}
        lost = [key for key in load.acknowledged if key not in there]
        other = [key for key, status in load.acknowledged.items() if key in there and there[key] != status]
        self.row("reports acknowledged", len(load.acknowledged))
        self.row("of these withdrawn, acknowledged", sum(status == "withdrawn" for status in load.acknowledged.values()))
        self.row("acknowledged and lost", len(lost) + len(other), "0", not lost and not other)
        # Every question was asked until it was answered, so there is nothing else either.
        self.row("there and never acknowledged", len(there.keys() - load.acknowledged.keys()), "0", there.keys() <= load.acknowledged.keys())
        self.check_events()
        self.row("answers to writes", tally(load.answers))
        self.row("answers to reads", tally(load.reads))
        self.row("answers that must not be", len(load.wrong), "0", not load.wrong)
        for wrong in load.wrong[:10]:
            print(f"{self.name}: {wrong}", file=sys.stderr)
        self.check_mail(kills)

    def check_events(self):
        known = self.load.acknowledged
        picked = random.sample(sorted(known), min(300, len(known)))
        short = 0
        for key in picked:
            kinds = {event["kind"] for event in self.list(f"/v1/reports/{key}/events", self.load.token)}
            short += not kinds >= ({"submit", "withdraw"} if known[key] == "withdrawn" else {"submit"})
        self.row(f"of {len(picked)} timelines, short of an event", short, "0", short == 0)

    def check_mail(self, kills):
        token = self.service.sign_in()
        began = time.monotonic()
        while waiting := next(self.list("/v1/notices?state=queued", token), None):
            if time.monotonic() - began > 15 * 60:
                break
            time.sleep(0.5)
        self.row("mail done after the last fault, s", time.monotonic() - began, "<= 900", waiting is None)
        sent = {f"notice-{notice['id']}" for notice in self.list("/v1/notices?state=sent", token)}
        dead = sum(1 for _ in self.list("/v1/notices?state=dead", token))
        taken = {name.split("@")[0]: times for name, times in self.sink.taken.items()}
        twice = {name: times for name, times in taken.items() if times > 1}
        queued = len(sent) + dead
        expected = len(self.load.acknowledged) + sum(status == "withdrawn" for status in self.load.acknowledged.values())
        self.row("notices queued", queued, str(expected), queued == expected)
        self.row("sent and never mailed", len(sent - taken.keys()), "0", sent <= taken.keys())
        self.row("mailed and not in the outbox", len(taken.keys() - sent), "0", taken.keys() <= sent)
        self.row("dead letters", dead, str(self.load.rejected), dead == self.load.rejected)
        # Without a kill a fault of the database may still come between a message and its mark.
        most = max(kills, 1) * UNMARKED
        self.row("mailed more than once", len(twice), f"<= {most}", len(twice) <= most)
        for name, times in sorted(twice.items()):
            print(f"{self.name}: {times} times <{name}@...>", file=sys.stderr)


def tally(counts):
    return ", ".join(f"{count} {what}" for what, count in sorted(counts.items(), key=str))


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def arguments(about, **extra):
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--program", required=True, help="the binary")
    parser.add_argument("--database-url", help="a PostgreSQL; a SQLite file of its own without")
    for name, (default, text) in extra.items():
        parser.add_argument(f"--{name}", type=type(default), default=default, help=text)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    return parser.parse_args()
