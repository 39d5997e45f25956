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
            self.add_experiments()
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

    def call(self, method, path, body=None, token=None, version=None):
        headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {token}"} if token else {})
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/v1{path}", data, headers, method=method)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    def change(self, method, path, body, token):
        """As what is there now is seen."""
        of = path.removesuffix("/transitions")
        return self.call(method, path, body, token, self.call("GET", of, token=token)["version"])

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


    def add_experiments(self):
        """A proposal, an experiment that runs with a value observed, and a measure; what is drafted, linked and shared."""
        reporter, desk, lead = (self.sign_in(role) for role in ("reporter", "desk", "liaison"))
        home, ocw = (self.call("GET", "/me", token=token)["organisation"]["id"] for token in (reporter, lead))
        today = time.strftime("%Y-%m-%d")
        reports = [self.add_report(reporter, number) for number in range(4)]
        for report in reports[1:3]:
            self.change("POST", f"/reports/{report}/transitions", {"action": "accept"}, lead)
            position = {"action": "take_position", "outcome": "experiment", "publicExplanation": "Wij proberen het."}
            self.change("POST", f"/reports/{report}/transitions", position, lead)
        self.call("POST", "/experiments", {"title": "Voorstel", "idea": "Zonder de norm.", "report": reports[0]}, reporter)
        made = self.call("POST", "/experiments", {"title": "Proef", "idea": "Zonder de norm.", "report": reports[1]}, lead)
        path = f"/experiments/{made['id']}"
        indicator = {"name": "Leerlingen", "definition": "Aantal.", "unit": "n", "direction": "higher", "frequency": "month",
                     "primary": True, "baselines": [{"value": 40, "measuredOn": "2026-01-01"}]}  # fmt: skip
        plan = {"purpose": "Nagaan of het kan.", "scope": "Kernen.", "hypothesis": "Gelijk.", "stopCriteria": "Onvoldoende.",
                "evaluator": "Bureau", "evaluationPlan": "Voor en na.", "comparisonGroup": "Andere.", "indicators": [indicator],
                "legalBasis": {"clause": {"citation": "BWBR0003420"}, "instrument": "act", "publication": "stb-2026-123",
                               "maximumMonths": 48, "extensionMonths": 12},
                "startsOn": today, "endsOn": f"{int(today[:4]) + 2}{today[4:8]}28"}  # fmt: skip
        self.change("PATCH", path, {"plan": plan}, lead)
        for action in (
            {"action": "submit_for_check", "authority": ocw}, {"action": "register"},
            {"action": "admit", "organisation": home, "date": today}, {"action": "start"},
        ):  # fmt: skip
            seen = self.change("POST", f"{path}/transitions", action, lead)
        observed = {"indicator": seen["plan"]["indicators"][0]["id"], "participant": home, "observedOn": seen["startedOn"], "value": 41}
        self.call("POST", f"{path}/observations", {"items": [observed]}, lead)
        measure = {"kind": "other", "title": "Maatregel", "owner": "Directie", "targetDate": "2030-01-01", "reports": [reports[2]]}
        self.call("POST", "/measures", measure, lead)
        shared = {"action": "publish", "audience": "public", "title": "Norm", "summary": "De norm knelt."}
        self.change("POST", f"/reports/{reports[3]}/transitions", shared, desk)
        self.call("POST", f"/reports/{reports[3]}/links", {"kind": "related", "report": reports[0]}, desk)
        self.call("POST", f"/reports/{reports[3]}/messages", {"audience": "reporter", "text": "Kaart?", "draft": True}, desk)

    def add_report(self, token, number):
        body = {"title": f"Norm {number}", "description": "De norm knelt.", "effect": "De school sluit.", "municipalities": [MUNICIPALITY],
                "regulations": [{"citation": "BWBR0003420", "article": "153"}]}  # fmt: skip
        return self.call("POST", "/reports", body, token)["id"]


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
