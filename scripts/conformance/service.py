"""A filled service to try others' tools on: somebody in every role, an API client, and reports in its database."""

import base64
import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
PASSWORD = "knellende regels"
MUNICIPALITY = "GM1714"
REPORTS = 16
INVITED = 12
# Role, organisation, address. They are posts, not people.
PEOPLE = [
    ("reporter", MUNICIPALITY, "melder@sluis.example"),
    ("org_admin", MUNICIPALITY, "beheer@sluis.example"),
    ("desk", "BZK", "loket@bzk.example"),
    ("coordinator", "BZK", "coordinator@bzk.example"),
    ("analyst", "BZK", "analist@bzk.example"),
    ("admin", "BZK", "beheer@bzk.example"),
    ("liaison", "OCW", "contact@ocw.example"),
]


class Service:
    """Runs from `with` until its end. `who` has the credentials by role, that of the API client as `client`."""

    def __init__(self, program, folder, database):
        self.program, self.folder = Path(program).resolve(), Path(folder)
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.mail = self.folder / "mail"
        self.log = self.folder / "service.log"
        self.who = {}
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("MELDPUNT_")},
            "DATABASE_URL": database or f"sqlite://{self.folder}/meldpunt.db",
            "MELDPUNT_LISTEN": f"127.0.0.1:{port}",
            "PUBLIC_URL": self.url,
            "MELDPUNT_MAIL": f"file://{self.mail}",
            "MELDPUNT_SEAL_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
            "MELDPUNT_PASSWORD_MEMORY": "1024",  # everybody knows the password
            "MELDPUNT_LOG": "warn",
            # Generated calls come faster than anybody's, and guess passwords.
            **dict.fromkeys(("MELDPUNT_RATE_ADDRESS", "MELDPUNT_RATE_PRINCIPAL", "MELDPUNT_SIGN_IN_FAILURES"), "0"),
        }

    def __enter__(self):
        self.folder.mkdir(parents=True, exist_ok=True)
        self.add_people()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen([self.program, "serve"], env=self.environment, cwd=self.folder, stdout=log, stderr=log)
        try:
            self.wait()
            self.add_reports()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def add_people(self):
        for role, organisation, email in PEOPLE:
            name = f"Post {role}"
            self.admin("person", "--organisation", organisation, "--email", email, "--name", name, "--role", role, "--password-stdin")
            self.who[role] = {"email": email, "password": PASSWORD}
        # Mailed a link, not yet taken up: for what is done with invitations and first passwords.
        for number in range(INVITED):
            email = f"genodigde-{number}@sluis.example"
            self.admin("person", "--organisation", MUNICIPALITY, "--email", email, "--name", "Genodigde", "--role", "reporter", "--mail-link")
        told = self.admin("client", "--organisation", MUNICIPALITY, "--name", "Zaaksysteem", "--role", "reporter")
        words = dict(line.rsplit(maxsplit=1) for line in told.splitlines() if line.startswith("client "))
        self.who["client"] = {"client_id": words["client id"], "client_secret": words["client secret"]}

    def admin(self, *arguments):
        done = subprocess.run(
            [self.program, "admin", *arguments], env=self.environment, cwd=self.folder,
            input=PASSWORD, capture_output=True, text=True, timeout=120,
        )  # fmt: skip
        if done.returncode != 0:
            raise SystemExit(f"admin {arguments[0]} failed: {done.stdout}{done.stderr}")
        return done.stdout

    def wait(self):
        for _ in range(300):
            if self.process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/health/ready", timeout=5).close()
                return
            except OSError:
                time.sleep(0.1)
        raise SystemExit(f"the service does not start:\n{self.log.read_text(errors='replace')}")

    def call(self, method, path, body=None, token=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def sign_in(self, role):
        return self.call("POST", "/sessions", self.who[role])["accessToken"]

    def add_reports(self):
        """The sample reports as if they were all of one municipality; some routed by rule, some left to the desk."""
        token = self.sign_in("reporter")
        samples = json.loads((PROJECT / "src/reference/data/sample-reports.json").read_text())["items"]
        for number, sample in enumerate(samples[:REPORTS]):
            rules = [{key: rule[key] for key in ("citation", "article") if rule.get(key)} for rule in sample["regulations"]]
            body = {
                "title": sample["title"], "description": sample["description"], "effect": sample["effect"],
                "regulations": rules, "domains": sample["domains"], "municipalities": [MUNICIPALITY],
                "draft": number % 3 == 2,
            }  # fmt: skip
            self.call("POST", "/reports", body, token)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    # service.py PROGRAM FOLDER COMMAND...: runs the command with the service's address in MELDPUNT_URL.
    with Service(sys.argv[1], sys.argv[2], None) as running:
        environment = os.environ | {"MELDPUNT_URL": running.url, "MELDPUNT_PASSWORD": PASSWORD}
        code = subprocess.run(sys.argv[3:], env=environment).returncode
    sys.exit(code)
