#!/usr/bin/env python3
"""docs/COMMANDS.md tells of every command and of no option that does not exist, and its `sh` blocks run.

    tests/checks/commands_test.py build/hawser
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

from cases import case, run

ROOT = pathlib.Path(__file__).resolve().parents[2]
PROGRAM = str(pathlib.Path(sys.argv[1]).resolve())
TEXT = (ROOT / "docs/COMMANDS.md").read_text(encoding="utf-8")
MERGING = (ROOT / "docs/MERGING.md").read_text(encoding="utf-8")

sys.path.insert(0, str(ROOT / "tests" / "proof"))
from organization import Organization  # noqa: E402  (the path comes first)


# Commands that change nothing, so that each of their examples can be run once more for its JSON.
READING = {"auth", "status", "list", "show", "queue", "conflicts", "diff", "log", "verify", "doctor"}


def help_of(*command):
    return subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True).stdout


def commands():
    """Every command by its own name and its other names, as the program itself lists them."""
    found = {}
    for line in help_of().splitlines():
        match = re.match(r"  ([a-z][a-z-]+(?:, ?[a-z-]+)*)  +[A-Z]", line)
        if match:
            first, *others = re.split(", ?", match.group(1))
            found[first] = others
    return found


def sections():
    """The text below each heading of a command; one heading may name several."""
    found = {}
    for match in re.finditer(r"^### (.+?)\n(.*?)(?=^##|\Z)", TEXT, re.M | re.S):
        for name in match.group(1).split(", "):
            found[name] = match.group(2)
    return found


@case
def every_command_has_its_section_and_no_other():
    known = commands()
    assert len(known) > 20, known
    assert set(sections()) == set(known), set(sections()) ^ set(known)
    for name, others in known.items():
        for other in others:
            assert f"`{other}`" in sections()[name], f"{name} is also {other}"


@case
def no_option_is_told_that_does_not_exist():
    everywhere = set(re.findall(r"--[a-z][a-z-]+", help_of())) | {"--help"}
    for name, text in sections().items():
        exist = everywhere | set(re.findall(r"--[a-z][a-z-]+", help_of(name)))
        if name == "queue":
            for verb in ("show", "edit", "undo", "retry", "discard", "hold", "release", "export", "import"):
                exist |= set(re.findall(r"--[a-z][a-z-]+", help_of("queue", verb)))
        if name in ("create", "set", "delete"):
            exist |= {"--yes", "--dry-run"}
        own = {option for option in re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)} - {"--print-token"}
        assert own <= exist, f"{name}: {own - exist}"


@case
def every_exit_code_is_told():
    codes = re.findall(r"^\| (\d) \|", TEXT, re.M)
    header = (ROOT / "tools/hawser/exit_code.h").read_text(encoding="utf-8")
    assert codes == re.findall(r"= (\d),", header), codes


def lines_to_run():
    for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.M | re.S):
        for line in block.splitlines():
            command, _, remark = line.partition(" # exit ")
            yield command.strip(), int(remark or 0)


@case
def every_example_runs_in_the_order_of_the_page():
    with tempfile.TemporaryDirectory() as directory, \
            Organization(PROGRAM, directory, "--sample", "200") as organization:
        ada = organization.users["ada"]
        (pathlib.Path(directory) / "notes.txt").write_text("A note\n")
        policy = re.search(r"^```json\n(.*?)^```", MERGING, re.M | re.S).group(1)
        (pathlib.Path(directory) / "policy.json").write_text(policy)
        environment = {**os.environ, "HAWSER_TOKEN": ada["token"], "XDG_DATA_HOME": directory, "TZ": "UTC"}
        environment.pop("HAWSER_REPLICA", None)

        def shell(command):
            return subprocess.run(["sh", "-c", f'hawser() {{ "{PROGRAM}" "$@"; }}\n{command}'], cwd=directory,
                                  env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)

        stands_for = {"https://contoso.crm.dynamics.com": organization.url, "ada@contoso.com": ada["mailbox"]}
        records = {"49516f4a": "contact", "808b85f3": "account", "8c0e683f": "appointment", "a39b1c07": "task"}
        for command, expected in lines_to_run():
            for identifier, table in records.items():
                if identifier in command and identifier not in stands_for:
                    stands_for[identifier] = json.loads(shell(f"hawser list {table} --limit 1 --json").stdout)[0]["id"]
            typed = command
            for written, real in stands_for.items():
                typed = typed.replace(written, real)
            done = shell(typed)
            assert done.returncode == expected, f"{command}\nexit {done.returncode}: {done.stdout}{done.stderr}"
            if command.split()[1] in READING and not command.endswith("--json"):
                json.loads(shell(f"{typed} --json").stdout)


if __name__ == "__main__":
    sys.exit(run())
