#!/usr/bin/env python3
"""The demonstration of the README holds, whichever answers its network loses, and the command that it
recommends shows what coming back decided.

    tests/wire/cli/demo_test.py build/hawser
"""

import pathlib
import subprocess
import sys
import tempfile

import desk  # noqa: F401  (it finds the cases)
from cases import case, run

ROUNDS = 12


def tell(*arguments):
    return subprocess.run([str(desk.PROGRAM), *arguments], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=120)


@case
def the_demonstration_holds_whatever_its_network_loses():
    with tempfile.TemporaryDirectory() as directory:
        for number in range(ROUNDS):
            kept = pathlib.Path(directory) / str(number)
            told = tell("demo", "--records", "500", "--keep", str(kept))
            assert told.returncode == 0, told.stderr + told.stdout
            assert "0 changes lost, 0 made twice" in told.stdout, told.stdout
            log = tell("-r", str(kept / "ada-laptop.hawser"), "log", "--since-offline")
            assert log.returncode == 0 and "Both sides changed mobilephone" in log.stdout, log.stderr + log.stdout


if __name__ == "__main__":
    sys.exit(run())
