#include "transport/dataverse/page_reader.h"

#include <algorithm>

namespace hawser::dataverse {

void PageReader::begin_row()
{
    std::ranges::fill(values_, Held{});
    std::ranges::fill(lookup_tables_, Held{});
    id_ = etag_ = context_ = tombstone_id_ = reason_ = Held{};
    version_ = 0;
    parties_cut_ = parties_seen_ = false;
    gatherer_.clear();
    copied_.clear();
    key_index_ = 0;
    member_ = nullptr;
}

bool PageReader::end_row(Code& code)
{
    if (end_.rows + end_.tombstones >= job_.limits.max_rows)
        return fail("it has more rows than were asked for", code);
    if (slot_of(context_).text.ends_with("/$deletedEntity")) return deleted_entry(code);
    const auto id = Guid::parse(slot_of(id_).text);
    if (!id) return fail("row " + std::to_string(end_.rows + 1) + " has no id", code);
    if (version_ == 0) version_ = version_in(slot_of(etag_).text);
    ++end_.rows;
    end_.highest_version = std::max(end_.highest_version, version_);
    return hand_out(*id, code);
}

bool PageReader::deleted_entry(Code& code)
{
    auto id = Guid::parse(slot_of(tombstone_id_).text);
    if (!id) id = Guid::parse(slot_of(id_).text);
    if (!id) return fail("a deleted entry has no id", code);
    ++end_.tombstones;
    if (!job_.sink) return true;
    auto taken = job_.sink->tombstone({*id, slot_of(reason_).text});
    return taken || fail(std::move(taken.error()), code);
}

bool PageReader::hand_out(const Guid& id, Code& code)
{
    if (!job_.sink) {
        if (plan_.parties && (!parties_seen_ || parties_cut_)) ids_without_parties_.push_back(id);
        return true;
    }
    RowView row;
    row.id = id;
    row.etag = slot_of(etag_).text;
    if (plan_.conditional && !is_usable_etag(row.etag))
        return fail("the record " + id.text() + " has no usable etag", code);
    row.version = version_;
    row.partial = plan_.partial;
    if (!write_body(id, row.parties_missing, code)) return false;
    row.body = writer_.finish();
    auto taken = job_.sink->row(row);
    return taken || fail(std::move(taken.error()), code);
}

bool PageReader::write_body(const Guid& id, bool& parties_missing, Code& code)
{
    writer_.clear();
    for (std::size_t i = 0; i < plan_.columns.size(); ++i) {
        if (plan_.parties == i) {
            write_parties(id, parties_missing);
            continue;
        }
        const auto& rule = plan_.columns[i];
        const auto wrong = append_value(writer_, rule, slot_of(values_[i]), slot_of(lookup_tables_[i]));
        if (!wrong.empty())
            return fail("the column " + rule.name + " of " + id.text() + " holds " + std::string(wrong),
                        code);
    }
    return true;
}

void PageReader::write_parties(const Guid& id, bool& parties_missing)
{
    const Collection* given = job_.record_parties;
    if (job_.parties) {
        const auto found = job_.parties->find(id);
        if (found != job_.parties->end()) given = &found->second;
    }
    row_held_parties_ = parties_seen_ && !parties_cut_;
    if (!given && !row_held_parties_) {
        parties_missing = true;
        writer_.skip();
        return;
    }
    const auto collection = given ? *given : gatherer_.collection();
    if (collection.elements.empty())
        writer_.skip();
    else
        writer_.add(Value{collection});
}

} // namespace hawser::dataverse
