#!/usr/bin/env python3
"""Shows that the simulation catches broken engines: each patch of mutants/ breaks one promise.

Usage: mutants.py [--seeds N] [--list] [NAME…]

Builds each mutant in a copy of the tree (build/mutants) and tells stories until one breaks. Prints the seed
and the invariant that gave it away. Exit code: 0 all were caught, 1 one was not, 2 usage.
"""

import argparse
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "simulation" / "mutants"
SCRATCH = ROOT / "build" / "mutants"
BUILD = SCRATCH / "build" / "dev"


def run(command, **more):
    return subprocess.run(command, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, **more)


def must(command, **more):
    done = run(command, **more)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} failed:\n{done.stdout[-3000:]}")
    return done.stdout


def copy_tree():
    """The files of the tree as they are now; those that did not change keep their times, for the build."""
    names = must(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT).split("\n")
    for name in filter(None, names):
        source, target = ROOT / name, SCRATCH / name
        if not source.is_file():
            continue
        if target.exists() and target.read_bytes() == source.read_bytes():
            continue
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        shutil.copymode(source, target)


def build(environment):
    if not (BUILD / "build.ninja").exists():
        must(
            ["cmake", "-S", SCRATCH, "-B", BUILD, "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug"]
            + ["-DCMAKE_CXX_FLAGS_DEBUG=-O1 -g1", "-DHAWSER_WARNINGS_AS_ERRORS=ON"],
            env=environment,
        )
    return run(["ninja", "-C", BUILD, "-j1", "hawser_simulate"], env=environment)


def try_mutant(name, seeds, environment):
    copy_tree()
    patch = PATCHES / f"{name}.patch"
    must(["patch", "--batch", "--strip=1", "--no-backup-if-mismatch", "--input", patch], cwd=SCRATCH)
    built = build(environment)
    if built.returncode != 0:
        return False, "does not build:\n" + built.stdout[-2000:]
    told = run([BUILD / "tests" / "hawser_simulate", "--seeds", "1", str(seeds), "--stop"])
    caught = re.search(r"^seed (\d+) breaks (I\d+): (.*)$", told.stdout, re.M)
    if caught:
        return True, f"seed {caught[1]}, {caught[2]}: {caught[3]}"
    if told.returncode != 0:
        return True, "it ends the program: " + told.stdout.strip().split("\n")[-1]
    return False, f"{seeds} seeds found nothing"


def main():
    import os

    parser = argparse.ArgumentParser(usage=__doc__)
    parser.add_argument("--seeds", type=int, default=1000)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("names", nargs="*")
    chosen = parser.parse_args()
    names = chosen.names or sorted(path.stem for path in PATCHES.glob("*.patch"))
    if chosen.list:
        print("\n".join(names))
        return 0
    environment = dict(os.environ, CCACHE_BASEDIR=str(SCRATCH), CCACHE_NOHASHDIR="1")
    missed = 0
    for name in names:
        caught, words = try_mutant(name, chosen.seeds, environment)
        missed += not caught
        print(f"{'caught' if caught else 'MISSED':8}{name}: {words}", flush=True)
    print(f"{len(names) - missed} of {len(names)} mutants caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
