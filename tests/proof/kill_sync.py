#!/usr/bin/env python3
"""Kills `hawser sync` again and again while mixed changes are queued and the network loses answers,
then reads the organization's write log: each change must have had its effect exactly once (I2), no
colleague's edit may be gone (I3), and the replica must equal the organization (I4).

    tests/proof/kill_sync.py build/hawser --kills 200

Each kill queues changes of records of its own: an update and an update of two columns (a colleague
edits other columns of the same rows at the same time), a deletion, an attendee, a completed task
and a new contact. Answers are delayed by 100 ms and one in ten is dropped.
"""

import argparse
import contextlib
import pathlib
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time

from organization import Colleague, Organization, Program

EFFECTS = ("created", "updated", "deleted", "parties_replaced")
TABLES = ("contact", "lead", "appointment", "task")
SETTLE_EVERY = 20
PER_KILL = {"contacts": 2, "leads": 1, "appointments": 1, "tasks": 1}


def open_intents(replica):
    """The ids of the intents that wait for an answer, as stock SQLite reads them."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{replica}?mode=ro", uri=True, timeout=5)) as database:
            return {row[0] for row in database.execute("SELECT id FROM hawser_intent")}
    except sqlite3.OperationalError:
        return set()


class Ledger:
    """What the two people did, each a single effect that the write log must show."""

    def __init__(self):
        self.ours = []       # (method, entity set's table, id, column or None, value or None)
        self.theirs = []     # (entity set, id, column, value)

    def queue(self, program, number, take, colleague):
        first, second = take("contacts"), take("contacts")
        phone, note = f"+1 555 {number:07d}", f"note of kill {number}"
        program.run("set", "contact", first, f"mobilephone={phone}")
        self.ours.append(("contact", first, {"mobilephone": phone}))
        program.run("set", "contact", second, f"jobtitle={note}", f"department={note}")
        self.ours.append(("contact", second, {"jobtitle": note, "department": note}))
        for contact in (first, second):
            value = f"nick {number}"
            colleague.change("contacts", contact, {"nickname": value})
            self.theirs.append(("contacts", contact, "nickname", value))

        lead, task, appointment = take("leads"), take("tasks"), take("appointments")
        program.run("delete", "--yes", "lead", lead)
        self.ours.append(("lead", lead, None))
        program.run("set", "task", task, "statecode=Completed", "percentcomplete:=100")
        self.ours.append(("task", task, {"statecode": 1}))
        address = f"guest{number}@example.com"
        program.run("set", "appointment", appointment, f"required+={address}")
        self.ours.append(("appointment", appointment, {"attendee": address}))
        created = program.json("create", "contact", f"lastname=Kill {number}", f"emailaddress1={address}")
        self.ours.append(("contact", created["id"], {"lastname": f"Kill {number}"}))


def kill_one(program, replica, chance):
    """Starts a sync and kills it: in two of three runs around the life of a request that it sends now
    (from its first byte to shortly after its answer was stored), else at any time. Returns the ids of
    the intents that were left."""
    before = open_intents(replica)
    around_request = chance.random() < 2 / 3
    process = program.start("-q", "sync")
    deadline = time.monotonic() + (6.0 if around_request else chance.uniform(0.1, 3.0))
    while process.poll() is None and time.monotonic() < deadline:
        if around_request and open_intents(replica) - before:
            deadline = time.monotonic() + chance.uniform(0.0, 0.15)
            break
    try:
        process.wait(timeout=max(0.0, deadline - time.monotonic()))
    except subprocess.TimeoutExpired:
        pass
    process.send_signal(signal.SIGKILL)
    process.wait()
    return open_intents(replica)


def settle(program, tries=60):
    """Syncs until a whole cycle went well, so that every table was read to its end, and nothing waits."""
    for _ in range(tries):
        cycle = program.run("-q", "sync", accept=(0, 1, 3, 5))
        status = program.json("status", accept=(0, 5))
        if cycle.returncode in (0, 5) and not status["pending"]:
            return status
    raise SystemExit(f"no quiet end after {tries} syncs (the last: exit {cycle.returncode}): {status}")


def effects_of(written, user, table, identifier):
    return [line for line in written
            if line.get("kind") != "fault" and line["user"] == user and line["table"] == table
            and line["id"] == identifier and line["outcome"] in EFFECTS]


def judge(ledger, organization, colleague):
    """The findings; none is what we want."""
    written, findings = organization.written(), []
    for table, identifier, columns in ledger.ours:
        lines = effects_of(written, "ada", table, identifier)
        if columns is None:
            count = sum(line["method"] == "DELETE" for line in lines)
        elif "attendee" in columns:
            count = sum(line["method"] == "PUT" for line in lines)
        else:
            count = sum(line["method"] in ("PATCH", "POST") and set(columns) <= set(line["columns"])
                        for line in lines)
        if count != 1:
            findings.append(f"{table} {identifier}: {columns or 'deletion'} took effect {count} times")
    for table, identifier, column, value in ledger.theirs:
        there = colleague.call("GET", f"{table}({identifier})?$select={column}")
        if there[column] != value:
            findings.append(f"{table} {identifier}: the colleague's {column} is {there[column]!r}, not {value!r}")
    for table, identifier, columns in ledger.ours:
        if columns and table == "contact":
            there = colleague.call("GET", f"contacts({identifier})?$select={','.join(columns)}")
            findings += [f"contact {identifier}: {column} is {there[column]!r}, not {value!r}"
                         for column, value in columns.items() if there[column] != value]
    return findings


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("program", type=pathlib.Path)
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seed", type=int, default=1)
    asked = words.parse_args()
    chance = random.Random(asked.seed)

    with tempfile.TemporaryDirectory(prefix="hawser-kill-") as directory:
        replica = pathlib.Path(directory) / "ada.hawser"
        with Organization(str(asked.program.resolve()), directory, "--sample", str(asked.kills * 30 + 600),
                          "--user", "ada", "--user", "bob:global",
                          "--faults", "delay=100,drop_answer=0.1") as organization:
            ada = organization.users["ada"]
            program = Program(str(asked.program.resolve()), replica, ada["token"])
            colleague = Colleague(organization, "bob")
            for _ in range(20):  # the network loses answers here too
                if program.run("init", str(replica), "--organization", organization.url, "--mailbox",
                               ada["mailbox"], *(word for table in TABLES for word in ("--table", table)),
                               accept=(0, 1, 3)).returncode == 0:
                    break
            settle(program)

            supply = {}
            for entity_set, count in PER_KILL.items():
                key = "activityid" if entity_set in ("tasks", "appointments") else entity_set[:-1] + "id"
                path = f"{entity_set}?$select={key}"
                if entity_set == "tasks":
                    path += "&$filter=statecode%20eq%200"
                # The key is bound now: a generator would read it when the loop has long moved on.
                supply[entity_set] = (lambda key, rows: (row[key] for row in rows))(key, colleague.rows(path))
            ledger, left_open, intents = Ledger(), 0, set()
            for number in range(asked.kills):
                ledger.queue(program, number, lambda name: next(supply[name]), colleague)
                left = kill_one(program, replica, chance)
                left_open += bool(left)
                intents |= left
                if number % SETTLE_EVERY == SETTLE_EVERY - 1:
                    settle(program)  # a queue of deletions alone would look like a mistake to stop
                if sys.stderr.isatty():
                    print(f"\r{number + 1}/{asked.kills} kills, {left_open} left an open intent", end="",
                          file=sys.stderr)
            status = settle(program)
            for _ in range(10):
                verified = program.run("verify", accept=(0, 1, 3, 5))
                if verified.returncode != 3:  # the network loses answers to readers too
                    break
            findings = judge(ledger, organization, colleague)
            faults = sum(line.get("kind") == "fault" for line in organization.written())

    print(f"\n{asked.kills} kills, {left_open} left an open intent ({len(intents)} different ones); {len(ledger.ours)} changes of ours and "
          f"{len(ledger.theirs)} of a colleague; {faults} faults injected; seed {asked.seed}")
    print(f"verify: exit {verified.returncode}; parked {status['parked']}, conflicts {status['conflicts']}")
    if verified.returncode:
        print(verified.stdout + verified.stderr)
    for finding in findings:
        print("WRONG:", finding)
    enough = left_open * 2 >= asked.kills
    if not enough:
        print("WRONG: fewer than half of the kills left an open intent")
    print("each change took effect exactly once" if not findings else f"{len(findings)} findings")
    return 0 if not findings and enough and verified.returncode == 0 and not status["parked"] \
        and not status["conflicts"] else 1


if __name__ == "__main__":
    sys.exit(main())
