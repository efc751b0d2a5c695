#pragma once

#include "transport/dataverse/page.h"
#include "transport/dataverse/row_plan.h"

#include <boost/json/basic_parser.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace hawser::dataverse {

/// What the reader does with the rows it finds.
struct PageJob {
    enum class Root { page, record };
    Root root = Root::page;
    const RowPlan::Detail& plan;
    std::string_view body;
    PageSink* sink = nullptr; ///< With null only `ids_without_parties` is gathered.
    const PartyMap* parties = nullptr;
    const Collection* record_parties = nullptr; ///< For Root::record.
    PageLimits limits{};
};

/// The handler of boost::json::basic_parser: JSON events in, rows out. Values are views into the
/// page wherever the text on the wire is the value; only escaped texts are copied, into memory that
/// is reused from row to row.
class PageReader {
public:
    static constexpr std::size_t max_object_size = std::size_t(-1);
    static constexpr std::size_t max_array_size = std::size_t(-1);
    static constexpr std::size_t max_key_size = 1'024;
    static constexpr std::size_t max_string_size = std::size_t(-1);

    explicit PageReader(const PageJob& job);

    const std::optional<Error>& error() const { return error_; }
    bool found_rows() const { return found_rows_; }
    const PageEnd& end() const { return end_; }
    std::vector<Guid> take_ids_without_parties() { return std::move(ids_without_parties_); }
    bool row_held_parties() const { return row_held_parties_; }
    /// What the answer says instead of rows, when it is an error after all.
    bool says_error() const { return says_error_; }

    using Code = boost::system::error_code;
    using View = boost::json::string_view;
    bool on_document_begin(Code&) { return true; }
    bool on_document_end(Code&) { return true; }
    bool on_array_begin(Code& code);
    bool on_array_end(std::size_t, Code&);
    bool on_object_begin(Code& code);
    bool on_object_end(std::size_t, Code& code);
    bool on_string_part(View part, std::size_t, Code&);
    bool on_string(View last, std::size_t, Code& code);
    bool on_key_part(View part, std::size_t, Code&);
    bool on_key(View last, std::size_t, Code&);
    bool on_number_part(View part, Code&);
    bool on_int64(std::int64_t value, View text, Code& code);
    bool on_uint64(std::uint64_t value, View text, Code& code);
    bool on_double(double value, View text, Code& code);
    bool on_bool(bool value, Code& code);
    bool on_null(Code& code);
    bool on_comment_part(View, Code&) { return true; }
    bool on_comment(View, Code&) { return true; }

private:
    enum class Where { start, root, rows, row, parties, party, done };
    enum class RootKey { other, rows, next_link, delta_link, context, error };

    /// Text that is not in the page as it is: where it stands in `copied_`.
    struct Text {
        std::string_view view{};
        std::size_t offset = 0, size = 0;
        bool copied = false;
    };
    struct Held {
        Slot slot;
        Text text;
    };

    std::string_view view_of(const Text& text) const;
    Text finish_text(View last);
    Slot slot_of(const Held& held) const;
    bool value(Slot slot, const Text& text, Code& code);
    bool row_value(const Slot& slot, const Text& text, Code& code);
    bool root_value(const Slot& slot, const Text& text);
    void begin_row();
    bool end_row(Code& code);
    bool deleted_entry(Code& code);
    bool hand_out(const Guid& id, Code& code);
    bool write_body(const Guid& id, bool& parties_missing, Code& code);
    void write_parties(const Guid& id, bool& parties_missing);
    const Member* member_named(std::string_view name);
    /// What stands here is a member of the layout: an object or a list cannot be its value.
    bool needs_plain_value() const;
    std::string no_plain_value() const;
    bool fail(std::string_view what, Code& code);
    bool fail(Error error, Code& code);

    const PageJob& job_;
    const RowPlan::Detail& plan_;
    PageEnd end_;
    std::optional<Error> error_;
    std::vector<Guid> ids_without_parties_;
    bool found_rows_ = false, says_error_ = false, row_held_parties_ = false;

    Where where_ = Where::start;
    std::size_t skipped_depth_ = 0; ///< Inside a value nobody wants.
    RootKey root_key_ = RootKey::other;

    std::string copied_; ///< Unescaped texts of the row at hand.
    std::size_t parts_begin_ = 0;
    bool in_parts_ = false;
    std::string key_;    ///< Escaped or long keys only.
    std::string number_; ///< A number that came in pieces.

    /// The keys of the row before, in order: rows mostly look alike, so no hashing.
    struct Expected {
        std::string name;
        const Member* member = nullptr;
    };
    std::vector<Expected> shape_;
    std::size_t key_index_ = 0;

    const Member* member_ = nullptr;
    std::string party_member_;
    std::vector<Held> values_, lookup_tables_;
    Held id_, etag_, context_, tombstone_id_, reason_;
    std::int64_t version_ = 0;
    bool parties_cut_ = false, parties_seen_ = false;
    PartyGatherer gatherer_;
    BodyWriter writer_;
};

} // namespace hawser::dataverse
