"""What schemathesis must know of the service to get past its door: how to sign in, and what is there.

Most made-up ids are of nothing and most made-up versions are stale, so a run with those alone tests refusals. Most
requests that are meant to be right therefore get the id of something that is there, its version, and real organisations
in their body. Requests that are wrong on purpose are left as they are. `generate.py` runs this, once for each role.
"""

import atexit
import collections
import functools
import json
import os
import random
import re
import threading
import time
from pathlib import Path

import requests
import schemathesis
from schemathesis.core.parameters import ParameterLocation as Part
from urllib3.util import Retry

API = os.environ["CONFORMANCE_API"]
WHO = json.loads(os.environ["CONFORMANCE_WHO"])
WORLD = json.loads(Path(os.environ["CONFORMANCE_WORLD"]).read_text())
MAIL = Path(os.environ["CONFORMANCE_MAIL"])
TALLY = Path(os.environ["CONFORMANCE_TALLY"])
SECONDS = 30
TOKEN_SECONDS = 300  # a person's is good for fifteen minutes

chance = random.Random(os.environ["CONFORMANCE_SEED"])
lock = threading.RLock()
session = requests.Session()
# A kept connection may just have been closed by the service.
session.mount("http://", requests.adapters.HTTPAdapter(max_retries=Retry(3, backoff_factor=0.1, allowed_methods=None)))

# ---------------------------------------------------------------- signing in


def sign_in():
    if "email" in WHO:
        answer = session.post(f"{API}/sessions", json=WHO, timeout=SECONDS)
        name = "accessToken"
    else:
        answer = session.post(f"{API}/oauth/token", data=WHO | {"grant_type": "client_credentials"}, timeout=SECONDS)
        name = "access_token"
    answer.raise_for_status()
    return answer.json()[name]


@functools.cache
def token_of(period):
    return sign_in() if WHO else None


def token():
    with lock:
        return token_of(int(time.monotonic() / TOKEN_SECONDS))


class Bearer:
    """Signs in as whoever this run is. A call that ends its session gets a session of its own."""

    def get(self, case, _):
        ends = case.method.upper() == "DELETE" and "sessions" in case.path
        return sign_in() if ends else token()

    def set(self, case, token, _):
        case.headers["Authorization"] = f"Bearer {token}"


if WHO:
    schemathesis.auth(refresh_interval=None)(Bearer)


def look(path):
    """An answer outside the tests, or None."""
    headers = {"Authorization": f"Bearer {token()}"} if WHO else {}
    answer = session.get(f"{API}{path}", headers=headers, timeout=SECONDS)
    if answer.status_code == 401 and WHO:
        token_of.cache_clear()
    return answer if answer.status_code == 200 else None


# ---------------------------------------------------------------- what is there

KEYS = ("id", "code", "identifier", "number")
# By collection, as /reports: the keys of its items, the newest last.
things = {collection: list(keys) for collection, keys in WORLD["things"].items()}
# The run, or another's, would lose its own feet without these.
spared = set(WORLD["spared"])


def collection(path):
    """`/people/{id}` is of /people, and what is made at `/organisations/{id}/people` too."""
    return "/" + path.rsplit("/", 1)[1] if path.endswith(("}/people", "}/clients")) else path.split("/{")[0]


def remember(path, body):
    for item in body["items"] if isinstance(body.get("items"), list) else [body]:
        item = item.get("client", item) if isinstance(item, dict) else {}
        key = next((item[name] for name in KEYS if isinstance(item.get(name), (str, int))), None)
        keys = things.setdefault(collection(path), [])
        if key is not None and key not in keys:
            keys.append(key)


for found in list(things):
    if shown := look(f"{found}?limit=100"):
        remember(found, shown.json())
if shown := look("/reports?status=draft&limit=100"):
    remember("drafts", shown.json())


def pick(of, but=frozenset()):
    """The newest are picked oftener: what was just made can be changed."""
    keys = [key for key in things.get(of, []) if key not in but]
    return chance.choice(keys[-8:] if chance.random() < 0.5 else keys) if keys else None


# ---------------------------------------------------------------- better requests


def own_target(case):
    of = case.path.split("/{")[0]
    if of == "/me/sessions":  # one's own come and go with each sign-in
        things[of] = []
        if shown := look(of):
            remember(of, shown.json())
    elif of == "/reports" and case.method.upper() in ("PATCH", "DELETE"):
        of = "drafts"
    for name in case.path_parameters:
        if chance.random() < 0.75:
            case.path_parameters[name] = pick(of) or case.path_parameters[name]


def spare(case):
    """What must stay is never the target of a change."""
    of = case.path.split("/{")[0]
    if case.method.upper() in ("GET", "HEAD") or of not in ("/people", "/clients", "/organisations"):
        return
    for name, value in case.path_parameters.items():
        if str(value) in spared and not case.path.endswith(("}/people", "}/clients")):
            case.path_parameters[name] = pick(of, spared) or "00000000-0000-7000-8000-000000000000"


def own_version(case, path):
    if "If-Match" in case.headers and chance.random() < 0.85 and (shown := look(path)):
        case.headers["If-Match"] = shown.headers["ETag"]


ORGANISATIONS = ("lead", "suggestedAuthority", "successor", "onBehalfOf", "owner")
ANSWERS = {"publication": "stb-2026-123", "room": "artikel 4", "decisionReference": "BZK-2026-1", "domains": ["onderwijs-po"],
           "municipalities": ["GM1714"], "regulations": [{"citation": "BWBR0003420", "article": "153"}],
           "measure": {"kind": "amendment", "owner": "Directie", "targetDate": "2030-01-01"}}  # fmt: skip


LISTED = {"domains": "/domains", "municipalities": "/municipalities", "successors": "/municipalities", "provinces": "/provinces"}


def own_references(body):
    for name, value in body.items():
        if name in ORGANISATIONS and re.fullmatch(r"[0-9a-fA-F-]{36}", str(value)):
            body[name] = pick("/organisations") or value
        elif name == "contributors" and isinstance(value, list):
            body[name] = list({pick("/organisations") for _ in value} - {None})
        elif name in LISTED and isinstance(value, list):
            body[name] = list({pick(LISTED[name]) for _ in value[:5]} - {None})
        elif name in ("mergeInto", "report"):
            body[name] = pick("/reports") or value
        elif name == "reports" and isinstance(value, list):
            body[name] = list({pick("/reports") for _ in value[:5]} - {None})


def actions(path):
    """What can be done now: of a report by an answer of its own, of an experiment or a measure by what it says itself."""
    if path.startswith("/reports/"):
        return (shown := look(f"{path}/transitions")) and shown.json()["items"]
    seen = (shown := look(path)) and shown.json()
    if not seen:
        return None
    if "nextSteps" in seen:
        return [step for step in seen["nextSteps"] if step["ready"]]
    fields = {"update": ["note"], "add_reports": ["reports"], "complete": ["result", "evidence"], "drop": ["result"]}
    return [{"action": action, "required": fields[action], "optional": []} for action in seen.get("actions", [])]


def possible_action(body, path):
    """An action that can be taken now, with the generated values of the fields that it takes."""
    items = actions(path)
    if not items:
        return
    action = chance.choice(items)
    made = {"lead": pick("/organisations"), "mergeInto": pick("/reports"), "contributors": [], **{name: "Omdat het moet." for name in
            ("explanation", "publicExplanation", "reason", "question", "answer")},
            "outcome": chance.choice(["explanation", "practice_changed", "existing_room", "act_amended", "experiment"]),
            "confidentiality": "confidential", "note": "Op schema.", "result": "Klaar.", "evidence": "https://voorbeeld.nl/",
            "reports": [pick("/reports")], "report": pick("/reports"), "organisation": pick("/organisations"),
            "authority": pick("/organisations"), "date": time.strftime("%Y-%m-%d"), "findings": "Gelijk.", "decision": "stop",
            "decider": "Minister"} | ANSWERS  # fmt: skip
    fields = action["required"] + [name for name in action["optional"] if chance.random() < 0.5]
    values = {name: body.get(name, made.get(name)) if chance.random() < 0.5 else made.get(name, body.get(name)) for name in fields}
    body.clear()
    body.update({name: value for name, value in values.items() if value is not None}, action=action["action"])


def mailed_token():
    """The token of a link that was mailed to somebody whom a run invited; each works once. Those of the roles keep theirs."""
    files = [file for file in MAIL.glob("*.eml") if file not in used]
    for file in chance.sample(files, min(60, len(files))):
        text = file.read_bytes().decode(errors="replace").replace("\r\n", "\n").replace("=\n", "")
        found = re.search(r"#token=3D([A-Za-z0-9_-]{20,})", text)
        if found and re.search(rf"^To:.*{INVITED}", text, re.MULTILINE):
            used.add(file)
            return found[1]
    return None


used = set()
INVITED = "genodigde-"


def door(case):
    """What opens the operations that ask for a secret or an address of one's own."""
    match f"{case.method.upper()} {case.path}":
        case "POST /sessions":
            return WORLD["person"]
        case "POST /oauth/token":
            return WORLD["client"] | {"grant_type": "client_credentials"}
        case "POST /passwords":
            return {"token": mailed_token() or case.body["token"], "password": "een zin die niemand raadt"}
        case "POST /organisations/{id}/people":
            return {"email": f"{INVITED}{chance.getrandbits(40):x}@sluis.example", "roles": ["reporter"]}
        case "PATCH /experiments/{id}":
            case.body.clear()
            return {"title": "Een betere titel"}
        case "POST /measures":
            return {"kind": "other", "targetDate": "2030-01-01"}
        case "POST /experiments/{id}/observations":
            seen = (shown := look(case.formatted_path)) and look(case.formatted_path.removesuffix("/observations"))
            indicators = seen.json()["plan"]["indicators"] if shown and seen else []
            items = [{"indicator": one["id"], "of": "all", "observedOn": seen.json()["startedOn"], "value": 1} for one in indicators]
            return {"items": items} if items else {}
        case "PATCH /reports/{id}":
            case.body.clear()
            return {"title": "Een betere titel"}
        case "POST /regulations":
            made = {"identifier": f"CVDR{chance.randrange(10**6)}", "kind": "by_law", "level": "municipal", "title": "Verordening"}
            case.body.clear()
            return made
        case _:
            return {}


@schemathesis.hook
def before_call(_, case, kwargs):
    # Which parts are right is asked before any is changed.
    info = case.meta.components if case.meta else {}
    path_is, head_is, body_is = ((part in info and info[part].mode.is_positive) for part in (Part.PATH, Part.HEADER, Part.BODY))
    with lock:
        if path_is:
            own_target(case)
        spare(case)
        path = case.formatted_path.removesuffix("/transitions")
        if head_is:
            own_version(case, path)
            if "Idempotency-Key" in case.headers and chance.random() < 0.8:
                case.headers["Idempotency-Key"] = f"{chance.getrandbits(64):x}"
        if body_is and isinstance(case.body, dict):
            if case.path.endswith("}/transitions") and chance.random() < 0.7:
                possible_action(case.body, path)
            if chance.random() < 0.7:
                own_references(case.body)
            if chance.random() < 0.5:
                case.body.update(door(case))


# ---------------------------------------------------------------- what came back

tally = collections.Counter()


@schemathesis.hook
def after_call(_, case, response):
    with lock:
        tally[f"{case.operation.label} {response.status_code}"] += 1
        # Its session was ended by another call.
        if response.status_code == 401 and case.headers.get("Authorization") == f"Bearer {token()}":
            token_of.cache_clear()
        if response.status_code in (200, 201):
            try:
                remember(case.path, response.json())
            except (ValueError, AttributeError):
                pass
        if response.status_code == 204 and case.method.upper() == "DELETE" and case.path_parameters:
            keys = things.get(collection(case.path), [])
            keys[:] = [key for key in keys if str(key) not in map(str, case.path_parameters.values())]


@atexit.register
def write_tally():
    TALLY.write_text(json.dumps(tally))


# What makes a request invalid though it fits the document: rules that no schema tells. Each is described in docs/problems.md.
# Refusing such a request with the code of a schema would mean that the document and the service disagree.
SCHEMA_CODES = {"unknown_field", "wrong_type", "too_short", "too_long", "too_few", "too_many", "too_small", "too_large",
                "not_in_list", "wrong_format", "wrong_pattern", "repeated", "invalid"}  # fmt: skip


# Where the generator does not follow the document: a schema that refers to itself, and the query that stands in a text.
UNFOLLOWED = ("/condition", "/query/")


@schemathesis.hook
def filter_failure(_, failure, case, response):
    """Drops "schema-valid request rejected" where the refusal names a rule beyond the schema, and "schema-violating request
    accepted" where the answer refuses the faulty item of many in its place."""
    if type(failure).__name__ == "AcceptedNegativeData" and case.operation.path.startswith("/bulk-"):
        return response.json().get("failed", 0) == 0
    if type(failure).__name__ != "RejectedPositiveData" or response.status_code != 400:
        return True
    try:
        problem = response.json()
    except ValueError:
        return True
    faults = [fault for fault in problem.get("errors", []) if not fault["pointer"].startswith(UNFOLLOWED)]
    if problem.get("errors") and not faults:
        return False
    codes = {fault["code"] for fault in faults} or {problem.get("code")}
    return bool(codes & SCHEMA_CODES) or codes <= {None}
