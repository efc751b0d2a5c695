"""tools/tally counts what ctest really ran: nothing is lost, nothing is green by absence."""

import os
import subprocess
import sys
import tempfile

from cases import case, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
TALLY = os.path.join(ROOT, "tools", "tally")
SUITES = {
    "many": ("echo '3 passed, 0 failed, 1 skipped'; echo '  SKIPPED: no corpus'", ""),
    "one": ("true", ""),
    "none": ("echo 'SKIPPED: no Node'; exit 77", "SKIP_RETURN_CODE 77"),
    "bad": ("echo '2 passed, 1 failed, 0 skipped'; exit 1", ""),
    "crashed": ("echo '2 passed, 0 failed, 0 skipped'; exit 1", ""),
    "silent": ("exit 1", ""),
    "absent": (None, ""),
    "slow": ("read < <(tail -f /dev/null)", "TIMEOUT 1"),
}


def ctest(*names):
    """The last line of the tally, its exit code and all it printed, for these suites."""
    with tempfile.TemporaryDirectory() as folder:
        with open(os.path.join(folder, "CTestTestfile.cmake"), "w", encoding="utf-8") as file:
            for name in names:
                script, properties = SUITES[name]
                program = "bash" if script else "no-such-program"
                file.write(f'add_test({name} "{program}" "-c" [==[{script}]==])\n')
                if properties:
                    file.write(f"set_tests_properties({name} PROPERTIES {properties})\n")
        results = os.path.join(folder, "results.xml")
        subprocess.run(["ctest", "--test-dir", folder, "--output-junit", results], capture_output=True, check=False)
        summary = os.path.join(folder, "summary")
        done = subprocess.run([TALLY, results, "--write", summary], capture_output=True, text=True, check=False)
        again = subprocess.run([TALLY, "--sum", summary, summary], capture_output=True, text=True, check=False)
        return done.returncode, done.stdout, again.stdout


@case
def cases_are_summed_over_suites():
    code, out, twice = ctest("many", "one")
    assert code == 0, out
    assert out.endswith("\n4 passed, 0 failed, 1 skipped\n"), out
    assert "SKIPPED: many: no corpus" in out, out
    assert twice == "8 passed, 0 failed, 2 skipped\n", twice


@case
def a_suite_that_skips_is_counted_with_its_reason():
    code, out, _ = ctest("one", "none")
    assert code == 0 and out.endswith("1 passed, 0 failed, 1 skipped\n"), out
    assert "SKIPPED: none: no Node" in out, out


@case
def every_kind_of_failure_counts():
    for name, line in {"bad": "2 passed, 1 failed", "crashed": "2 passed, 1 failed", "silent": "0 passed, 1 failed",
                       "absent": "0 passed, 1 failed", "slow": "0 passed, 1 failed"}.items():
        code, out, _ = ctest(name)
        assert code == 1 and out.splitlines()[-1].startswith(line), f"{name}: exit {code}\n{out}"


@case
def nothing_run_is_no_success():
    for names in ((), ("none",)):
        code, out, _ = ctest(*names)
        assert code == 1, out
        assert out.splitlines()[-1].startswith("0 passed, 0 failed, "), out


sys.exit(run())
