"""Cases of a script suite: functions marked with @case, run in order by run().

A case fails by any exception (use assert), and skips by raising Skip with the reason. run() prints what
tools/tally counts and returns the exit code; 77, which ctest shows as skipped, when every case skipped.
"""

import sys
import traceback

_cases = []


class Skip(Exception):
    """Why a case cannot run here."""


def case(function):
    _cases.append(function)
    return function


def run():
    counts = {"passed": 0, "failed": 0, "skipped": 0}
    for function in _cases:
        name = function.__name__.replace("_", " ")
        try:
            function()
        except Skip as reason:
            outcome = "skipped"
            print(f"SKIPPED: {name}: {reason}")
        except Exception:  # Whatever happened, the other cases run.
            outcome = "failed"
            print(f"FAILED: {name}")
            traceback.print_exc(file=sys.stdout)
        else:
            outcome = "passed"
            print(f"passed: {name}")
        counts[outcome] += 1
        sys.stdout.flush()
    print("{passed} passed, {failed} failed, {skipped} skipped".format(**counts))
    if counts["failed"]:
        return 1
    return 0 if counts["passed"] else 77
