#include "engine/carry/journal_export.h"
#include "engine/carry/journal_founding.h"
#include "engine/carry/journal_import.h"
#include "engine/replica_implementation.h"

namespace hawser {

Result<Exported> Replica::export_queue(const std::filesystem::path& file, Contents contents) const
{
    return carry::write_journal(*impl_->store, file, contents, impl_->now());
}

Result<Imported> Replica::import_queue(const std::filesystem::path& file, const ImportOptions& options)
{
    return carry::read_journal(*impl_->store, file, options, impl_->now());
}

Result<Founded> Replica::found_journal(const std::filesystem::path& file)
{
    return carry::found_records(*impl_->store, file, impl_->now());
}

Result<JournalAbout> Replica::about_journal(const std::filesystem::path& file)
{
    return carry::about_journal(file);
}

} // namespace hawser
