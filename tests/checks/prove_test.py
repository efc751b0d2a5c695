"""tests/simulation/prove.py is green only when every job told all its stories, and says in plain words why not.

Stand-ins take the place of hawser_simulate.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile

from cases import case, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
PROVE = os.path.join(ROOT, "tests", "simulation", "prove.py")
DEV = os.path.join(ROOT, "tools", "dev")
ENDED = "echo '1 seeds, 0 failures, 1.0 seeds a second'"
FAILED = """echo 'seed 7 breaks I2: "x" came twice (commit abc)'
echo '  to tell it again: hawser_simulate --seed 7 --verbose'
echo '1 seeds, 1 failures, 1.0 seeds a second'
exit 1"""


def program_in(folder, text):
    program = os.path.join(folder, "simulate")
    with open(program, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(program, 0o755)
    return program


def prove(body, *arguments, page=None):
    """The exit code and all that is said, and the page when there is one."""
    with tempfile.TemporaryDirectory() as folder:
        program = program_in(folder, f"#!/bin/bash\n{body}\n")
        more = []
        if page is not None:
            more = ["--write", os.path.join(folder, "page.md")]
            with open(more[1], "w", encoding="utf-8") as file:
                file.write(page)
        command = [sys.executable, PROVE, program, "--minutes", "0.02", *more, *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        if page is not None:
            with open(more[1], encoding="utf-8") as file:
                page = file.read()
        return done.returncode, done.stdout + done.stderr, page


def refused(*command):
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2, f"{command}: exit {done.returncode}\n{done.stdout}{done.stderr}"
    assert "Traceback" not in done.stderr and "--help" in done.stderr, done.stderr
    assert "installs" not in done.stdout, "something was begun"
    return done.stderr


@case
def a_run_in_which_every_job_came_to_its_end_is_green():
    code, said, _ = prove(ENDED, "--jobs", "2")
    assert code == 0, said
    assert re.search(r"^Commit .*: 2 stories in .* on 2 cores .* 0 failures\.$", said, re.MULTILINE), said


@case
def a_failed_story_is_said_with_the_command_that_tells_it_again():
    code, said, _ = prove(FAILED, "--jobs", "1")
    assert code == 1, said
    assert "seed 7 breaks I2" in said and "to tell it again: " in said and "1 failures" in said, said


@case
def a_job_that_ends_before_its_stories_do_is_a_failure_with_its_last_words():
    ends = {
        "echo 'hawser_simulate: cannot create replica' >&2; exit 1": ("exit code 1", "cannot create replica"),
        "exit 0": ("exit code 0", ""),
        "kill -9 $$": ("signal 9", ""),
        f"{ENDED}; exit 1": ("exit code 1", ""),
        f"{ENDED}; kill -11 $$": ("signal 11", ""),
        "echo 'seed 7 breaks I2: x'; echo '3 seeds, 0 failures, 1.0 seeds a second'": ("exit code 0", ""),
    }
    for body, words in ends.items():
        code, said, _ = prove(body, "--jobs", "1", "--seed", "40")
        assert code == 1, f"{body}: exit {code}\n{said}"
        told = re.search(r"^The job from seed 40 .*$", said, re.MULTILINE)
        assert told and all(word in said for word in words), f"{body}: {said}"


@case
def one_job_that_fails_among_others_is_named():
    code, said, _ = prove(f"[[ $4 == 1 ]] || kill -9 $$; {ENDED}", "--jobs", "2")
    assert code == 1 and "The job from seed 100000001 " in said and "from seed 1 " not in said, said


@case
def much_that_a_job_says_stops_no_other():
    code, said, _ = prove(f"for i in {{1..20000}}; do echo \"  2  act: $i\"; done; {ENDED}", "--jobs", "3")
    assert code == 0 and "| act: 20000 | 6 |  |" in said, said[-500:]


@case
def what_is_too_rare_for_so_many_stories_is_red():
    for stories, floor in ((50_000, "5,000"), (20_000, "1,000")):
        code, said, _ = prove(f"echo '{stories} seeds, 0 failures, 1.0 seeds a second'", "--jobs", "1")
        assert code == 1 and f"too rare: mishap: 401: 0 of {floor}" in said, said


@case
def the_table_says_how_often_what_is_injected_has_to_happen_and_begins_with_it():
    _, said, _ = prove("echo '  9  act: edit'; echo '50000 seeds, 0 failures, 1.0 seeds a second'", "--jobs", "1")
    assert "| mishap: 401 | 0 | 5,000 |" in said and "| act: edit | 9 |  |" in said, said
    assert said.index("| mishap: 401 ") < said.index("| decision: merge.ask ") < said.index("| act: edit "), said


@case
def half_an_hour_that_does_not_come_to_enough_stories_is_red():
    with tempfile.TemporaryDirectory() as folder:
        # Who is asked for half an hour ends at once.
        program = program_in(folder, f"#!/bin/bash\n{ENDED}\n")
        done = subprocess.run(
            [sys.executable, PROVE, program, "--minutes", "30", "--jobs", "1"], capture_output=True, text=True, check=False
        )
    assert done.returncode == 1 and "50,000 stories: not reached" in done.stdout, done.stdout


@case
def nothing_of_the_coverage_is_silent():
    _, said, _ = prove(f"echo '   2  decision: reconcile.new'; {ENDED}", "--jobs", "1")
    assert "has no floor in prove.py: decision: reconcile.new" in said, said
    assert re.search(r"^\| decision: merge.max \| never; .*: tests/unit/", said, re.MULTILINE), said
    for test in re.findall(r"tests/unit/[\w/.]+", said):
        assert os.path.exists(os.path.join(ROOT, test)), test


@case
def a_short_run_is_not_red_for_what_was_not_to_be_expected():
    code, said, _ = prove("echo '1500 seeds, 0 failures, 1.0 seeds a second'", "--jobs", "1")
    assert code == 0 and "1,500 stories are too few to say whether anything is too rare." in said, said


@case
def the_table_gets_between_the_marks():
    mark = "<!-- prove -->"
    code, _, page = prove(ENDED, "--jobs", "1", page=f"before\n{mark}\nold\n{mark}\nafter\n")
    assert code == 0 and page.startswith("before\n") and page.endswith("\nafter\n"), page
    assert "old" not in page and "1 stories" in page, page


@case
def wrong_arguments_are_refused_before_anything_is_built():
    for arguments in (["--jobs", "0"], ["--jobs", "two"], ["--minutes", "0"], ["--minutes", "-1"], ["--minutes", "nan"],
                      ["--seed", "-1"], ["--seed", "1" * 20], ["--bogus"],
                      ["--write", "/no/such/file"], ["--write", __file__], ["program"]):
        said = refused(DEV, "prove", "--no-install", *arguments)
        assert "invalid" not in said, said


@case
def a_program_that_is_not_there_is_said():
    assert "/no/such/program" in refused(sys.executable, PROVE, "/no/such/program")
    assert __file__ in refused(sys.executable, PROVE, __file__)


@case
def a_program_that_cannot_be_started_is_said():
    with tempfile.TemporaryDirectory() as folder:
        program = program_in(folder, "no program")
        done = subprocess.run([sys.executable, PROVE, program], capture_output=True, text=True, check=False)
    assert done.returncode == 1 and "Traceback" not in done.stderr and "stopped" in done.stderr, done.stderr


@case
def an_interruption_ends_the_jobs_and_is_said():
    with tempfile.TemporaryDirectory() as folder:
        program = program_in(folder, '#!/bin/bash\necho begun >"$0.begun"\nexec tail --pid=$PPID -f /dev/null\n')
        os.mkfifo(program + ".begun")
        command = [sys.executable, PROVE, program, "--jobs", "1"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as one:
            with open(program + ".begun", encoding="utf-8") as begun:
                assert begun.read() == "begun\n"
            one.send_signal(signal.SIGINT)
            said = one.communicate(timeout=60)[1]
        assert one.returncode == 1 and "interrupted" in said and "Traceback" not in said, said


@case
def its_help_shows_an_example_and_describes_every_option():
    done = subprocess.run([sys.executable, PROVE, "--help"], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and done.stdout.lower().count("usage:") == 1, done.stdout
    assert re.search(r"^Example: ", done.stdout, re.MULTILINE), done.stdout
    for option in ("--minutes", "--jobs", "--seed", "--write"):
        assert re.search(rf"^ +{option} [A-Z]+ +\S+", done.stdout, re.MULTILINE), option


sys.exit(run())
