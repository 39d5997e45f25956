#!/usr/bin/env python3
"""Generated calls (schemathesis) on a running service, as nobody and as each role; `schemathesis` beside this starts it."""

import argparse
import collections
import concurrent.futures
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.error
from pathlib import Path

from service import PEOPLE, Service

HERE = Path(__file__).resolve().parent
ROLES = ["anonymous", *(role for role, _, _ in PEOPLE), "client"]
METHODS = {"get", "post", "put", "patch", "delete"}
# Nobody can do these in a run: a notice is sent again only when it could not be sent, and here mail always leaves.
NEVER = {"POST /notices/{id}/resends"}


def arguments():
    parser = argparse.ArgumentParser(prog="scripts/conformance/schemathesis", description=__doc__)
    parser.add_argument("--program", required=True, help=argparse.SUPPRESS)
    parser.add_argument("--database-url", help=argparse.SUPPRESS)
    parser.add_argument("--role", action="append", choices=ROLES, help="only this one; may be repeated")
    parser.add_argument("--examples", type=int, default=10, help="generated calls of each operation, at most, a round (10)")
    parser.add_argument("--calls", type=int, default=0, help="go on, round after round, until each role has made so many")
    parser.add_argument("--max-time", type=int, default=1200, help="seconds a role may take (1200)")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful", help="phases of schemathesis")
    parser.add_argument("--seed", type=int, default=1, help="the same seed generates the same calls (1)")
    parser.add_argument("--jobs", type=int, default=1, help="roles at a time (1)")
    return parser.parse_args()


def world(service):
    """What the service holds, as who sees most finds it, and whom no run may remove."""
    seer, admin = service.sign_in("coordinator"), service.sign_in("admin")
    document = service.call("GET", "/openapi.json")
    things = {}
    for path, item in document["paths"].items():
        if "get" not in item or "{" in path or not path.strip("/"):
            continue
        if any(one.get("required") and one["in"] == "query" for one in item["get"].get("parameters", [])):
            continue
        if "application/json" not in item["get"]["responses"]["200"].get("content", {}):
            continue
        try:
            answer = service.call("GET", path, token=seer)
        except urllib.error.HTTPError as refused:
            if refused.code != 403:
                raise
            answer = service.call("GET", path, token=admin)
        if isinstance(answer.get("items"), list):
            key = next((name for name in ("id", "code", "identifier", "number") if answer["items"] and name in answer["items"][0]), None)
            things[path] = [item[key] for item in answer["items"]] if key else []
    spared = []
    for role, _, _ in PEOPLE:
        me = service.call("GET", "/me", token=service.sign_in(role))
        spared += [me["id"], me["organisation"]["id"]]
        for kind in ("people", "clients"):
            path = f"/organisations/{me['organisation']['id']}/{kind}"
            items = service.call("GET", f"{path}?limit=100", token=admin)["items"]
            keys = [item["id"] for item in items]
            things.setdefault(f"/{kind}", []).extend(keys)
            spared += [item["id"] for item in items if not item.get("email", "").startswith("genodigde-")]
    operations = {f"{method.upper()} {path}" for path, item in document["paths"].items() for method in METHODS & item.keys()}
    keys = {"person": service.who["reporter"], "client": service.who["client"]}
    return keys | {"things": things, "spared": sorted(set(spared))}, operations


class Run:
    """All rounds of one role."""

    def __init__(self, role):
        self.role, self.tally, self.findings, self.seconds = role, collections.Counter(), [], 0.0

    def go(self, options, service, folder):
        started = time.monotonic()
        for round_ in range(200):
            left = int(options.max_time - (time.monotonic() - started))
            if left < 1 or self.findings or (round_ and sum(self.tally.values()) >= options.calls):
                break
            self.round(options, service, folder, options.seed + round_, left)
        self.seconds = time.monotonic() - started
        return self

    def round(self, options, service, folder, seed, seconds):
        tally = folder / f"{self.role}-{seed}.json"
        environment = os.environ | {
            "CONFORMANCE_API": f"{service.url}/v1", "CONFORMANCE_WORLD": str(folder / "world.json"),
            "CONFORMANCE_WHO": json.dumps(service.who.get(self.role)), "CONFORMANCE_MAIL": str(service.mail),
            "CONFORMANCE_TALLY": str(tally), "CONFORMANCE_SEED": str(seed), "PYTHONHASHSEED": "0", "SCHEMATHESIS_HOOKS": str(HERE / "hooks.py"),
        }  # fmt: skip
        command = [
            sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", HERE / "schemathesis.toml",
            "run", f"{service.url}/v1/openapi.json", "--url", f"{service.url}/v1", "--phases", options.phases,
            "--max-examples", str(options.examples), "--seed", str(seed), "--generation-database", "none",
            "--request-timeout", "30", "--warnings", "off",
        ]  # fmt: skip
        try:
            done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, timeout=seconds + 60)
            told, code = done.stdout + done.stderr, done.returncode
        except subprocess.TimeoutExpired as late:
            told, code = f"{(late.stdout or b'').decode(errors='replace')}\nnot done in time", 1
        if tally.exists():
            self.tally.update(json.loads(tally.read_text()))
        if code != 0 or not self.tally:
            self.findings.append(f"== {self.role}, seed {seed}\n{told}")


# What the short form has accepted at the least: it makes too few calls to meet by chance what takes several steps, such as a
# draft message that is sent. The long form has to have every operation accepted.
SHARE = 0.8


def report(runs, operations, all_roles, long):
    accepted = {call.rsplit(" ", 1)[0] for run in runs for call in run.tally if call.rsplit(" ", 1)[1].startswith("2")}
    called = {call.rsplit(" ", 1)[0] for run in runs for call in run.tally}
    faults = [f"never called: {operation}" for operation in sorted(operations - called)]
    never = sorted(operations - accepted - NEVER)
    if all_roles and long:
        faults += [f"never accepted: {operation}" for operation in never]
    elif all_roles and len(never) > (1 - SHARE) * len(operations):
        faults += [f"accepted too seldom: {len(never)} operations never"]
    for run in runs:
        faults += [f"{count} times {call}" for call, count in run.tally.items() if call.rsplit(" ", 1)[1].startswith("5")]
    for finding in (finding for run in runs for finding in run.findings):
        print(finding)
    print(f"\n{'role':<12}{'calls':>8}{'2xx':>8}{'4xx':>8}{'5xx':>6}{'operations':>12}{'accepted':>10}{'seconds':>9}  findings")
    for run in runs:
        kinds = collections.Counter()
        for call, count in run.tally.items():
            kinds[call.rsplit(" ", 1)[1][0]] += count
        ops = {call.rsplit(" ", 1)[0] for call in run.tally}
        fine = {call.rsplit(" ", 1)[0] for call in run.tally if call.rsplit(" ", 1)[1].startswith("2")}
        print(f"{run.role:<12}{sum(kinds.values()):>8}{kinds['2']:>8}{kinds['4']:>8}{kinds['5']:>6}"
              f"{len(ops & operations):>8}/{len(operations):<3}{len(fine & operations):>10}{run.seconds:>9.0f}  {len(run.findings)}")  # fmt: skip
    for fault in faults:
        print(fault)
    if not long and never:
        print(f"not met by chance: {', '.join(never)}")
    failed = sum(bool(run.findings) for run in runs) + bool(faults)
    print(f"{sum(sum(run.tally.values()) for run in runs)} calls, {len(accepted & operations)} of {len(operations)} operations accepted")
    print(f"{len(runs) - sum(bool(run.findings) for run in runs)} passed, {failed} failed")
    return failed


def main():
    options = arguments()
    roles = options.role or ROLES
    with tempfile.TemporaryDirectory(prefix="meldpunt-conformance-") as folder:
        folder = Path(folder)
        with Service(options.program, folder / "service", options.database_url) as service:
            known, operations = world(service)
            (folder / "world.json").write_text(json.dumps(known))
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                runs = list(pool.map(lambda role: Run(role).go(options, service, folder), roles))
            panics = [line for line in service.log.read_text(errors="replace").splitlines() if "panicked" in line or " ERROR meldpunt" in line]
        print("\n".join(panics[:20]))
        sys.exit(1 if report(runs, operations, set(roles) == set(ROLES), "coverage" in options.phases) + bool(panics) else 0)


if __name__ == "__main__":
    main()
