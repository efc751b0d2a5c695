"""tools/check_layers finds what it is there to find, in planted trees."""

import os
import subprocess
import sys
import tempfile

from cases import case, run

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", ".."))

SOUND = {
    "include/hawser/face.h": "#include <string>\n",
    "base/leaf.h": '#include "hawser/face.h"\n',
    "base/leaf.cpp": '#include "base/leaf.h"\n#include <boost/json.hpp>\n#include <sys/random.h>\n',
    "localstore/store.h": '#include "base/leaf.h"\n',
    "localstore/schema.h": "#include <SQLiteCpp/SQLiteCpp.h>\n",
    "localstore/store.cpp": '#include "localstore/store.h"\n#include "localstore/schema.h"\n',
    "transport/http/exchange.h": '#include "hawser/face.h"\n',
    "transport/http/curl.cpp": '#include "transport/http/exchange.h"\n#include <curl/curl.h>\n',
    "engine/engine.cpp": '#include "localstore/store.h"\n#include "transport/http/exchange.h"\n'
    "#include <boost/asio/awaitable.hpp>\n",
    "tools/server/core/organization.h": '#include "base/leaf.h"\n',
    "tools/server/shell/server.cpp": '#include "tools/server/core/organization.h"\n#include <boost/beast.hpp>\n',
}


def check(planted):
    """Runs the check on the sound tree with some files replaced or added."""
    with tempfile.TemporaryDirectory() as root:
        for path, text in {**SOUND, **planted}.items():
            os.makedirs(os.path.dirname(os.path.join(root, path)), exist_ok=True)
            with open(os.path.join(root, path), "w", encoding="utf-8") as file:
                file.write(text)
        command = [sys.executable, os.path.join(ROOT, "tools", "check_layers"), root]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout


def refused(planted, *words):
    code, output = check(planted)
    assert code == 1, f"exit {code}, but a violation was planted\n{output}"
    assert output.count("\n") == 2, f"one violation and the count were expected\n{output}"
    for word in words:
        assert word in output, f"{word!r} is not named\n{output}"


@case
def a_sound_tree_passes():
    code, output = check({})
    assert code == 0, output


@case
def an_empty_tree_is_no_success():
    with tempfile.TemporaryDirectory() as root:
        command = [sys.executable, os.path.join(ROOT, "tools", "check_layers"), root]
        assert subprocess.run(command, capture_output=True, check=False).returncode == 1


@case
def the_three_in_the_middle_never_include_one_another():
    refused({"conflict/merge.cpp": '#include "localstore/store.h"\n'}, "conflict/merge.cpp", "localstore/store.h")
    refused({"localstore/a.cpp": '#include "transport/http/exchange.h"\n'}, "localstore/a.cpp", "exchange.h")
    refused({"transport/odata/a.cpp": '#include "localstore/store.h"\n'}, "transport/odata/a.cpp", "store.h")


@case
def a_lower_folder_never_includes_a_higher_one():
    refused({"base/up.cpp": '#include "localstore/store.h"\n'}, "base/up.cpp")
    refused({"tools/server/core/up.cpp": '#include "transport/http/exchange.h"\n'}, "tools/server/core/up.cpp")


@case
def a_relative_path_is_no_way_round():
    refused({"base/up.cpp": '#include "../localstore/store.h"\n'}, "base/up.cpp", "localstore/store.h")


@case
def the_public_face_is_standard_types_only():
    refused({"include/hawser/x.h": '#include "base/leaf.h"\n'}, "include/hawser/x.h")
    refused({"include/hawser/x.h": "#include <boost/json.hpp>\n"}, "boost/json.hpp")
    refused({"include/hawser/x.h": "#include <unistd.h>\n"}, "unistd.h")


@case
def third_party_headers_stay_where_they_are_wrapped():
    refused({"engine/x.cpp": "#include <sqlite3.h>\n"}, "sqlite3.h")
    refused({"engine/x.cpp": "#include <curl/curl.h>\n"}, "curl/curl.h")
    refused({"localstore/x.cpp": "#include <boost/asio.hpp>\n"}, "boost/asio.hpp")
    refused({"tools/server/core/x.cpp": "#include <boost/beast.hpp>\n"}, "boost/beast.hpp")
    refused({"engine/x.cpp": "#include <unheard/of.hpp>\n"}, "unheard/of.hpp")


@case
def a_chain_of_headers_is_followed():
    refused(
        {"localstore/store.h": '#include "localstore/schema.h"\n', "engine/engine.cpp": '#include "localstore/store.h"\n'},
        "engine/engine.cpp",
        "localstore/store.h → localstore/schema.h",
    )


@case
def json_stays_out_of_headers_that_others_include():
    refused({"base/leaf.h": "#include <boost/json.hpp>\n", "localstore/store.h": "", "tools/server/core/organization.h": ""},
            "base/leaf.h")
    refused({"transport/odata/url.h": "#include <boost/json.hpp>\n",
             "engine/x.cpp": '#include "transport/odata/url.h"\n'}, "engine/x.cpp", "json")


sys.exit(run())
