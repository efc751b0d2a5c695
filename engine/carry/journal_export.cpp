#include "engine/carry/journal_export.h"

#include "base/time_text.h"
#include "engine/carry/journal_file.h"
#include "engine/carry/journal_lines.h"
#include "localstore/transaction.h"
#include "localstore/waiting.h"

#include <utility>

namespace hawser::carry {

namespace {

boost::json::object about(const localstore::Binding& binding, Contents contents, Instant now)
{
    const bool is_whole = contents == Contents::whole;
    boost::json::object line{{"organization", binding.organization.text()},
                             {"user", binding.user.text()},
                             {"instance", binding.instance.text()},
                             {"written_at", to_text(now)}};
    if (is_whole) {
        line["url"] = binding.url;
        line["mailbox"] = binding.mailbox;
    } else {
        line["redacted"] = true;
    }
    return line;
}

class Lines : public localstore::WaitingListener {
public:
    Lines(JournalWriter& writer, Contents contents) : writer_(writer), contents_(contents) {}

    Result<void> table(const localstore::KnownTable& table) override { return writer_.add(line_of(table)); }
    Result<void> record(const localstore::RecordState& state) override
    {
        // What is only referred to is none of those that the changes are about.
        if (!state.live.empty() || state.conflict) ++written_.records;
        return writer_.add(line_of(state, contents_));
    }
    Result<void> change(const localstore::Change& change, const localstore::ChangeIdentity& identity) override
    {
        ++written_.changes;
        return writer_.add(line_of(change, identity, contents_));
    }
    Result<void> conflict(const localstore::Conflict& conflict) override
    {
        ++written_.conflicts;
        return writer_.add(line_of(conflict, contents_));
    }
    Result<void> intent(const localstore::Intent& intent) override
    {
        if (intent.unknown()) ++written_.unknown;
        return writer_.add(line_of(intent, contents_));
    }

    const Exported& written() const { return written_; }

private:
    JournalWriter& writer_;
    Contents contents_;
    Exported written_{};
};

} // namespace

Result<Exported> write_journal(localstore::Store& store, const std::filesystem::path& file, Contents contents,
                               Instant now)
{
    auto writer = JournalWriter::create(file, about(store.binding(), contents, now));
    if (!writer) return writer.error();
    Lines lines(*writer, contents);
    const auto told = store.tell_waiting(lines);
    if (!told) return told.error();
    if (const auto finished = writer->finish(); !finished) return finished.error();
    // What can only be looked at cannot remember it either, and no less was written.
    if (contents == Contents::whole)
        (void)store.transact(localstore::Durability::full, [&](localstore::Transaction& transaction) {
            return transaction.journal.set_setting(localstore::exported_setting, *told);
        });
    return lines.written();
}

} // namespace hawser::carry
