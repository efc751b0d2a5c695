#!/usr/bin/env python3
"""An organization out of reach, sign-ins that fail and replicas that belong elsewhere: the exit code and
the sentence of each, and that the queue is untouched.

    tests/wire/cli/network_test.py build/hawser
"""

import shutil
import socket
import subprocess
import sys
import tempfile

from desk import Desk, Organization, PROGRAM
from cases import Skip, case, run


@case
def an_organization_out_of_reach_is_named_and_local_work_goes_on():
    with Desk() as desk:
        host = desk.front.url.removeprefix("http://")
        desk.front.close()
        for command in ("sync", "verify", "go-online", "refresh"):
            desk.run(command).says(3, f"cannot reach {host}", "refused")
        desk.queue_is_untouched()
        desk.run("set", "contact", desk.other, "jobtitle=On a plane").says(0)
        assert desk.json("show", "contact", desk.other)["columns"]["jobtitle"] == "On a plane"
        assert desk.json("status")["state"] == "disconnected"


@case
def the_doctor_finds_nothing_where_all_is_well_and_the_fault_where_not():
    with Desk() as desk:
        assert {check["result"] for check in desk.json("doctor")} == {"Success"}, desk.run("doctor").out
        wrong = desk.run("doctor", token="wrong")
        assert wrong.code == 4 and "Sign in again" in wrong.out, wrong.out
        desk.front.close()
        away = desk.run("doctor")
        assert away.code == 3 and "cannot reach" in away.out, away.out


@case
def an_organization_that_asks_for_quiet_is_left_alone_and_the_moment_is_told():
    def quiet(handler):
        handler.close_connection = True
        handler.send_response(429)
        handler.send_header("Retry-After", "300")
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(b'{"error":{"code":"0x80072322","message":"Number of requests exceeded"}}')
        return True

    with Desk() as desk:
        desk.front.hostile = quiet
        desk.run("sync").says(1, "send nothing for a while: nothing before 20")
        asked = len(desk.front.seen)
        desk.run("sync").says(1, "nothing before 20")
        desk.run("go-offline").says(1, "nothing before 20", "--now")
        assert len(desk.front.seen) == asked, "nothing is sent meanwhile, by other processes either"
        status = desk.json("status")
        assert status["next_attempt"] and status["waiting"][0]["next_attempt"] == status["next_attempt"], status
        assert "Nothing is sent before 20" in desk.run("status").out, desk.run("status").out
        doctor = {check["check"]: check for check in desk.json("doctor")}
        assert doctor["throttling"]["result"] == "Failure" and "before 20" in doctor["throttling"]["found"], doctor
        assert doctor["signed in"]["result"] == "Not run" and "Sign in" not in str(doctor), doctor
        desk.queue_is_untouched()


@case
def a_name_that_does_not_resolve_is_named():
    with Desk() as desk:
        desk.run("init", str(desk.directory / "new"), "--organization", "https://organization.invalid",
                 "--mailbox", "ada@organization.example").says(3, "organization.invalid", "resolve")
        assert not (desk.directory / "new").exists()


@case
def a_failed_tls_handshake_is_told_as_such():
    with Desk() as desk:
        desk.run("init", str(desk.directory / "new"), "--organization",
                 desk.organization.url.replace("http:", "https:"),
                 "--mailbox", "ada@organization.example").says(3, "no secure connection to 127.0.0.1")
        assert not (desk.directory / "new").exists()


@case
def a_certificate_that_nobody_vouches_for_is_refused():
    if not shutil.which("openssl"):
        raise Skip("openssl is not here to make a certificate")
    with tempfile.TemporaryDirectory() as directory, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
        probe.close()
        subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "key", "-out",
                        "certificate", "-subj", "/CN=127.0.0.1"], cwd=directory, check=True, capture_output=True)
        server = subprocess.Popen(["openssl", "s_server", "-accept", str(port), "-key", "key", "-cert", "certificate",
                                   "-www"], cwd=directory, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        try:
            server.stdout.readline()  # It says when it accepts.
            with Desk() as desk:
                desk.run("init", str(desk.directory / "new"), "--organization", f"https://127.0.0.1:{port}",
                         "--mailbox", "ada@organization.example").says(3, "no secure connection", "certificate")
        finally:
            server.kill()
            server.wait()


@case
def a_wrong_token_asks_to_sign_in():
    with Desk() as desk:
        for command in ("sync", "verify", "auth status"):
            desk.run(*command.split(), token="wrong").says(4, "sign in")
        desk.run("sync", token="").says(4, "HAWSER_TOKEN")
        desk.queue_is_untouched()
        desk.comes_right()


class TokenCommand:
    """A program that prints these tokens one after the other, the last one again and again."""

    def __init__(self, desk, *tokens):
        self.calls = desk.directory / "calls"
        self.script = desk.directory / "token.sh"
        (desk.directory / "tokens").write_text("\n".join(tokens) + "\n")
        self.script.write_text(f"""#!/bin/sh
echo x >> {self.calls}
n=$(wc -l < {self.calls}); last=$(wc -l < {desk.directory}/tokens)
[ "$n" -gt "$last" ] && n=$last
sed -n "${{n}}p" {desk.directory}/tokens
""")
        self.script.chmod(0o755)

    def count(self):
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


def desk_with_token_command(desk, *tokens):
    """A second replica whose tokens come from a program; a change waits in it."""
    command = TokenCommand(desk, desk.token)
    replica = desk.directory / "by-command.hawser"
    init = desk.init(replica, "--token-command", str(command.script))
    assert init.code == 0, init.told
    desk.run("sync", replica=replica, token="").says(0)
    desk.run("set", "contact", desk.contact, "jobtitle=Kept", replica=replica).says(0)
    command.calls.unlink()
    (desk.directory / "tokens").write_text("\n".join(tokens) + "\n")
    return command, replica


@case
def an_expired_token_is_refreshed_once():
    with Desk() as desk:
        command, replica = desk_with_token_command(desk, "expired", desk.token)
        desk.run("sync", replica=replica, token="").says(0)
        assert command.count() == 2, command.count()
        assert [line["columns"] for line in desk.organization.written()[desk.writes:]] == [["jobtitle"]]


@case
def a_token_that_stays_refused_is_asked_for_twice_and_no_more():
    with Desk() as desk:
        command, replica = desk_with_token_command(desk, "expired")
        desk.run("sync", replica=replica, token="").says(4, "sign in")
        assert command.count() == 2, command.count()
        desk.queue_is_untouched(replica)


@case
def another_users_token_is_refused_before_any_write():
    with Desk() as desk:
        bob = desk.organization.users["bob"]["token"]
        desk.run("sync", token=bob).says(4, "belongs to user", "Sign in as the right user")
        desk.queue_is_untouched()
        _, replica = desk_with_token_command(desk, "expired", bob)
        desk.run("sync", replica=replica, token="").says(4, "belongs to user")
        desk.queue_is_untouched(replica)
        desk.comes_right()


@case
def somebody_elses_mailbox_is_refused_naming_both():
    with Desk() as desk:
        eve, ada = (desk.organization.users[name]["mailbox"] for name in ("eve", "ada"))
        new = desk.directory / "new.hawser"
        init = ["init", str(new), "--organization", desk.front.url, "--mailbox"]
        desk.run(*init, eve).says(2, eve, ada)
        assert not new.exists()

        def untold(handler):
            if "systemusers(" not in handler.path:
                return False
            handler.send_response(403)
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return True

        desk.run(*init, ada.upper()).says(0)
        desk.front.hostile = untold
        desk.run("init", str(desk.directory / "other.hawser"), *init[2:], eve).says(0)


@case
def a_replica_bound_to_another_organization_is_refused_naming_both():
    with Desk() as desk, tempfile.TemporaryDirectory() as directory, \
            Organization(str(PROGRAM), directory, "--sample", "50") as other:
        own = desk.json("auth", "status")["organization_id"]
        right, desk.front.behind = desk.front.behind, other.url.removeprefix("http://")
        done = desk.run("sync", token=other.users["ada"]["token"]).says(1, own, "is organization")
        assert done.told.count("-") >= 8, "two ids should be named"
        assert other.written() == []
        desk.front.behind = right
        desk.queue_is_untouched()
        desk.comes_right()


@case
def a_place_that_is_taken_is_refused_naming_both_mailboxes():
    with Desk() as desk:
        mailbox = desk.organization.users["ada"]["mailbox"]
        desk.run("init", str(desk.replica), "--organization", desk.front.url, "--mailbox",
                 "carol@organization.example").says(1, mailbox, "carol@organization.example", "exists already")
        desk.queue_is_untouched()


if __name__ == "__main__":
    sys.exit(run())
