#include "engine/carry/journal_export.h"
#include "engine/carry/journal_import.h"
#include "engine/replica_implementation.h"

namespace hawser {

Result<Exported> Replica::export_queue(const std::filesystem::path& file, Contents contents) const
{
    return carry::write_journal(*impl_->store, file, contents, impl_->now());
}

Result<Imported> Replica::import_queue(const std::filesystem::path& file)
{
    return carry::read_journal(*impl_->store, file, impl_->now());
}

} // namespace hawser
