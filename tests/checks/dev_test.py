"""tools/dev says what it needs and never goes further than it may.

apt-get, dpkg-query, id and sudo are stand-ins at the head of PATH, so nothing is installed here.
"""

import os
import re
import subprocess
import sys
import tempfile

from cases import Skip, case, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
DEV = os.path.join(ROOT, "tools", "dev")
NOTHING_INSTALLED = {"dpkg-query": "exit 1", "id": "echo 1000", "sudo": "exit 1"}
ROOT_USER = {"dpkg-query": "exit 1", "id": "echo 0"}


def dev(*arguments, programs=None, only=None):
    """Runs tools/dev with the stand-ins; `only` names all other programs that PATH may lead to."""
    with tempfile.TemporaryDirectory() as places:
        for name, body in (programs or {}).items():
            path = os.path.join(places, name)
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"#!/bin/bash\n{body}\n")
            os.chmod(path, 0o755)
        path = places + os.pathsep + os.environ["PATH"]
        if only is not None:
            for name in only:
                where = subprocess.run(["which", name], capture_output=True, text=True, check=True).stdout.strip()
                os.symlink(where, os.path.join(places, name))
            path = places
        environment = {**os.environ, "PATH": path}
        done = subprocess.run(["/bin/bash", DEV, *arguments], capture_output=True, text=True, env=environment,
                              stdin=subprocess.DEVNULL, timeout=60, check=False)
        return done.returncode, done.stdout, done.stderr


@case
def help_names_every_command_and_an_example():
    code, out, err = dev("--help")
    assert code == 0 and err == "", err
    for word in ("build", "test", "fuzz", "demo", "bench", "prove", "mutants", "format", "--tsan", "--asan", "--only",
                 "--no-install"):
        assert word in out, f"{word} is not in the help"
    assert re.search(r"^Example: tools/dev ", out, re.MULTILINE), out


@case
def wrong_usage_ends_with_2_and_says_where_help_is():
    for arguments in ([], ["bogus"], ["build", "--bogus"], ["test", "--bogus"], ["test", "--only"],
                      ["fuzz", "--minutes"], ["fuzz", "--minutes", "0"]):
        code, _, err = dev(*arguments)
        assert code == 2, f"{arguments}: exit {code}"
        assert "tools/dev --help" in err, err
    for arguments in (["mutants", "bogus"], ["mutants", "--seeds", "0"], ["mutants", "--bogus"]):
        code, out, err = dev(*arguments)
        assert code == 2 and out == "" and "--help" in err, f"{arguments}: exit {code}, {out}{err}"


@case
def the_mutants_are_named_without_building_anything():
    code, out, err = dev("mutants", "--list", programs=NOTHING_INSTALLED)
    assert code == 0 and err == "" and "no_intent_write" in out.split("\n"), f"{code} {out}{err}"


@case
def it_says_first_what_it_does_and_how_long_it_takes():
    for command in ("build", "test", "fuzz", "demo", "bench"):
        _, out, _ = dev(command, "--no-install", programs=NOTHING_INSTALLED)
        assert re.match(rf"tools/dev: {command}: .*minute", out), out


@case
def without_installing_it_names_what_is_missing():
    code, _, err = dev("build", "--no-install", programs=NOTHING_INSTALLED)
    assert code == 1, code
    assert "libsqlitecpp-dev" in err and "libboost1.81-dev" in err, err


@case
def only_what_is_missing_is_named():
    shown = "for p in \"$@\"; do [[ $p == -* || $p == zsh || $p == libfmt-dev ]] || echo \"installed $p\"; done"
    code, _, err = dev("build", "--no-install", programs={"dpkg-query": shown})
    assert code == 1 and "libfmt-dev" in err and "libsqlite3-dev" not in err, err


@case
def without_root_it_prints_the_line_to_run():
    code, _, err = dev("build", programs={**NOTHING_INSTALLED, "apt-get": "echo ran >&2; exit 1"})
    assert code == 1, code
    line = re.search(r"^  sudo apt-get install --no-remove --no-install-recommends (.*)$", err, re.MULTILINE)
    assert line and "libzstd-dev" in line.group(1), err
    assert "ran" not in err, "apt-get was called without root"


@case
def it_stops_when_something_would_be_removed():
    apt = '[[ " $* " == *" --simulate "* ]] || { echo CHANGED >&2; exit 1; }; echo "Remv libboost1.74-dev [1.74.0]"'
    code, _, err = dev("build", programs={**ROOT_USER, "apt-get": apt})
    assert code == 1, code
    assert "would remove: libboost1.74-dev" in err, err
    assert re.search(r"^  sudo apt-get install --no-install-recommends .*libboost1.81-dev", err, re.MULTILINE), err
    assert "CHANGED" not in err, "something was changed"


@case
def unknown_packages_lead_to_one_update_of_the_lists():
    apt = 'echo "apt-get $1" >&2; [[ $1 == update ]] && exit 0; echo "E: Unable to locate package"; exit 100'
    code, _, err = dev("build", programs={**ROOT_USER, "apt-get": apt})
    assert code == 1, code
    assert err.count("apt-get update") == 1, err
    assert "Unable to locate package" in err, err


@case
def elsewhere_than_debian_it_names_what_is_missing():
    tools = ["dirname", "cat", "sed", "grep", "id"]
    code, _, err = dev("build", programs={"c++": "exit 1"}, only=tools)
    assert code == 1, code
    for part in ("cmake", "ninja", "the header sqlite3.h", "the header boost/beast.hpp", "catch2"):
        assert part in err, f"{part} is not named\n{err}"
    assert "libsqlite3-dev" in err, "the Debian names are the hint for other systems"


@case
def every_shell_script_passes_shellcheck():
    files = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False).stdout.split("\n")
    scripts = [os.path.join(ROOT, ".ci", "run"), os.path.join(ROOT, "tools", "format"), DEV]
    for file in files:
        path = os.path.join(ROOT, file)
        if file.endswith(".sh") and os.path.exists(path):
            scripts.append(path)
    try:
        done = subprocess.run(["shellcheck", *scripts], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        raise Skip("shellcheck is not installed") from None
    assert done.returncode == 0, done.stdout


sys.exit(run())
