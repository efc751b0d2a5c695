// One measured job of Hawser, in a process of its own so that its memory is its own.
//
//   hawser_bench pull REPLICA [TRACE]   first pull of every table; URL, token and mailbox as in
//                                       HAWSER_URL, HAWSER_TOKEN, HAWSER_MAILBOX
//   hawser_bench idle REPLICA           cycles with nothing to do
//   hawser_bench edit REPLICA N WORD    N durable local edits, one at a time, of the first N contacts
//                                       that do not carry WORD yet
//   hawser_bench push REPLICA N WORD    the same N edits in one write, then the cycle that sends them
//   hawser_bench journal REPLICA N WORD FILE RECORDS
//                                       the same N edits, exported to a journal, and the records as they were, one
//                                       JSON object a line
//   hawser_bench queue REPLICA N        the first page of a queue of N changes, and undoing one of them
//   hawser_bench read REPLICA           get by id, and the first page of a sorted list
//
// Prints one line of JSON.

#include "hawser/hawser.h"
#include "tests/bench/measure.h"
#include "tests/bench/traced_exchange.h"
#include "transport/http/curl_exchange.h"

#include <boost/json.hpp>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>

namespace hawser::bench {
namespace {

constexpr const char* tables[] = {"account", "contact", "lead",        "opportunity", "incident",
                                  "email",   "task",    "appointment", "phonecall",   "annotation"};

std::string setting(const char* name)
{
    const char* value = std::getenv(name);
    if (!value) give_up(std::string(name) + " is not set");
    return value;
}

struct Bench {
    std::shared_ptr<TracedExchange> exchange;
    Ports ports;
    std::unique_ptr<Synchronizer> synchronizer;

    explicit Bench(const std::string& trace = {})
        : exchange(std::make_shared<TracedExchange>(http::curl_exchange(), trace)),
          ports{exchange, fixed_token(setting("HAWSER_TOKEN"))}
    {
    }

    Replica open(const std::filesystem::path& path)
    {
        ReplicaOptions options;
        options.path = path;
        if (!std::filesystem::exists(path)) {
            Binding binding =
                need(Synchronizer::identify(setting("HAWSER_URL"), setting("HAWSER_MAILBOX"), {}, ports));
            std::vector<ScopeChoice> scopes;
            for (const char* table : tables) scopes.push_back({.table = table});
            need(need(Replica::create(options, binding)).choose(scopes));
        }
        Replica replica = need(Replica::open(options));
        synchronizer = std::make_unique<Synchronizer>(replica, SynchronizerOptions{}, ports);
        return replica;
    }
};

void print(boost::json::object figures)
{
    figures["peak_megabytes"] = peak_megabytes();
    std::cout << boost::json::serialize(figures) << '\n';
}

void pull(const std::string& path, const std::string& trace)
{
    Bench bench(trace);
    Replica replica = bench.open(path);
    const std::uint64_t before = bench.exchange->requests();
    CycleReport report;
    const Cost cost = measure([&] { report = need(bench.synchronizer->cycle()); });
    print({{"seconds", cost.seconds},
           {"cpu_seconds", cost.cpu_seconds},
           {"records", report.pulled},
           {"bytes", bench.exchange->bytes()},
           {"requests", bench.exchange->requests() - before}});
}

void idle(const std::string& path)
{
    Bench bench;
    Replica replica = bench.open(path);
    need(bench.synchronizer->start());
    need(bench.synchronizer->cycle());
    const std::uint64_t before = bench.exchange->requests();
    constexpr int cycles = 50;
    std::vector<double> seconds, cpu;
    for (int i = 0; i < cycles; ++i) {
        const Cost cost = measure([&] { need(bench.synchronizer->cycle()); });
        seconds.push_back(cost.seconds);
        cpu.push_back(cost.cpu_seconds);
    }
    print({{"median_seconds", median(seconds)},
           {"median_cpu_seconds", median(cpu)},
           {"requests_a_cycle", static_cast<double>(bench.exchange->requests() - before) / cycles}});
}

/// An edit that really changes something, for each of the first `count` contacts without `word`.
std::vector<Edit> edits_of(const Replica& replica, const std::string& column, std::size_t count,
                           const std::string& word)
{
    const std::string where = column + " eq null or " + column + " ne '" + word + "'";
    const std::vector<Record> contacts =
        need(replica.query({.table = "contact", .where = where, .columns = {column}, .limit = count}));
    if (contacts.size() < count) give_up("only " + std::to_string(contacts.size()) + " contacts to edit");
    std::vector<Edit> edits;
    for (const Record& contact : contacts)
        edits.push_back({ChangeKind::update, contact.key, {{column, word}}});
    return edits;
}

void edit(const std::string& path, std::size_t count, const std::string& word)
{
    Bench bench;
    Replica replica = bench.open(path);
    std::vector<double> seconds, cpu;
    for (const Edit& change : edits_of(replica, "jobtitle", count, word)) {
        const std::vector<Edit> one{change};
        const Cost cost = measure([&] { need(replica.write(one)); });
        seconds.push_back(cost.seconds);
        cpu.push_back(cost.cpu_seconds);
    }
    print({{"median_seconds", median(seconds)},
           {"median_cpu_seconds", median(cpu)},
           {"queued", need(bench.synchronizer->status()).pending}});
}

void push(const std::string& path, std::size_t count, const std::string& word)
{
    Bench bench;
    Replica replica = bench.open(path);
    // Not started: a background cycle would send them before the one that is measured.
    need(bench.synchronizer->cycle());
    const std::vector<Edit> edits = edits_of(replica, "department", count, word);
    const Cost written = measure([&] { need(replica.write(edits)); });
    const std::uint64_t before = bench.exchange->requests();
    CycleReport report;
    const Cost cost = measure([&] { report = need(bench.synchronizer->cycle()); });
    print({{"seconds", cost.seconds},
           {"cpu_seconds", cost.cpu_seconds},
           {"write_seconds", written.seconds},
           {"changes", edits.size()},
           {"pushed", report.pushed},
           {"requests", bench.exchange->requests() - before},
           {"pending", need(bench.synchronizer->status()).pending}});
}

/// The first `count` contacts whole.
void write_records(const Replica& replica, const std::vector<Edit>& edits, const std::string& path)
{
    std::ofstream file(path);
    for (const Edit& edit : edits) {
        boost::json::object record =
            boost::json::parse(to_json(need(replica.get(edit.record)).columns)).as_object();
        record["id"] = edit.record.id.text();
        file << boost::json::serialize(record) << '\n';
    }
}

void journal(const std::string& path, std::size_t count, const std::string& word, const std::string& file,
             const std::string& records)
{
    Bench bench;
    Replica replica = bench.open(path);
    need(bench.synchronizer->cycle());
    const std::vector<Edit> edits = edits_of(replica, "department", count, word);
    write_records(replica, edits, records);
    need(replica.write(edits));
    Exported exported;
    const Cost cost = measure([&] { exported = need(replica.export_queue(file)); });
    print({{"seconds", cost.seconds},
           {"cpu_seconds", cost.cpu_seconds},
           {"changes", exported.changes},
           {"bytes", std::filesystem::file_size(file)}});
}

/// The least, the median and the most of some runs, in milliseconds.
boost::json::object milliseconds_of(int runs, const std::function<void(int)>& work)
{
    std::vector<double> each;
    for (int run = 0; run < runs; ++run) each.push_back(measure([&] { work(run); }).seconds * 1e3);
    return {{"least", *std::ranges::min_element(each)},
            {"median", median(each)},
            {"most", *std::ranges::max_element(each)}};
}

void queue(const std::string& path, std::size_t count)
{
    Bench bench;
    Replica replica = bench.open(path);
    constexpr const char* columns[] = {"department", "jobtitle", "nickname", "mobilephone", "fax"};
    constexpr std::size_t edits_a_record = std::size(columns);
    for (const char* column : columns)
        need(replica.write(edits_of(replica, column, count / edits_a_record, "queued")));
    const std::vector<Change> some = need(replica.queue({.limit = 1'000}));
    std::vector<ChangeNumber> held;
    for (const Change& change : some)
        if (change.number % 10 == 0) held.push_back(change.number);
    need(replica.hold(held));
    ChangeFilter first{.limit = 50};
    ChangeFilter of_table{.table = "contact", .limit = 50};
    ChangeFilter of_state{.states = {ChangeState::held}, .limit = 50};
    ChangeFilter of_age{.limit = 50};
    of_age.made_before = some.back().made_at;
    constexpr int runs = 101;
    const auto listing = [&](const ChangeFilter& filter) {
        return milliseconds_of(runs, [&](int) { need(replica.queue(filter)); });
    };
    const std::size_t before = need(bench.synchronizer->status()).pending;
    const std::vector<Change> middle = need(replica.queue({.after = some.back().number, .limit = runs}));
    print({{"changes", before},
           {"first_page", listing(first)},
           {"by_table", listing(of_table)},
           {"by_state", listing(of_state)},
           {"by_age", listing(of_age)},
           {"undo",
            milliseconds_of(
                runs, [&](int run) { need(replica.undo(middle[static_cast<std::size_t>(run)].number)); })},
           {"left", need(bench.synchronizer->status()).pending}});
}

void read(const std::string& path)
{
    Bench bench;
    Replica replica = bench.open(path);
    const Query first_page{.table = "contact", .columns = {"fullname"}, .sort = {{"fullname"}}, .limit = 50};
    const std::vector<Record> contacts = need(replica.query({.table = "contact", .limit = 2'000}));
    need(replica.query(first_page));
    std::vector<double> get, list;
    for (const Record& contact : contacts)
        get.push_back(measure([&] { need(replica.get(contact.key)); }).seconds);
    for (int i = 0; i < 101; ++i) list.push_back(measure([&] { need(replica.query(first_page)); }).seconds);
    if (get.empty()) give_up("no contacts to read");
    print({{"get_median_seconds", median(get)},
           {"list_median_seconds", median(list)},
           {"contacts", need(replica.count("contact"))}});
}

} // namespace
} // namespace hawser::bench

int main(int count, char* words[])
{
    using namespace hawser::bench;
    const std::vector<std::string> arguments(words + 1, words + count);
    const std::string job = arguments.empty() ? "" : arguments[0];
    if (job == "pull" && arguments.size() >= 2)
        pull(arguments[1], arguments.size() > 2 ? arguments[2] : "");
    else if (job == "idle" && arguments.size() == 2)
        idle(arguments[1]);
    else if (job == "edit" && arguments.size() == 4)
        edit(arguments[1], std::stoul(arguments[2]), arguments[3]);
    else if (job == "push" && arguments.size() == 4)
        push(arguments[1], std::stoul(arguments[2]), arguments[3]);
    else if (job == "journal" && arguments.size() == 6)
        journal(arguments[1], std::stoul(arguments[2]), arguments[3], arguments[4], arguments[5]);
    else if (job == "queue" && arguments.size() == 3)
        queue(arguments[1], std::stoul(arguments[2]));
    else if (job == "read" && arguments.size() == 2)
        read(arguments[1]);
    else
        give_up("usage: hawser_bench pull|idle|edit|push|journal|queue|read REPLICA …");
}
