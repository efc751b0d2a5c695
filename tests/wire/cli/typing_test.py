#!/usr/bin/env python3
"""What is printed arrives or is said to be lost, and what was typed by mistake is refused.

    tests/wire/cli/typing_test.py build/hawser
"""

import os
import pathlib
import subprocess
import sys

from desk import Desk, PROGRAM
from cases import case, run

FULL = pathlib.Path("/dev/full")


def run_into(desk, output, *arguments, ignoring_closed_pipes=False):
    environment = {**os.environ, "HAWSER_REPLICA": str(desk.replica), "HAWSER_TOKEN": desk.token, "TZ": "UTC"}
    return subprocess.run([str(PROGRAM), *arguments], env=environment, stdin=subprocess.DEVNULL, stdout=output,
                          stderr=subprocess.PIPE, text=True, timeout=60,
                          restore_signals=not ignoring_closed_pipes)


def run_reading(desk, source, *arguments):
    environment = {**os.environ, "HAWSER_REPLICA": str(desk.replica), "HAWSER_TOKEN": desk.token, "TZ": "UTC"}
    return subprocess.run([str(PROGRAM), *arguments], env=environment, stdin=source, capture_output=True, text=True,
                          timeout=60)


@case
def output_that_could_not_be_written_is_a_failure():
    with Desk() as desk, FULL.open("w") as full:
        for command in (["list", "contact"], ["--json", "list", "contact"], ["--json", "status"], ["status"],
                        ["queue"], ["completion", "bash"]):
            done = run_into(desk, full, *command)
            assert done.returncode == 1 and "could not be written" in done.stderr, (command, done)


@case
def a_pager_that_was_closed_is_no_trouble():
    with Desk() as desk:
        for ignoring in (False, True):
            reading, writing = os.pipe()
            os.close(reading)
            done = run_into(desk, writing, "list", "contact", "--limit", "500", ignoring_closed_pipes=ignoring)
            os.close(writing)
            assert done.stderr == "", done


@case
def what_contradicts_itself_is_refused():
    with Desk() as desk:
        refusals = [
            (["set", "contact", desk.contact, "jobtitle=One", "jobtitle=Two"], ["jobtitle", "twice"]),
            (["set", "contact", desk.contact, "jobtitle=One", "jobtitle:=null"], ["jobtitle", "twice"]),
            (["set", "contact", desk.contact, "jobtitle=@-", "description=@-"], ["standard input"]),
            (["list", "contact", "--offset", "-5"], ["--offset"]),
            (["list", "contact", "--where", ""], ["--where"]),
            (["list", "contact", "--where", "nosuch eq 1"], ["nosuch"]),
        ]
        refusals += [(["serve", "--sample", "-1"], ["--sample"]),
                     (["serve", "--user", "ada", "--user", "ada:basic"], ["ada", "twice"])]
        for command, words in refusals:
            told = desk.run(*command).says(2, *words).told
            assert ".." not in told and ",;" not in told, told
        desk.queue_is_untouched()


@case
def a_file_that_cannot_be_read_clears_nothing():
    with Desk() as desk:
        sparse = desk.directory / "endless"
        with sparse.open("wb") as file:
            file.truncate(1 << 30)
        for path, word in ((desk.directory, "cannot be read"), ("/proc/self/mem", "cannot be read"),
                           (desk.directory / "nosuch", "cannot be read"), ("/dev/zero", "larger than 64 MB"),
                           (sparse, "larger than 64 MB")):
            desk.run("set", "contact", desk.contact, f"jobtitle=@{path}").says(2, str(path), word)
        with open("/proc/self/mem", "rb") as unreadable:
            done = run_reading(desk, unreadable, "set", "contact", desk.contact, "jobtitle=@-")
        assert done.returncode == 2 and "standard input cannot be read" in done.stderr, done
        desk.queue_is_untouched()


@case
def a_completion_script_comes_as_json_too():
    with Desk() as desk:
        assert "complete" in desk.json("completion", "bash")["script"]


@case
def records_are_found_by_a_list_of_values():
    with Desk() as desk:
        where = f"contactid in ({desk.contact}, {desk.other}) and jobtitle in ('kept')"
        (found,) = desk.json("list", "contact", "--where", where)
        assert found["id"] == desk.contact, found


@case
def a_scope_may_be_a_list_of_values():
    with Desk() as desk:
        for contact, department in ((desk.contact, "North"), (desk.other, "O'Hare")):
            desk.colleague().change("contacts", contact, {"department": department})
        replica = desk.directory / "few.hawser"
        desk.run("init", str(replica), "--organization", desk.front.url, "--mailbox",
                 desk.organization.users["ada"]["mailbox"], "--table",
                 "contact:department in ('north', 'O''Hare')").says(0)
        desk.run("sync", replica=replica).says(0)
        found = {record["id"] for record in desk.json("list", "contact", replica=replica)}
        assert found == {desk.contact, desk.other}, found
        desk.run("verify", replica=replica).says(0)


if __name__ == "__main__":
    sys.exit(run())
