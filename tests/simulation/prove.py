#!/usr/bin/env python3
"""Tells simulated stories for a while on several cores and sums up what happened in them.

Each job tells stories of its own. Exit code: 0 all is well; 1 a story failed, a job ended before its stories did,
something that has to happen was too rare, or half an hour did not come to 50,000 stories; 2 usage.
"""

import argparse
import datetime
import math
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = ROOT / "build" / "release" / "tests" / "hawser_simulate"
EXAMPLE = "Example: tools/dev prove --minutes 2 --jobs 1 --seed 500000000"
MARK = "<!-- prove -->"
# What is injected. An act that may come to nothing counts where it happened.
INJECTED = [
    *(f"act: {name}" for name in (
        "clock jump", "colleague meets", "go offline", "holiday", "kill", "meet", "renew token", "suspend")),
    *(f"happened: {name}" for name in (
        "copy runs, too", "older copy", "organization restored", "privilege taken", "record leaves")),
    *(f"SQLite was told: {what}" for what in ("busy", "full")),
    *(f"token expired: {answer}" for answer in ("400", "410", "everything, without a word")),
    "another user's token arrived", "asleep for days", "bumped", "rewritten", "rewritten within the write",
    *(f"mishap: {name}" for name in (
        "401", "403 in HTML", "404 in HTML", "410 in HTML", "429", "500", "503 in HTML", "another answer to what was done",
        "answer lost",
        "cut off at a write", "duplicate", "killed after", "killed before", "late", "outrun", "portal",
        "reordered", "request lost", "slow", "truncated", "unreachable")),
]  # fmt: skip
# What comes of it: outcomes of reconciliation, classes of errors, and, of one story in sixteen, the ways of changes and
# intents.
OFTEN = [
    *(f"decision: {name}" for name in (
        "conflict.moved", "copied", "group.waits", "merge.add", "merge.ask", "merge.indeterminate", "merge.mine", "merge.theirs",
        "merge.union", "rebaseline", "reconcile.both_deleted", "reconcile.contest", "reconcile.create", "reconcile.deleted",
        "reconcile.echo", "reconcile.edit_beats_deletion", "reconcile.keep_local", "reconcile.merge",
        "reconcile.out_of_reach", "refused", "restored", "retry", "unknown")),
    *(f"cycle failed: {code}" for code in (
        "engine.mass_change", "engine.offline_by_choice", "engine.other_user", "engine.suspended", "net.captive_portal",
        "net.lost_answer", "net.timeout", "net.unreachable", "server.throttled", "server.unavailable")),
    *(f"change: {way}" for way in (
        "made, queued", "queued, in flight", "queued, held", "queued, contested", "queued, superseded",
        "queued, undone", "in flight, applied", "in flight, queued", "in flight, contested", "in flight, parked",
        "held, queued",
        "parked, queued", "contested, superseded")),
    *(f"intent: {way}" for way in (
        "made, sent", "sent, answered", "sent, applied", "sent, conflict", "sent, refused", "answered, conflict")),
    *(f"cut off: {loss} at a write" for loss in ("killed", "lost", "torn")),
    "checkpoints compared", "mass change: no", "mass change: yes", "refused: store.conflict_open",
    "refused: store.input_output",
]  # fmt: skip
SOMETIMES = [
    *(f"decision: {name}" for name in (
        "merge.text", "reconcile.created", "reconcile.delete", "reconcile.deleted_before",
        "reconcile.without_reference")),
    *(f"cycle failed: {code}" for code in (
        "engine.stopped", "net.cancelled", "server.bad_answer", "server.gone_page", "server.sign_in", "store.busy",
        "store.disk_full", "store.input_output")),
    *(f"change: {way}" for way in (
        "made, contested", "made, held", "queued, applied", "queued, discarded", "in flight, held",
        "in flight, superseded", "held, discarded", "held, superseded", "held, undone", "parked, discarded",
        "parked, superseded", "parked, undone", "contested, discarded", "contested, queued", "contested, undone")),
    *(f"intent: {way}" for way in (
        "sent, indeterminate", "sent, later", "sent, unknown", "answered, applied", "unknown, applied",
        "unknown, conflict", "unknown, indeterminate")),
    "cut off: lost at a sync", "cut off: torn at a sync",
    "refused: store.busy", "refused: store.disk_full", "refused: store.referred_to",
    *(f"verify failed: {code}" for code in (
        "engine.offline_by_choice", "engine.suspended", "net.captive_portal", "net.unreachable", "server.throttled")),
]  # fmt: skip
SELDOM = [
    *(f"change: {way}" for way in (
        "in flight, undone", "held, applied", "held, contested", "parked, applied", "parked, held",
        "contested, applied", "contested, held")),
    "cut off: killed at a sync",
    "cycle failed: engine.torn_page",
    "intent: answered, indeterminate", "intent: unknown, answered", "intent: unknown, refused", "intent: unknown, sent",
    "verify failed: engine.other_user", "verify failed: engine.stopped",
]  # fmt: skip
# Right where it happens, and where it is shown.
PERHAPS = {
    "refused: store.group_circle": "tests/unit/localstore/mask_test.cpp",
    "decision: group.stuck": "tests/unit/engine/push_plan_test.cpp",
}
# At least so often in ENOUGH stories; what happens happens several times as often.
FLOORS = {5_000: INJECTED, 1_000: OFTEN, 20: SOMETIMES, 1: SELDOM, 0: PERHAPS}
# What no story can come to, and where it is shown.
MERGED = "no column of the stories has this rule: tests/unit/conflict/merge_test.cpp"
CLIENT = "stories have their own network in place of the HTTP client: tests/unit/http"
NEVER = {
    "decision: reconcile.look_up_first": "stories have no series: tests/unit/conflict/reconcile_test.cpp",
    "decision: merge.max": MERGED,
    "decision: merge.min": MERGED,
    "decision: merge.invalid": "no columns of the stories have to fit each other: tests/unit/conflict/merge_test.cpp",
    "cycle failed: net.insecure": CLIENT,
    "cycle failed: net.name": CLIENT,
    "cycle failed: net.tls": CLIENT,
    "cycle failed: net.too_large": CLIENT,
    "cycle failed: auth.no_token": "a token is always there: tests/unit/engine/replica_tokens_test.cpp",
    "cycle failed: engine.other_organization": "there is one: tests/unit/engine/connection_test.cpp",
}
# So rare that no run can be asked for it, and what people did with the queue, which the journal tells as well.
ONCE_IN_A_WHILE = [*(f"decision: queue.{verb}" for verb in ("discard", "edit", "hold", "release", "retry", "take_back", "undo")), "change: parked, contested", *(
    f"cut off: {loss} at a {step}" for loss in ("killed", "lost", "torn")
    for step in ("truncate", "delete", "rename")), *(f"verify failed: {code}" for code in (
    "net.lost_answer", "net.timeout", "server.bad_answer", "server.gone_page", "server.sign_in", "server.unavailable",
    "store.busy", "store.disk_full", "store.input_output"))]  # fmt: skip
OF_COVERAGE = (
    "cut off: ", "decision: ", "cycle failed: ", "verify failed: ", "refused: ", "change: ", "intent: ",
    "mass change: ")  # fmt: skip
SEEDS_A_JOB = 100_000_000
LONG = 30  # Minutes; a run that takes so long has to come to ENOUGH stories.
ENOUGH = 50_000
FEW = 2_000  # Sixteen stories in a row share a world: what is rare can be in none of so few of them.


class Job:
    """A program that tells stories until the time is over, and what it said."""

    def __init__(self, program, seconds, first):
        self.first = first
        # Files, not pipes: nobody reads while the jobs run.
        self.output, self.errors = tempfile.TemporaryFile("w+"), tempfile.TemporaryFile("w+")
        command = [program, "--seconds", str(seconds), "--from", str(first)]
        self.process = subprocess.Popen(command, text=True, stdout=self.output, stderr=self.errors)

    def wait(self):
        self.code = self.process.wait()
        self.lines = self.said(self.output)
        self.counts = {}
        for line in self.lines:
            if counted := re.match(r" *(\d+)  (.+)$", line):
                self.counts[counted[2]] = int(counted[1])
        self.failures = [line for line in self.lines if line.startswith("seed ")]
        closing = re.match(r"(\d+) seeds, (\d+) failures, ", self.lines[-1]) if self.lines else None
        self.seeds = int(closing[1]) if closing else 0
        failed = len(self.failures)
        self.ended_well = closing and int(closing[2]) == failed and self.code == (1 if failed else 0)

    def said(self, file):
        file.seek(0)
        return file.read().splitlines()

    def end(self):
        how = f"with exit code {self.code}"
        if self.code < 0:
            how = f"by signal {-self.code} ({signal.strsignal(-self.code) or 'unknown'})"
        words = (self.said(self.errors) or self.lines or ["nothing"])[-1]
        return f"The job from seed {self.first} ended {how} before it had told all its stories; it said last: {words}"


def commit():
    told = subprocess.run(["git", "describe", "--always", "--dirty"], cwd=ROOT, text=True, capture_output=True)
    return told.stdout.strip() or "unknown"


def all_counts(jobs):
    counts = {}
    for job in jobs:
        for what, times in job.counts.items():
            counts[what] = counts.get(what, 0) + times
    return counts


def table(jobs, minutes):
    today = datetime.date.today().isoformat()
    stories = sum(job.seeds for job in jobs)
    failures = sum(len(job.failures) for job in jobs)
    lines = [
        f"Commit {commit()}, {today}: {stories:,} stories in {minutes:g} minutes on {len(jobs)} cores"
        f" ({stories / (minutes * 60 * len(jobs)):.1f} a second and core), {failures} failures.",
        "",
        "| what happened | times | at least |",
        "|---|---:|---:|",
    ]
    counts = all_counts(jobs)
    least = floors(stories, minutes)
    rows = {what: f"never; {why}" for what, why in NEVER.items()} | dict.fromkeys(least, "0")
    rows |= {what: f"{times:,}" for what, times in counts.items()}
    rows |= {what: f"{rows[what]}; {where}" for what, where in PERHAPS.items() if what in rows}

    def place(what):
        """What is injected comes first, then what comes of it, then what people merely do."""
        return (what not in INJECTED, what not in least and not what.startswith(OF_COVERAGE), what)

    for what in sorted(rows, key=place):
        lines.append(f"| {what} | {rows[what]} | {f'{least[what]:,}' if what in least else ''} |")
    return "\n".join(lines)


def floors(stories, minutes):
    """How often each has to happen in so many stories. A run that takes long has to come to all of it."""
    if stories < FEW:
        return {}
    share = stories / ENOUGH
    if share < 1:
        share = 1 if minutes >= LONG else share / 2  # Chance weighs more in fewer stories.
    return {what: int(least * share) for least, names in FLOORS.items() for what in names}


def too_rare(counts, stories, minutes):
    return [
        f"{what}: {counts.get(what, 0):,} of {least:,}"
        for what, least in floors(stories, minutes).items()
        if counts.get(what, 0) < least
    ]


def without_floor(counts):
    """Ways that are counted and that nobody has given a floor or a reason yet."""
    known = {*NEVER, *ONCE_IN_A_WHILE, *(what for names in FLOORS.values() for what in names)}
    return sorted(what for what in counts if what.startswith(OF_COVERAGE) and what not in known)


def report(jobs, minutes, page):
    for job in jobs:
        for line in job.lines:
            if line.startswith(("seed ", "  to tell it again: ")):
                print(line)
    text = table(jobs, minutes)
    print(text)
    if page:
        before, _, after = page.read_text().split(MARK)
        page.write_text(f"{before}{MARK}\n{text}\n{MARK}{after}")
    stories = sum(job.seeds for job in jobs)
    too_few = minutes >= LONG and stories < ENOUGH
    if minutes >= LONG:
        print(f"{ENOUGH:,} stories: {'not reached' if too_few else 'reached'}")
    if stories < FEW:
        print(f"{stories:,} stories are too few to say whether anything is too rare.")
    for what in without_floor(all_counts(jobs)):
        print(f"has no floor in prove.py: {what}")
    rare = too_rare(all_counts(jobs), stories, minutes)
    broken = [job for job in jobs if not job.ended_well]
    for sentence in [f"too rare: {what}" for what in rare] + [job.end() for job in broken]:
        print(sentence)
    unknown = without_floor(all_counts(jobs))
    return 1 if rare or unknown or broken or too_few or any(job.failures for job in jobs) else 0


def number(what, read, fits):
    """Reads an argument, or says in a sentence what it needs."""

    def take(text):
        try:
            value = read(text)
        except ValueError:
            value = None
        if value is None or not fits(value):
            raise argparse.ArgumentTypeError(f"needs {what}, not {text}")
        return value

    return take


minutes_above_0 = number("a number above 0", float, lambda value: 0 < value < math.inf)
from_1_on = number("a whole number from 1 on", int, lambda value: value >= 1)
seed = number("a whole number from 0 to 10^18", int, lambda value: 0 <= value <= 10**18)


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"prove: {message}\nTry: {self.prog} --help\n")


def parse():
    parser = Parser(
        prog="prove.py", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("program", metavar="PROGRAM", nargs="?", type=pathlib.Path, help="hawser_simulate; that of build/release")
    add("--minutes", metavar="N", type=minutes_above_0, default=30, help="for so long; 30 by default")
    add("--jobs", metavar="N", type=from_1_on, default=os.cpu_count(), help="on so many cores; all by default")
    add("--seed", metavar="S", type=seed, default=1, help="stories from this seed on; 1 by default")
    add("--write", metavar="FILE", type=pathlib.Path, help=f'put the table between the marks "{MARK}" of FILE')
    add("--check", action="store_true", help="tell no stories; only say whether tools/dev may pass on these options")
    chosen = parser.parse_args()
    if chosen.check and chosen.program:
        parser.error(f"{chosen.program} is no option")
    program = chosen.program or PROGRAM
    if not chosen.check and not (program.is_file() and os.access(program, os.X_OK)):
        parser.error(f"{program} is no program; tools/dev prove builds it")
    if chosen.write and (not chosen.write.is_file() or chosen.write.read_text().count(MARK) != 2):
        parser.error(f'{chosen.write} is no file with two marks "{MARK}"')
    return chosen, program


def main():
    chosen, program = parse()
    if chosen.check:
        return 0
    seconds = max(1, round(chosen.minutes * 60))
    jobs = []
    try:
        for at in range(chosen.jobs):
            jobs.append(Job(program.resolve(), seconds, chosen.seed + at * SEEDS_A_JOB))
        for job in jobs:
            job.wait()
    except (OSError, KeyboardInterrupt) as why:
        for job in jobs:
            job.process.terminate()
        print(f"prove: stopped before the stories were told: {str(why) or 'interrupted'}", file=sys.stderr)
        return 1
    return report(jobs, seconds / 60, chosen.write)


if __name__ == "__main__":
    sys.exit(main())
