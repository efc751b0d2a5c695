#!/usr/bin/env python3
"""Kills `hawser sync` again and again while mixed changes are queued and the network loses answers,
then reads the organization's write log: each change must have had its effect exactly once (I2), no
colleague's edit may be gone (I3), and the replica must equal the organization (I4).

    tests/proof/kill_sync.py build/hawser --kills 200

Each kill queues changes of records of its own: an update and an update of two columns (a colleague
edits other columns of the same rows at the same time), a deletion, an attendee, a completed task
and a new contact. Answers are delayed by 100 ms and one in ten is dropped.

    tests/proof/kill_sync.py build/hawser --watch --kills 1000

kills `hawser sync --watch` instead, which runs while the changes are queued, and lets the organization
fail in every way it knows. At the end the watching sync is left alone and has to come to rest by itself.
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
import threading
import time
from collections import Counter, defaultdict

from organization import Colleague, Organization, Program

EFFECTS = ("created", "updated", "deleted", "parties_replaced")
TABLES = ("contact", "lead", "appointment", "task")
SETTLE_EVERY = 20
LOST_ANSWERS = "delay=100,drop_answer=0.1"
EVERYTHING = ("delay=60,drop_request=0.02,drop_answer=0.05,truncate=0.03,html_503=0.03,error_500=0.02,"
              "throttle=0.02,expire_token=0.01")
UNDER_FAULTS = (0, 1, 3, 4, 5)  # how a command may end that talks to such an organization
PER_KILL = {"contacts": 2, "leads": 1, "appointments": 1, "tasks": 1}


def open_intents(replica):
    """The ids of the intents that wait for an answer, as stock SQLite reads them."""
    try:
        with contextlib.closing(sqlite3.connect(f"file:{replica}?mode=ro", uri=True, timeout=5)) as database:
            return {row[0] for row in database.execute("SELECT id FROM hawser_intent")}
    except sqlite3.OperationalError:
        return set()


def runs_on(process, seconds):
    """Whether the process is still there after so long."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    return process.poll() is None


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


class Death:
    """When a sync is killed: in two of three runs around the life of a request that it sends now (from its
    first byte to shortly after its answer was stored), else at any time."""

    def __init__(self, replica, chance):
        self.replica = replica
        self.before = open_intents(replica)
        self.around_request = chance.random() < 2 / 3
        self.patience = 6.0 if self.around_request else chance.uniform(0.1, 3.0)
        self.after_request = chance.uniform(0.0, 0.15)

    def befall(self, process):
        deadline = time.monotonic() + self.patience
        waits = self.around_request
        while runs_on(process, 0.002) and time.monotonic() < deadline:
            if waits and open_intents(self.replica) - self.before:
                deadline, waits = time.monotonic() + self.after_request, False
        process.send_signal(signal.SIGKILL)
        process.wait()


def kill_one(program, replica, chance, queue):
    """Queues changes, then starts a sync and kills it. Returns the ids of the intents that were left."""
    queue()
    death = Death(replica, chance)
    death.befall(program.start("-q", "sync"))
    return open_intents(replica)


def kill_watching(program, replica, chance, queue):
    """Starts a watching sync, and kills it while changes are queued or after. Returns the intents left."""
    death = Death(replica, chance)
    process = program.start("-q", "sync", "--watch")
    killer = threading.Thread(target=death.befall, args=(process,))
    killer.start()
    queue()
    killer.join()
    if process.returncode != -signal.SIGKILL:
        raise SystemExit(f"the watching sync ended by itself: exit {process.returncode}")
    return open_intents(replica)


def settle(program, tries=200):
    """Syncs until a whole cycle went well, so that every table was read to its end, and nothing waits."""
    for _ in range(tries):
        cycle = program.run("-q", "sync", accept=UNDER_FAULTS)
        status = program.json("status", accept=(0, 5))
        if cycle.returncode in (0, 5) and not status["pending"]:
            return status
    raise SystemExit(f"no quiet end after {tries} syncs (the last: exit {cycle.returncode}): {status}")


def choose(program):
    """What a person does about edits that may already have been applied, because the colleague changed the
    record before the lost answer could be looked for: look, and send them once more. Returns how many."""
    conflicts = program.json("conflicts", accept=(0, 5))
    for conflict in conflicts:
        if "may already have been applied" not in conflict["reason"]:
            raise SystemExit(f"a conflict that nobody made: {conflict}")
        program.run("resolve", conflict["label"], "--mine", accept=(0, 5))
    return len(conflicts)


def watch_until_quiet(program, seconds=900):
    """Leaves a watching sync alone until nothing waits any more (I4). Returns how long that took."""
    process = program.start("-q", "sync", "--watch")
    began = time.monotonic()
    while (status := program.json("status", accept=(0, 5)))["pending"]:
        if not runs_on(process, 0.2):
            raise SystemExit(f"the watching sync ended by itself: exit {process.returncode}")
        if time.monotonic() - began > seconds:
            raise SystemExit(f"changes wait after {seconds} s of watching: {status}")
    process.send_signal(signal.SIGINT)
    if process.wait(timeout=60) not in (0, 5):
        raise SystemExit(f"the watching sync did not end well: exit {process.returncode}")
    return time.monotonic() - began


def effects_of(written, user):
    """What the write log says was done, by table and id."""
    effects = defaultdict(list)
    for line in written:
        if line.get("kind") != "fault" and line["user"] == user and line["outcome"] in EFFECTS:
            effects[line["table"], line["id"]].append(line)
    return effects


def count_of(lines, columns):
    if columns is None:
        return sum(line["method"] == "DELETE" for line in lines)
    if "attendee" in columns:
        return sum(line["method"] == "PUT" for line in lines)
    return sum(line["method"] in ("PATCH", "POST") and set(columns) <= set(line["columns"]) for line in lines)


def judge(ledger, organization, colleague):
    """The findings; none is what we want."""
    effects, findings = effects_of(organization.written(), "ada"), []
    asked = {(table, identifier) for table, identifier, _ in ledger.ours}
    findings += [f"{table} {identifier}: {lines[0]['outcome']}, and nobody asked for it"
                 for (table, identifier), lines in effects.items() if (table, identifier) not in asked]
    for table, identifier, columns in ledger.ours:
        count = count_of(effects[table, identifier], columns)
        if count != 1:
            findings.append(f"{table} {identifier}: {columns or 'deletion'} took effect {count} times")
    expected = defaultdict(dict)
    for _, identifier, column, value in ledger.theirs:
        expected[identifier][column] = value
    for table, identifier, columns in ledger.ours:
        if columns and table == "contact":
            expected[identifier].update(columns)
    for identifier, columns in expected.items():
        there = colleague.call("GET", f"contacts({identifier})?$select={','.join(columns)}")
        findings += [f"contact {identifier}: {column} is {there[column]!r}, not {value!r}"
                     for column, value in columns.items() if there[column] != value]
    return findings


def main():
    words = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    words.add_argument("program", type=pathlib.Path)
    words.add_argument("--kills", type=int, default=200)
    words.add_argument("--seed", type=int, default=1)
    words.add_argument("--watch", action="store_true", help="kill `hawser sync --watch`")
    words.add_argument("--faults", help="what the organization does wrong, as `hawser serve` takes it")
    words.add_argument("--keep", type=pathlib.Path, help="leave the replica and the write log in this folder")
    asked = words.parse_args()
    kill = kill_watching if asked.watch else kill_one
    chance = random.Random(asked.seed)

    with contextlib.ExitStack() as stack:
        if asked.keep:
            asked.keep.mkdir(parents=True)
        directory = asked.keep or stack.enter_context(tempfile.TemporaryDirectory(prefix="hawser-kill-"))
        replica = pathlib.Path(directory) / "ada.hawser"
        with Organization(str(asked.program.resolve()), directory, "--sample", str(asked.kills * 30 + 600),
                          "--user", "ada", "--user", "bob:global",
                          "--faults", asked.faults or (EVERYTHING if asked.watch else LOST_ANSWERS)) as organization:
            ada = organization.users["ada"]
            program = Program(str(asked.program.resolve()), replica, ada["token"])
            colleague = Colleague(organization, "bob")
            for _ in range(40):  # the network loses answers here too
                if program.run("init", str(replica), "--organization", organization.url, "--mailbox",
                               ada["mailbox"], *(word for table in TABLES for word in ("--table", table)),
                               accept=UNDER_FAULTS).returncode == 0:
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
            ledger, left_open, intents, chosen = Ledger(), 0, set(), 0
            for number in range(asked.kills):
                left = kill(program, replica, chance, lambda: ledger.queue(
                    program, number, lambda name: next(supply[name]), colleague))
                left_open += bool(left)
                intents |= left
                if number % SETTLE_EVERY == SETTLE_EVERY - 1:
                    settle(program)  # a queue of deletions alone would look like a mistake to stop
                    chosen += choose(program)
                if sys.stderr.isatty():
                    print(f"\r{number + 1}/{asked.kills} kills, {left_open} left an open intent", end="",
                          file=sys.stderr)
            quiet = watch_until_quiet(program) if asked.watch else None
            settle(program)
            chosen += choose(program)
            status = settle(program)
            for _ in range(40):
                verified = program.run("verify", accept=UNDER_FAULTS)
                if verified.returncode == 0:  # the network loses answers to readers too
                    break
            findings = judge(ledger, organization, colleague)
            faults = Counter(line["fault"] for line in organization.written() if line.get("kind") == "fault")

    print(
        f"\n{asked.kills} kills, {left_open} left an open intent ({len(intents)} different ones); "
        f"{len(ledger.ours)} changes of ours and {len(ledger.theirs)} of a colleague; seed {asked.seed}"
    )
    print(f"faults injected: {', '.join(f'{count} {name}' for name, count in sorted(faults.items()))}")
    print(f"{chosen} edits may already have been applied, and were sent once more by hand")
    if quiet is not None:
        print(f"left alone, the watching sync came to rest after {quiet:.0f} s")
    print(f"verify: exit {verified.returncode}; parked {status['parked']}, conflicts {status['conflicts']}")
    if verified.returncode:
        print(verified.stdout + verified.stderr)
    for finding in findings:
        print("WRONG:", finding)
    # A watching sync that met a fault rests for seconds, often until its death; a few kills show nothing.
    enough = left_open * (4 if asked.watch else 2) >= asked.kills or asked.watch and asked.kills < 20
    if not enough:
        print(f"WRONG: fewer than {'a quarter' if asked.watch else 'half'} of the kills left an open intent")
    print("each change took effect exactly once" if not findings else f"{len(findings)} findings")
    return 0 if not findings and enough and verified.returncode == 0 and not status["parked"] \
        and not status["conflicts"] else 1


if __name__ == "__main__":
    sys.exit(main())
