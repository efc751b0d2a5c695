#!/usr/bin/env python3
"""Tells simulated stories for a while on several cores and sums up what happened in them.

Usage: prove.py PROGRAM [--minutes N] [--jobs N] [--seed S] [--write FILE]

PROGRAM is hawser_simulate. Stories begin at seed S; each job has seeds of its own. With --write the table
between the marks "<!-- prove -->" of FILE is replaced. Exit code: 0 all is well, 1 a story failed or
something that has to happen was too rare, 2 usage.
"""

import argparse
import datetime
import os
import pathlib
import re
import subprocess
import sys

MARK = "<!-- prove -->"
# At least so often in half an hour. What is injected:
FAULTS = 5_000
INJECTED = [
    *(f"act: {name}" for name in (
        "bumping job", "clock jump", "copy runs, too", "crash", "disk full", "file busy", "go offline", "holiday", "kill",
        "leave a scope", "older copy", "privilege", "renew token", "restore", "rewriting job", "suspend",
        "tokens expire", "wrong user")),
    *(f"mishap: {name}" for name in (
        "401", "403 in HTML", "404 in HTML", "410 in HTML", "429", "500", "503 in HTML", "answer lost",
        "cut off at a write", "duplicate", "killed after", "killed before", "late", "outrun", "portal",
        "reordered", "request lost", "slow", "truncated", "unreachable")),
]  # fmt: skip
# What comes of it: outcomes of reconciliation, classes of errors, ways of changes and intents.
SEEN = 20
COVERED = [
    *(f"decision: {name}" for name in (
        "conflict.moved", "merge.add", "merge.ask", "merge.indeterminate", "merge.mine", "merge.text",
        "merge.theirs", "rebaseline", "reconcile.both_deleted", "reconcile.contest", "reconcile.create",
        "reconcile.delete", "reconcile.deleted", "reconcile.deleted_before", "reconcile.echo",
        "reconcile.edit_beats_deletion", "reconcile.keep_local", "reconcile.merge",
        "reconcile.out_of_reach", "refused", "restored", "retry", "unknown")),
    *(f"cycle failed: {code}" for code in (
        "engine.mass_change", "engine.offline_by_choice", "engine.other_user", "engine.suspended",
        "net.captive_portal", "net.lost_answer", "net.timeout", "net.unreachable", "server.bad_answer",
        "server.throttled", "server.unavailable", "store.busy", "store.input_output")),
    *(f"change: {way}" for way in (
        "made, queued", "made, held", "queued, in flight", "queued, held", "queued, contested",
        "queued, superseded", "queued, undone", "queued, discarded", "in flight, applied",
        "in flight, queued", "in flight, contested", "in flight, parked", "in flight, held", "held, queued",
        "parked, queued", "parked, discarded", "contested, queued", "contested, superseded")),
    *(f"intent: {way}" for way in (
        "made, sent", "sent, answered", "sent, applied", "sent, conflict", "sent, refused", "sent, later",
        "sent, unknown", "answered, applied", "answered, conflict", "unknown, applied",
        "unknown, conflict")),
]  # fmt: skip
HALF_AN_HOUR = 30.0
SEEDS_A_JOB = 100_000_000


def start(program, seconds, first):
    command = [program, "--seconds", str(seconds), "--from", str(first)]
    return subprocess.Popen(command, text=True, stdout=subprocess.PIPE)


def commit():
    root = pathlib.Path(__file__).resolve().parent
    told = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=root, text=True, capture_output=True)
    return told.stdout.strip() or "unknown"


def summed_up(outputs):
    counts, failures, seeds = {}, [], 0
    for text in outputs:
        for line in text.split("\n"):
            if counted := re.match(r" *(\d+)  (.+)$", line):
                counts[counted[2]] = counts.get(counted[2], 0) + int(counted[1])
            elif ended := re.match(r"(\d+) seeds, ", line):
                seeds += int(ended[1])
            elif line.startswith("seed "):
                failures.append(line)
    return counts, failures, seeds


def table(counts, failures, seeds, minutes, jobs):
    today = datetime.date.today().isoformat()
    lines = [
        f"Commit {commit()}, {today}: {seeds:,} stories in {minutes:g} minutes on {jobs} cores"
        f" ({seeds / (minutes * 60 * jobs):.1f} a second and core), {len(failures)} failures.",
        "",
        "| what happened | times |",
        "|---|---:|",
    ]
    lines += [f"| {what} | {times:,} |" for what, times in sorted(counts.items())]
    return "\n".join(lines)


def too_rare(counts, minutes):
    rare = []
    for names, least in ((INJECTED, FAULTS), (COVERED, SEEN)):
        floor = least * minutes / HALF_AN_HOUR
        rare += [f"{what}: {counts.get(what, 0):,} of {floor:,.0f}" for what in names if counts.get(what, 0) < floor]
    return rare


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("program")
    parser.add_argument("--minutes", type=float, default=30)
    parser.add_argument("--jobs", type=int, default=os.cpu_count())
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", type=pathlib.Path)
    chosen = parser.parse_args()
    seconds = max(1, round(chosen.minutes * 60))
    running = [start(chosen.program, seconds, chosen.seed + job * SEEDS_A_JOB) for job in range(chosen.jobs)]
    outputs = [one.communicate()[0] for one in running]
    broken = [one.returncode for one in running if one.returncode not in (0, 1)]
    counts, failures, seeds = summed_up(outputs)
    text = table(counts, failures, seeds, seconds / 60, chosen.jobs)
    print("\n".join([*failures, text]))
    rare = too_rare(counts, seconds / 60)
    for what in rare:
        print(f"too rare: {what}")
    if chosen.write:
        page = chosen.write.read_text()
        before, _, after = page.split(MARK)
        chosen.write.write_text(f"{before}{MARK}\n{text}\n{MARK}{after}")
    return 1 if failures or rare or broken else 0


if __name__ == "__main__":
    sys.exit(main())
