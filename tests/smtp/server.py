#!/usr/bin/env python3
"""A real SMTP server for the tests, on loopback. scripts/test starts it.

    server.py FOLDER CERTIFICATE KEY

It needs aiosmtpd, and TEST_SMTP_USER and TEST_SMTP_PASSWORD in the environment. It listens on three free ports
and, once it accepts connections, writes them to FOLDER/ports, one `name port` a line:

    plain    no TLS, no authentication
    tls      STARTTLS required, then AUTH
    smtps    TLS from the first byte, then AUTH

A message that arrives becomes two files in FOLDER: N.eml, the message as it was sent, and N.json, its envelope.
The envelope is put in place last, so whoever sees N.json finds N.eml complete.
Every answer to a RCPT is a line of FOLDER/attempts.jsonl, so a test can count tries and connections.

The start of the recipient's local part decides the answer:

    greylist...    451 at the first try, accepted after that
    defer...       451 at every try
    reject...      550 at every try
    drop...        the message is stored, but the first time the connection breaks before the answer
"""

import asyncio
import itertools
import json
import os
import ssl
import sys
from pathlib import Path

from aiosmtpd.smtp import SMTP, AuthResult


class Mailbox:
    """What all connections share: the folder, the counters, and who was seen before."""

    def __init__(self, folder):
        self.folder = folder
        self.messages = itertools.count(1)
        self.connections = itertools.count(1)
        self.seen = set()

    def first_time(self, kind, recipient):
        key = (kind, recipient.lower())
        known = key in self.seen
        self.seen.add(key)
        return not known

    def answer_to(self, recipient):
        local = recipient.lower()
        if local.startswith("reject"):
            return "550 5.1.1 No such mailbox"
        if local.startswith("defer"):
            return "451 4.3.0 Try again later"
        if local.startswith("greylist") and self.first_time("greylist", recipient):
            return "451 4.7.1 Greylisted, try again later"
        return "250 2.1.5 OK"

    def note_attempt(self, line):
        with open(self.folder / "attempts.jsonl", "a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")

    def store(self, facts, content):
        name = f"{next(self.messages):06}"
        (self.folder / f"{name}.eml").write_bytes(content)
        unfinished = self.folder / f"{name}.json.part"
        unfinished.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")
        unfinished.rename(self.folder / f"{name}.json")


class Connection:
    """The aiosmtpd handler of one connection."""

    def __init__(self, mailbox, port_name):
        self.mailbox = mailbox
        self.facts = {"port": port_name, "connection": next(mailbox.connections)}

    async def handle_RCPT(self, server, session, envelope, address, options):
        answer = self.mailbox.answer_to(address)
        if answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        self.mailbox.note_attempt(
            {**self.facts, "mailFrom": envelope.mail_from, "rcptTo": address, "code": int(answer[:3])}
        )
        return answer

    async def handle_DATA(self, server, session, envelope):
        facts = {
            **self.facts,
            "tls": session.ssl is not None or self.facts["port"] == "smtps",
            "user": session.auth_data if session.authenticated else None,
            "helo": session.host_name,
            "mailFrom": envelope.mail_from,
            "rcptTo": envelope.rcpt_tos,
        }
        self.mailbox.store(facts, envelope.original_content)
        if any(r.lower().startswith("drop") and self.mailbox.first_time("drop", r) for r in envelope.rcpt_tos):
            server.transport.abort()
        return "250 2.0.0 OK"


def authenticator(user, password):
    def check(server, session, envelope, mechanism, data):
        right = mechanism in ("PLAIN", "LOGIN") and (data.login, data.password) == (user.encode(), password.encode())
        # handled=False: aiosmtpd itself then answers 535.
        return AuthResult(success=right, handled=False, auth_data=user)

    return check


async def listen(mailbox, port_name, tls=None, **options):
    """Starts one listener on a free port and returns the port."""
    loop = asyncio.get_running_loop()

    def connection():
        # The host name is given because aiosmtpd would otherwise ask the DNS for it.
        return SMTP(
            Connection(mailbox, port_name), hostname="smtp.test", enable_SMTPUTF8=True, loop=loop, **options
        )

    server = await loop.create_server(connection, "127.0.0.1", 0, ssl=tls)
    return server.sockets[0].getsockname()[1]


async def main(folder, certificate, key):
    parent = os.getppid()
    mailbox = Mailbox(folder)
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)
    auth = {
        "auth_required": True,
        "authenticator": authenticator(os.environ["TEST_SMTP_USER"], os.environ["TEST_SMTP_PASSWORD"]),
    }
    ports = {
        "plain": await listen(mailbox, "plain"),
        "tls": await listen(mailbox, "tls", tls_context=tls, require_starttls=True, **auth),
        # aiosmtpd counts only STARTTLS as TLS, so here it must not insist on it.
        "smtps": await listen(mailbox, "smtps", tls=tls, auth_require_tls=False, **auth),
    }
    unfinished = folder / "ports.part"
    unfinished.write_text("".join(f"{name} {port}\n" for name, port in ports.items()))
    unfinished.rename(folder / "ports")
    # A test script that was killed outright cannot stop its server, so the server looks for itself.
    while os.getppid() == parent:
        await asyncio.sleep(1)


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    asyncio.run(main(Path(sys.argv[1]), sys.argv[2], sys.argv[3]))
