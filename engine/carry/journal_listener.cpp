#include "engine/carry/journal_listener.h"

#include "engine/carry/journal_file.h"

#include <boost/json/object.hpp>

#include <string>
#include <utility>

namespace hawser::carry {

namespace {

namespace json = boost::json;

template <class Line, class Told>
Result<void> tell(Result<Line> line, Told told)
{
    if (!line) return line.error();
    return told(*std::move(line));
}

Result<void> tell_line(const json::object& line, LineListener& listener)
{
    if (line.size() != 1 || !line.begin()->value().is_object())
        return Error{ErrorKind::refuse, "journal.damaged", "it is not one object with a name"};
    const auto& what = line.begin()->key();
    const json::object& said = line.begin()->value().get_object();
    if (what == "table") return tell(table_in(said), [&](Table table) { return listener.table(table); });
    if (what == "record")
        return tell(record_in(said), [&](RecordLine record) { return listener.record(std::move(record)); });
    if (what == "change")
        return tell(change_in(said), [&](ChangeLine change) { return listener.change(std::move(change)); });
    if (what == "conflict")
        return tell(conflict_in(said), [&](localstore::Conflict one) { return listener.conflict(one); });
    if (what == "intent")
        return tell(intent_in(said), [&](localstore::Intent one) { return listener.intent(one); });
    // Later makers of the same version may say more.
    return {};
}

} // namespace

Result<void> tell_lines(const std::filesystem::path& file, LineListener& listener)
{
    auto reader = JournalReader::open(file);
    if (!reader) return reader.error();
    for (;;) {
        const auto line = reader->next();
        if (!line) return line.error();
        if (!*line) return {};
        auto told = tell_line(**line, listener);
        if (told) continue;
        Error error = told.error();
        if (error.code == "journal.damaged")
            error.message = "The journal " + file.string() + " has a line at byte " +
                            std::to_string(reader->position()) +
                            " of its text that is no part of a journal: " + error.message +
                            ". Ask for the file again, or export it anew.";
        return error;
    }
}

} // namespace hawser::carry
