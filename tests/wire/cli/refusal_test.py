#!/usr/bin/env python3
"""What people type that does not fit never enters the queue, and what the server refuses stops nothing
else.

    tests/wire/cli/refusal_test.py build/hawser
"""

import os
import signal
import subprocess
import sys

from desk import Desk, PROGRAM
from cases import case, run


@case
def what_does_not_fit_is_refused_before_it_enters_the_queue():
    with Desk() as desk:
        refusals = [
            (["set", "contcat", desk.contact, "jobtitle=No"], 2, ["contcat", "Did you mean", "contact"]),
            (["set", "contact", desk.contact, "jobtitel=No"], 2, ["contact", "jobtitel", "jobtitle"]),
            (["set", "contact", desk.contact, "birthdate=someday"], 2, ["contact.birthdate", "someday"]),
            (["set", "contact", desk.contact, "donotemail=perhaps"], 2, ["contact.donotemail"]),
            (["set", "contact", desk.contact, "jobtitle=" + "x" * 300], 2, ["contact.jobtitle", "100", "300"]),
            (["set", "contact", desk.contact, "fullname=No"], 2, ["contact.fullname"]),
            (["set", "contact", desk.contact, "parentcustomerid=account:ffffffff"], 2, ["account", "ffffffff"]),
            (["set", "contact", "ffffffff", "jobtitle=No"], 2, ["contact", "ffffffff"]),
            (["set", "contact", "00000000-0000-4000-8000-00000000dead", "jobtitle=No"], 2, ["contact", "dead"]),
            (["delete", "contact", "00000000-0000-4000-8000-00000000dead", "--yes"], 2, ["contact", "dead"]),
            (["refresh", "--table", "contat"], 2, ["contat", "Did you mean", "contact"]),
            (["log", "--cycle", "999"], 2, ["no cycle 999"]),
            (["create", "spaceship", "name=No"], 2, ["spaceship"]),
            (["create", "contact", "preferredcontactmethodcode=Pigeon"], 2, ["preferredcontactmethodcode", "Pigeon"]),
        ]
        for command, code, words in refusals:
            desk.run(*command).says(code, *words)
        desk.queue_is_untouched()
        desk.comes_right()


@case
def a_refused_change_is_parked_with_the_servers_words_and_all_others_go_on():
    with Desk("eve") as desk:
        account = desk.json("create", "account", "name=Refused")["id"]
        employee = desk.json("create", "contact", "lastname=Waiting", f"parentcustomerid=account:{account}")["id"]
        stranger = desk.json("create", "contact", "lastname=Free")["id"]
        desk.run("sync")
        queue = {change["id"]: change for change in desk.json("queue")}
        assert set(queue) == {account, employee}, queue
        assert queue[account]["state"] == "parked" and "prvCreateAccount" in queue[account]["reason"], queue
        assert queue[employee]["waits_for"] == [queue[account]["number"]], queue
        assert desk.run("status").code == 5
        written = {line["id"] for line in desk.organization.written()[desk.writes:]}
        assert written == {desk.contact, stranger}, written


@case
def very_many_deletions_wait_for_a_word_and_say_how_it_is_given():
    with Desk() as desk:
        doomed = [record["id"] for record in desk.json("list", "contact", "--limit", "60")][2:]
        for contact in doomed:
            desk.run("delete", "contact", contact, "--yes").says(0)
        desk.run("sync").says(5, "58 of 66 records of contact", "hawser sync --yes")
        written = [line["method"] for line in desk.organization.written()[desk.writes:]]
        assert written == ["PATCH"], "the edit goes, the deletions wait"
        for told in (desk.json("queue")[0]["reason"], desk.json("status")["waiting"][0]["reason"]):
            assert "58 of 66" in told, told
        assert desk.json("status")["deletions_wait"]
        status = desk.run("status")
        assert status.code == 5 and "hawser sync --yes" in status.out, status.out
        last = max(cycle["number"] for cycle in desk.json("log"))
        told = desk.run("log", "--cycle", str(last)).out
        assert f"Cycle {last}" in told and "58 of 66" in told, told
        desk.run("sync", "--yes").says(0)
        assert not desk.json("status")["deletions_wait"]
        assert desk.json("queue") == []
        desk.run("verify").says(0)


@case
def a_second_engine_is_refused_naming_the_first():
    with Desk() as desk:
        environment = {**os.environ, "HAWSER_REPLICA": str(desk.replica), "HAWSER_TOKEN": desk.token}
        with subprocess.Popen([str(PROGRAM), "sync", "--watch"], env=environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, text=True) as watching:
            try:
                assert "Watching" in watching.stdout.readline()
                while "Sent 1 change" not in watching.stdout.readline():
                    pass
                desk.run("sync").says(6, f"hawser (process {watching.pid})")
                desk.run("set", "contact", desk.other, "jobtitle=Noticed").says(0)
                assert "Sent 1 change" in watching.stdout.readline()
            finally:
                watching.send_signal(signal.SIGINT)
            assert watching.wait(timeout=30) == 0


if __name__ == "__main__":
    sys.exit(run())
