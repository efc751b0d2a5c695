#!/usr/bin/env python3
"""Shows that the simulation catches broken engines: each patch of mutants/ breaks one promise.

Builds each mutant in a copy of the tree (build/mutants) and tells stories until one breaks that the engine as
it is tells to the end: first the story of mutants/seeds.txt, then those from SEED on. Prints a table of what
was broken, the promise that gave it away, and the seed. Exit code: 0 all were caught, 1 one was not, 2 usage.
"""

import argparse
import os
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
PATCHES = ROOT / "tests" / "simulation" / "mutants"
SEEDS = PATCHES / "seeds.txt"
SCRATCH = ROOT / "build" / "mutants"
BUILD = SCRATCH / "build" / "release"
MUTANT = BUILD / "tests" / "hawser_simulate"
PLAIN = SCRATCH / "build" / "hawser_simulate_plain"
ENVIRONMENT = dict(os.environ, CCACHE_BASEDIR=str(SCRATCH), CCACHE_NOHASHDIR="1")
EXAMPLE = "Example: tools/dev mutants untouched_column_sent guard_skipped"
LONGEST = 3600  # Seconds for all the stories of one mutant.


class Parser(argparse.ArgumentParser):
    def error(self, message):
        self.exit(2, f"mutants: {message}\nTry: {self.prog} --help\n")


def from_1_on(text):
    if not re.fullmatch("[1-9][0-9]*", text):
        raise argparse.ArgumentTypeError(f"needs a whole number from 1 on, not {text}")
    return int(text)


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


def build():
    if not (BUILD / "build.ninja").exists():
        fast_to_build = ["-DHAWSER_BENCHMARKS=OFF", "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=OFF"]
        must(["cmake", "--preset", "release", *fast_to_build], cwd=SCRATCH, env=ENVIRONMENT)
    return run(["ninja", "-C", BUILD, "-j1", "hawser_simulate"], env=ENVIRONMENT)


def build_plain():
    copy_tree()
    built = build()
    if built.returncode != 0:
        sys.exit(built.stdout[-3000:])
    shutil.copy2(MUTANT, PLAIN)


def first_broken(program, seed, count):
    """The first of these stories that breaks a promise: its seed, the promise and the sentence."""
    try:
        told = run([program, "--seeds", str(seed), str(count), "--stop"], timeout=LONGEST)
    except subprocess.TimeoutExpired:
        return None
    found = re.search(r"^seed (\d+) breaks (I\d+): (.*) \(commit .*\)$", told.stdout, re.M)
    if found:
        return int(found[1]), found[2], found[3]
    if told.returncode != 0:
        sys.exit(f"{program} ended:\n{told.stdout[-1000:]}")
    return None


def catch(known, first, count):
    """The first story that the mutant breaks and the engine as it is does not."""
    if known:
        broken = first_broken(MUTANT, known, 1)
        if broken and not first_broken(PLAIN, known, 1):
            return broken
    at = first
    while at < first + count:
        broken = first_broken(MUTANT, at, first + count - at)
        if not broken or not first_broken(PLAIN, broken[0], 1):
            return broken
        at = broken[0] + 1
    return None


def break_engine(name):
    copy_tree()
    patch = PATCHES / f"{name}.patch"
    must(["patch", "--batch", "--strip=1", "--fuzz=0", "--no-backup-if-mismatch", "--input", patch], cwd=SCRATCH)
    built = build()
    if built.returncode != 0:
        sys.exit(f"{name} does not build:\n{built.stdout[-3000:]}")


def known_seeds():
    lines = SEEDS.read_text().splitlines() if SEEDS.exists() else []
    return {name: int(seed) for name, seed in (line.split() for line in lines)}


def record(known):
    SEEDS.write_text("".join(f"{name} {seed}\n" for name, seed in sorted(known.items())))


def main():
    parser = Parser(
        prog="mutants.py", description=__doc__, epilog=EXAMPLE, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("names", metavar="NAME", nargs="*", help="mutants; all by default")
    add("--seeds", metavar="N", type=from_1_on, default=1000, help="so many stories for each; 1000 by default")
    add("--from", metavar="SEED", type=from_1_on, default=1, dest="first", help="from this seed on; 1 by default")
    add("--record", action="store_true", help="keep the seeds in mutants/seeds.txt")
    add("--list", action="store_true", help="print the names only")
    add("--check", action="store_true", help="build nothing; only say whether tools/dev may pass on these arguments")
    chosen = parser.parse_args()
    all_names = sorted(path.stem for path in PATCHES.glob("*.patch"))
    names = chosen.names or all_names
    if unknown := sorted(set(names) - set(all_names)):
        parser.error(f"there is no mutant {unknown[0]}; --list names all")
    if chosen.check:
        return 0
    if chosen.list:
        print("\n".join(names))
        return 0
    known = known_seeds()
    build_plain()
    missed = 0
    print("| mutant | promise | seed | what gives it away |\n|---|---|---:|---|", flush=True)
    for name in names:
        break_engine(name)
        caught = catch(known.get(name), chosen.first, chosen.seeds)
        if caught:
            known[name] = caught[0]
            print(f"| {name} | {caught[1]} | {caught[0]} | {caught[2]} |", flush=True)
            if chosen.record:
                record(known)
        else:
            missed += 1
            print(f"| {name} | MISSED | | {chosen.seeds} stories found nothing |", flush=True)
    copy_tree()
    print(f"\n{len(names) - missed} of {len(names)} mutants caught")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
