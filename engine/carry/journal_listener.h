#pragma once

#include "engine/carry/journal_values.h"

#include <filesystem>

namespace hawser::carry {

/// Is told what the lines of a journal say, one by one. A failure ends the telling.
class LineListener {
public:
    virtual ~LineListener() = default;
    virtual Result<void> table(const Table& table) = 0;
    virtual Result<void> record(RecordLine record) = 0;
    virtual Result<void> change(ChangeLine change) = 0;
    virtual Result<void> conflict(const localstore::Conflict& conflict) = 0;
    virtual Result<void> intent(const localstore::Intent& intent) = 0;
};

/// Reads a journal to its end. Fails with what a JournalReader refuses, with what the listener refuses, and with
/// journal.damaged for a line that is no part of a journal, with the file and the byte.
Result<void> tell_lines(const std::filesystem::path& file, LineListener& listener);

} // namespace hawser::carry
