"""Hands in a report as a municipality, has it assessed by the ministry and settled by the desk, and reads how it ended."""

import os
import sys
import uuid
from typing import Any, TypeVar

from meldpunt_client import AuthenticatedClient, Client
from meldpunt_client.api.organisations import list_organisations
from meldpunt_client.api.reports import get_report, submit_report
from meldpunt_client.api.sign_in import create_session
from meldpunt_client.api.workflow import make_transition
from meldpunt_client.models import (
    Action,
    CitationRequest,
    OrganisationPage,
    Outcome,
    Problem,
    Report,
    ReportRequest,
    SessionTokens,
    SignIn,
    Status,
    TransitionRequest,
)
from meldpunt_client.types import Response, Unset

URL = os.environ.get("MELDPUNT_URL", "http://127.0.0.1:8080")
PASSWORD = os.environ.get("MELDPUNT_PASSWORD", "knellende regels")

T = TypeVar("T")


def expect(kind: type[T], answer: Response[Any]) -> T:
    """What was answered, or the problem as an error: its `code` is stable, its texts are for people."""
    if isinstance(answer.parsed, kind):
        return answer.parsed
    if isinstance(answer.parsed, Problem):
        raise SystemExit(f"{answer.parsed.status} {answer.parsed.code}: {answer.parsed.detail} {answer.parsed.errors}")
    raise SystemExit(f"unexpected answer {answer.status_code}")


def sign_in(email: str) -> AuthenticatedClient:
    client = Client(base_url=f"{URL}/v1")
    answer = create_session.sync_detailed(client=client, body=SignIn(email=email, password=PASSWORD))
    tokens = expect(SessionTokens, answer)
    return AuthenticatedClient(base_url=f"{URL}/v1", token=tokens.access_token)


def act(client: AuthenticatedClient, report: uuid.UUID, transition: TransitionRequest) -> Report:
    """Reads the report and acts on that version: who acts on an older one is told 412 and looks again."""
    read = get_report.sync_detailed(report, client=client)
    expect(Report, read)
    answer = make_transition.sync_detailed(report, client=client, body=transition, if_match=read.headers["ETag"])
    after = expect(Report, answer)
    print(f"{transition.action:<14} {after.status}")
    return after


def main() -> int:
    reporter = sign_in("melder@sluis.example")
    new = ReportRequest(
        title="Opheffingsnorm dwingt laatste dorpsschool tot sluiting",
        description="De enige basisschool in de kern telt 41 leerlingen, onder de norm van 47.",
        effect="De school sluit; leerlingen reizen elf kilometer.",
        regulations=[CitationRequest(citation="BWBR0003420", article="153")],
        domains=["onderwijs-po"],
        municipalities=["GM1714"],
    )
    # The same key and body give the same answer again: safe to repeat after a broken connection.
    answer = submit_report.sync_detailed(client=reporter, body=new, idempotency_key=str(uuid.uuid4()))
    report = expect(Report, answer)
    print(report.reference, report.status)

    desk, liaison = sign_in("loket@bzk.example"), sign_in("contact@ocw.example")
    if report.status == Status.SUBMITTED:
        found = expect(OrganisationPage, list_organisations.sync_detailed(client=desk, q="OCW"))
        lead = next(one.id for one in found.items if one.abbreviation == "OCW")
        route = TransitionRequest(Action.ROUTE, lead=lead, contributors=[], explanation="De norm staat in de WPO.")
        act(desk, report.id, route)
    act(liaison, report.id, TransitionRequest(Action.ACCEPT))
    told, room = "De wet laat een gemiddelde schoolgrootte toe.", "WPO artikel 157"
    position = TransitionRequest(Action.TAKE_POSITION, outcome=Outcome.EXISTING_ROOM, public_explanation=told)
    act(liaison, report.id, position)
    settle = TransitionRequest(Action.SETTLE, outcome=Outcome.EXISTING_ROOM, public_explanation=told, room=room)
    act(desk, report.id, settle)

    result = expect(Report, get_report.sync_detailed(report.id, client=reporter))
    settlement = result.settlement
    if settlement is None or isinstance(settlement, Unset):
        return 1
    print(result.reference, f"{result.status}: {settlement.outcome}, {settlement.public_explanation}")
    return 0 if result.status == Status.SETTLED and settlement.outcome == Outcome.EXISTING_ROOM else 1


if __name__ == "__main__":
    sys.exit(main())
