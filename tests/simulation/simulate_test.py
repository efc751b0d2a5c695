"""hawser_simulate says how it is used, and refuses what it does not know.

Usage: simulate_test.py PROGRAM
"""

import pathlib
import re
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "checks"))
from cases import case, run  # noqa: E402

PROGRAM = sys.argv[1]


def simulate(*arguments):
    done = subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=300, check=False)
    return done.returncode, done.stdout, done.stderr


@case
def its_help_goes_to_the_output_and_is_no_failure():
    code, out, err = simulate("--help")
    assert code == 0 and err == "" and re.search("^Example: hawser_simulate ", out, re.MULTILINE), (code, out, err)


@case
def what_it_does_not_know_is_named_and_refused():
    for arguments in (["--bogus"], ["--seed"], ["--seed", "x"], ["--seeds", "1"]):
        code, out, err = simulate(*arguments)
        assert code == 2 and out == "" and arguments[0] in err and "--help" in err, (code, out, err)


@case
def a_run_ends_with_a_line_that_says_how_many_stories_were_told():
    code, out, _ = simulate("--seeds", "3", "2")
    assert code == 0 and re.fullmatch(r"2 seeds, 0 failures, .* seeds a second", out.split("\n")[-2]), out


sys.exit(run())
