"""Installs Hawser, builds the embedding example outside the tree against it, and runs the example.

Usage: consumer_test.py BUILD PROGRAM       the build directory and the program in it
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from cases import case, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))
BUILD, PROGRAM = sys.argv[1:3]
WORK = tempfile.TemporaryDirectory()
PREFIX = os.path.join(WORK.name, "prefix")
PROJECT = os.path.join(WORK.name, "project")
# What of namespace hawser is not in include/hawser.
INNER = re.compile(r"hawser::(conflict|localstore|http|odata|dataverse|engine|server|json)::|::Impl\b")


def command(*arguments, **options):
    done = subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          timeout=600, check=False, **options)
    assert done.returncode == 0, f"{' '.join(arguments)}: exit {done.returncode}\n{done.stdout}"
    return done.stdout


def installed(*parts):
    path = os.path.join(PREFIX, *parts)
    assert os.path.exists(path), f"{path} was not installed"
    return path


def library():
    for folder, _, files in os.walk(PREFIX):
        if "libhawser.so" in files:
            return os.path.join(folder, "libhawser.so")
    raise AssertionError("libhawser.so was not installed")


@case
def everything_is_installed():
    command("cmake", "--install", BUILD, "--prefix", PREFIX)
    headers = set(os.listdir(os.path.join(ROOT, "include", "hawser")))
    assert headers == set(os.listdir(installed("include", "hawser"))), "other headers than include/hawser"
    assert os.listdir(installed("include")) == ["hawser"], "headers beside include/hawser"
    assert "hawser" in command(installed("bin", "hawser"), "--version")
    for completion in ("bash-completion/completions/hawser", "zsh/site-functions/_hawser",
                       "fish/vendor_completions.d/hawser.fish"):
        with open(installed("share", *completion.split("/")), encoding="utf-8") as file:
            assert "go-offline" in file.read(), f"{completion} does not know the commands"


@case
def only_the_public_face_is_exported():
    names = command("nm", "--dynamic", "--defined-only", "--demangle", library()).splitlines()
    names = [line.split(maxsplit=2)[2] for line in names if " A " not in line]
    assert any("hawser::Replica::open" in name for name in names), "Replica::open is not exported"
    assert any("hawser::Guid::parse" in name for name in names), "Guid::parse is not exported"
    others = [n for n in names if INNER.search(n) or not re.match(r"(typeinfo (name )?for |vtable for )?hawser::|std::hash<hawser::Guid>::", n)]
    assert not others, "exported, but not public:\n" + "\n".join(others)


@case
def the_library_has_a_version():
    assert re.search(r"SONAME.*libhawser\.so\.\d+", command("readelf", "--dynamic", library()))


@case
def the_example_builds_outside_the_tree():
    shutil.copytree(os.path.join(ROOT, "tests", "consumer"), PROJECT)
    command("cmake", "-S", PROJECT, "-B", PROJECT + "/build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={PREFIX}",
            "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror")
    command("cmake", "--build", PROJECT + "/build")


@case
def the_example_runs_twice_against_the_embedded_organization():
    example = os.path.join(PROJECT, "build", "consumer")
    with subprocess.Popen([PROGRAM, "serve", "--sample", "50", "--port", "0"], stdout=subprocess.PIPE,
                          stdin=subprocess.DEVNULL, text=True) as server:
        try:
            ready = json.loads(server.stdout.readline())
            user = ready["users"][0]
            settings = {**os.environ, "HAWSER_URL": ready["url"], "HAWSER_TOKEN": user["token"],
                        "HAWSER_MAILBOX": user["mailbox"]}
            for _ in range(2):
                output = command(example, env=settings, cwd=WORK.name, stdin=subprocess.DEVNULL).splitlines()
                assert len(output) == 4, output
                assert all("lastname" in json.loads(line) for line in output[:3]), output
                assert output[3] == "0 changes wait to be sent", output
        finally:
            server.terminate()


sys.exit(run())
