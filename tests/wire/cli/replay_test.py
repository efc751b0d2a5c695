#!/usr/bin/env python3
"""A journal is sent to its organization from a replica of its own: once, in part, step by step, and on after a kill.

    tests/wire/cli/replay_test.py build/hawser
"""

import json
import os
import pty
import signal
import subprocess
import sys

from desk import PROGRAM, Desk
from cases import case, run
from organization import Organization


class Journey(Desk):
    """A desk whose queue was written to a journal, and the machine with the queue is gone."""

    def __init__(self, edits=()):
        super().__init__()
        for edit in edits:
            self.run(*edit(self)).says(0)
        self.journal = self.directory / "queue.hjournal"
        self.run("queue", "export", str(self.journal)).says(0)
        self.replica.rename(self.directory / "gone.hawser")

    def replay(self, *options, **how):
        return self.run("replay", str(self.journal), "--against", self.front.url, *options, **how)

    def report(self, *options):
        return json.loads(self.run("--json", "replay", str(self.journal), "--against", self.front.url, *options).out)

    def at_a_terminal(self, answers, *options):
        """Replays where a person sits, who answers each question in turn. Returns the exit code and what was shown."""
        here, there = pty.openpty()
        running = subprocess.Popen([str(PROGRAM), "replay", str(self.journal), "--against", self.front.url, *options],
                                   env={**os.environ, "HAWSER_TOKEN": self.token, "TZ": "UTC", "TERM": "dumb"},
                                   stdin=there, stdout=there, stderr=there, start_new_session=True)
        os.close(there)
        shown, left = "", list(answers)
        try:
            while part := os.read(here, 4096):
                shown += part.decode()
                if left and shown.count("Send it?") > len(answers) - len(left):
                    os.write(here, left.pop(0).encode() + b"\n")
        except OSError:
            pass  # The terminal is gone with the program.
        os.close(here)
        return running.wait(), shown

    def sent(self):
        """The columns of each write since the journal was made, by record."""
        return [(line["id"], line["columns"]) for line in self.organization.written()[self.writes:]]


def second_edit(desk):
    return "set", "contact", desk.other, "jobtitle=Second"


def a_firm(desk):
    return "create", "account", "name=Initech"


@case
def a_journal_is_sent_once_however_often_it_is_replayed():
    with Journey([second_edit, a_firm]) as desk:
        told = desk.replay().says(0).out
        assert "3 applied" in told, told
        assert len(desk.sent()) == 3, desk.sent()
        receipts = desk.directory / "queue.hjournal.receipts"
        assert receipts.stat().st_mode & 0o777 == 0o600, oct(receipts.stat().st_mode)
        again = desk.report()
        assert again["counts"] == {"applied": 3} and len(desk.sent()) == 3, again
        assert [change["number"] for change in again["changes"]] == [1, 2, 3], again


@case
def a_rehearsal_sends_nothing_and_leaves_nothing():
    with Journey([a_firm]) as desk:
        before = sorted(os.listdir(desk.directory))
        told = desk.replay("-n").says(0).out
        assert "Kept" in told or "update" in told, told
        assert "Initech" in told or "create" in told, told
        assert desk.sent() == [] and sorted(os.listdir(desk.directory)) == before, os.listdir(desk.directory)


@case
def a_part_is_sent_and_the_rest_later():
    with Journey([second_edit, a_firm]) as desk:
        first = desk.report("--until", "1")
        assert first["counts"] == {"applied": 1, "not chosen": 2}, first
        second = desk.report("--only", "account")
        assert second["counts"] == {"applied": 2, "not chosen": 1}, second
        last = desk.report("--rate", "50")
        assert last["counts"] == {"applied": 3} and len(desk.sent()) == 3, last


@case
def what_somebody_changed_meanwhile_is_asked_about_and_decided_in_the_receipts():
    with Journey([second_edit]) as desk:
        desk.colleague().change("contacts", desk.contact, {"jobtitle": "Theirs"})
        desk.writes += 1
        stopped = desk.replay("--stop-on", "conflict", "--report", "markdown")
        assert stopped.code == 5 and "ended early" in stopped.out and "| 1 | update of contact" in stopped.out, stopped.out
        assert desk.sent() == []
        page = desk.replay("--report", "html")
        assert page.code == 5 and "<tr class=\"conflict\"><td>1" in page.out, page.out
        assert len(desk.sent()) == 1, desk.sent()
        receipts = desk.directory / "queue.hjournal.receipts"
        (conflict,) = desk.json("conflicts", replica=receipts)
        whole = desk.run("conflicts", conflict["label"], replica=receipts)
        assert whole.code == 5 and "{+Kept+}" in whole.out and "{+Theirs+}" in whole.out, whole.out
        assert "hawser resolve " + conflict["label"] in whole.out, whole.out
        page = desk.run("conflicts", "--html", replica=receipts).out
        assert page.startswith("<!doctype html>") and "<ins>Kept</ins>" in page, page
        desk.run("resolve", conflict["label"], "--mine", replica=receipts).says(0)
        assert desk.report()["counts"].get("conflict") is None
        desk.replay()
        assert desk.colleague().call("GET", f"contacts({desk.contact})?$select=jobtitle")["jobtitle"] == "Kept"


@case
def a_journal_of_somebody_else_goes_only_as_ones_own():
    with Journey() as desk:
        bob = desk.organization.users["bob"]
        options = ("--mailbox", bob["mailbox"])
        desk.replay(*options, token=bob["token"]).says(1, "is of the user", "--as-me")
        assert desk.sent() == [] and not (desk.directory / "queue.hjournal.receipts").exists()
        told = desk.replay(*options, "--as-me", token=bob["token"]).says(0).out
        assert "were sent as yours" in told and len(desk.sent()) == 1, told


@case
def a_journal_that_is_not_whole_sends_nothing():
    with Journey([second_edit]) as desk:
        whole = desk.journal.read_bytes()
        desk.journal.write_bytes(whole[:-9])
        desk.replay().says(1, "a part of it is missing")
        desk.journal.write_bytes(whole[:60] + bytes([whole[60] ^ 1]) + whole[61:])
        desk.replay().says(1)
        assert desk.sent() == []
        desk.replay("--rate", "0").says(2, "--rate")
        desk.replay("--stop-on", "sometimes").says(2)


@case
def a_replay_that_was_killed_goes_on():
    def many(count):
        return [lambda desk, number=number: ("create", "account", f"name=Firm {number}") for number in range(count)]
    with Journey(many(12)) as desk:
        environment = {**os.environ, "HAWSER_TOKEN": desk.token}
        command = [str(PROGRAM), "replay", str(desk.journal), "--against", desk.front.url, "--rate", "4"]
        running = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        while not desk.sent():
            assert running.poll() is None, "it ended before anything was sent"
        running.send_signal(signal.SIGKILL)
        running.wait()
        done = desk.report()
        assert done["counts"] == {"applied": 13}, done["counts"]
        sent = [record for record, _ in desk.sent()]
        assert len(sent) == 13 and len(set(sent)) == 13, desk.sent()


@case
def a_step_needs_somebody_to_ask():
    with Journey([second_edit]) as desk:
        told = desk.replay("--step")
        assert told.code == 5 and "nobody to ask" in told.out, told.out
        assert desk.sent() == []


@case
def a_person_says_yes_or_no_to_each_change():
    with Journey([second_edit, a_firm]) as desk:
        desk.colleague().change("contacts", desk.other, {"jobtitle": "Theirs"})
        desk.writes += 1
        code, shown = desk.at_a_terminal(["y", "n", "y"], "--step")
        assert code == 0, shown
        assert "Next: change 1, update" in shown and "update sends jobtitle" in shown, shown
        assert "conflict" in shown and "Theirs" in shown, shown
        assert "2 applied and 1 not chosen" in shown, shown
        assert len(desk.sent()) == 2, desk.sent()
        assert desk.report()["counts"] == {"applied": 2, "conflict": 1}


@case
def what_may_have_been_sent_before_is_not_put_on_top_of_itself():
    def with_notes(text):
        return lambda desk: ("set", "contact", desk.other, f"description={text}")
    with Journey([with_notes("Ours")]) as desk:
        policy = desk.directory / "policy.json"
        policy.write_text(json.dumps({"version": 1, "tables": {"contact": {"description": "mine"}}}))
        desk.replay("--policy", str(policy)).says(0)
        # The receipts are lost, and somebody wrote on.
        for file in desk.directory.glob("*.receipts*"):
            file.unlink()
        desk.colleague().change("contacts", desk.other, {"description": "Theirs"})
        notes = lambda: desk.colleague().call("GET", f"contacts({desk.other})?$select=description")["description"]
        told = desk.replay("--policy", str(policy))
        assert told.code == 5 and "--first-time" in told.told and "conflict" in told.out, told.told + told.out
        assert notes() == "Theirs"
        for file in desk.directory.glob("*.receipts*"):
            file.unlink()
        desk.replay("--policy", str(policy), "--first-time").says(0)
        assert notes() == "Ours"
        policy.write_text("{")
        desk.replay("--policy", str(policy)).says(2, "not JSON")


@case
def who_has_only_the_file_sees_what_happens_in_an_organization_made_for_it():
    def a_colleague_there(desk):
        firm = desk.json("list", "account", "--limit", "1")[0]["id"]
        return "create", "contact", "lastname=Lovelace", f"parentcustomerid=account:{firm}"
    def gone(desk):
        return "delete", "contact", desk.json("list", "contact", "--limit", "3")[2]["id"], "--yes"
    with Journey([a_colleague_there, gone]) as desk:
        desk.replay("--into-empty").says(2, "leave --into-empty out")
        desk.run("replay", str(desk.journal), "--against", "https://contoso.example", "--into-empty").says(2, "this machine")
        (desk.directory / "empty").mkdir()
        empty = Organization(str(PROGRAM), desk.directory / "empty")
        try:
            token = empty.users["ada"]["token"]
            command = ("replay", str(desk.journal), "--against", empty.url)
            desk.run(*command, token=token).says(1, "--into-empty")
            told = desk.run(*command, "--into-empty", token=token).says(0)
            assert "3 applied" in told.out and "were sent as yours" in told.out, told.out
            made = [(line["kind"], line["table"]) for line in empty.written()]
            again = desk.run(*command, "--into-empty", token=token).says(0)
            assert "3 applied" in again.out, again.out
            assert [(line["kind"], line["table"]) for line in empty.written()] == made, made
        finally:
            empty.close()


if __name__ == "__main__":
    sys.exit(run())
