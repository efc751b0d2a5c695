"""tools/lint finds what it is there to find, and nothing else, in planted files."""

import os
import subprocess
import sys
import tempfile

from cases import case, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))


def findings(path, text, others=None):
    """The rules that the file breaks, in order."""
    with tempfile.TemporaryDirectory() as root:
        for name, content in {**(others or {}), path: text}.items():
            os.makedirs(os.path.join(root, os.path.dirname(name)), exist_ok=True)
            with open(os.path.join(root, name), "w", encoding="utf-8") as file:
                file.write(content)
        command = [sys.executable, os.path.join(ROOT, "tools", "lint"), root]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        lines = done.stdout.splitlines()
        rules = [line.split(": ")[1] for line in lines[:-1] if line.startswith(path + ":")]
        assert done.returncode == (1 if rules else 0), done.stdout + done.stderr
        return rules


def expect(rules, path, *texts, others=None):
    for text in texts:
        found = findings(path, text, others)
        assert found == rules, f"{path} with {text!r}: found {found}, expected {rules}"


@case
def a_temporary_in_an_await_is_found():
    expect(["await"], "engine/x.cpp",
           "void f() { co_await g(Request{path}); }\n",
           "void f() { auto r = co_await g({1, 2}); }\n",
           "void f() { co_await g([copy] { return copy; }); }\n",
           "void f() { if (co_await g(Request{path})) { h(); } }\n")


@case
def a_plain_await_passes():
    expect([], "engine/x.cpp",
           "void f() { co_await g(request); }\n",
           "void f() { auto [a, b] = co_await g(list[0], h()[1]); }\n",
           "void f() { if (auto r = co_await g(x)) { h(); } }\n",
           "void f() { while (!(co_await g(x))) { h(); } }\n",
           "// co_await f({}) is wrong\n",
           'void f() { co_await g("{}"); }\n')


@case
def long_files_and_functions_are_found():
    body = "    g();\n"
    expect([], "engine/x.cpp", "void f()\n{\n" + body * 67 + "}\n")
    expect(["size"], "engine/x.cpp",
           "namespace a {\nvoid f()\n{\n" + body * 68 + "}\n}\n",
           "class X {\n    int f() const\n    {\n" + body * 70 + "    }\n};\n",
           'TEST_CASE("x")\n{\n' + body * 70 + "}\n",
           "X::X() : a_(1)\n{\n    if (a) {\n" + body * 70 + "    }\n}\n")
    expect([], "engine/x.h", "class X {\n" + "    int f();\n" * 100 + "};\n")
    expect(["size"], "engine/x.h", "\n" * 601)


@case
def promises_of_later_work_are_found():
    for word in ("TO" + "DO", "FIX" + "ME", "a st" + "ub", "for n" + "ow", "In prod" + "uction"):
        expect(["words"], "engine/x.cpp", f"// {word}\n")
        expect(["words"], "docs/X.md", f"{word}\n")
    expect([], "engine/x.cpp", "// stubborn XXXXXX for nowhere\n")


@case
def paths_of_one_machine_are_found():
    expect(["paths"], "engine/x.cpp", 'auto p = "/wo' + 'rk/x";\n', 'auto p = "/t' + 'mp/x";\n')
    expect(["paths"], "tests/run.sh", "cd /ho" + "me/ada\n")
    expect([], "engine/x.cpp", 'auto u = "https://host/wo' + 'rk/x";\n')


@case
def clocks_and_chance_are_found():
    expect(["clock"], "engine/x.cpp",
           "auto t = std::chrono::system_clock::now();\n", "auto t = steady_clock::now();\n",
           "auto t = time(nullptr);\n", "int x = rand();\n", "std::random_device device;\n",
           "asio::steady_timer timer(io);\n")
    expect(["clock"], "localstore/x.cpp", 'auto q = "SELECT datetime(\'now\')";\n', 'auto q = "DEFAULT CURRENT_TIMESTAMP";\n')
    expect([], "engine/x.cpp", "auto t = clock.now();\n", "auto t = record.time(0);\n",
           "// steady_clock::now is not used\n")
    expect([], "base/clock.cpp", "auto t = std::chrono::steady_clock::now();\n")


@case
def what_clang_cannot_build_is_found_where_it_has_to():
    expect(["clang"], "localstore/x.cpp", "auto twice = std::ranges::unique(all);\n", "for (int i : std::views::iota(1)) {}\n")
    expect([], "localstore/x.cpp", "all.erase(std::unique(all.begin(), all.end()), all.end());\n")
    expect([], "engine/x.cpp", "auto twice = std::ranges::unique(all);\n")


@case
def sleeping_tests_are_found():
    expect(["sleep"], "tests/unit/x.cpp", "void f() { std::this_thread::sleep_for(1s); }\n", "void f() { usleep(5); }\n")
    expect(["sleep"], "tests/wire/x.py", "time.sleep(1)\n")
    expect(["sleep"], "tests/wire/x.sh", "start &\nsleep 1\n", "start; sleep 0.5\n")
    expect([], "tests/unit/x.cpp", "// never sleep_for\n")


@case
def an_example_that_differs_from_its_file_is_found():
    file = {"tests/consumer/main.cpp": "int main() {}\n"}
    text = "<!-- example: tests/consumer/main.cpp -->\n```cpp\nint main() {}\n```\n"
    expect([], "README.md", text, others=file)
    expect(["example"], "README.md", text.replace("main()", "main(int)"), others=file)
    expect(["example"], "README.md", text)
    expect(["example"], "README.md", "Nothing is shown.\n", others=file)


sys.exit(run())
