#include "transport/dataverse/page_reader.h"

#include <algorithm>

namespace hawser::dataverse {
namespace {

// Any error ends the parse; what is wrong stands in the reader.
void stop(boost::system::error_code& code)
{
    code = boost::system::errc::make_error_code(boost::system::errc::operation_canceled);
}

} // namespace

PageReader::PageReader(const PageJob& job) : job_(job), plan_(job.plan)
{
    values_.resize(plan_.columns.size());
    lookup_tables_.resize(plan_.columns.size());
}

bool PageReader::fail(Error error, Code& code)
{
    if (!error_) error_ = std::move(error);
    stop(code);
    return false;
}

bool PageReader::fail(std::string_view what, Code& code)
{
    return fail(
        Error{ErrorKind::retry, "server.bad_answer",
              "the organization's answer about " + plan_.table + " cannot be used: " + std::string(what)},
        code);
}

std::string_view PageReader::view_of(const Text& text) const
{
    return text.copied ? std::string_view(copied_).substr(text.offset, text.size) : text.view;
}

Slot PageReader::slot_of(const Held& held) const
{
    Slot slot = held.slot;
    slot.text = view_of(held.text);
    return slot;
}

PageReader::Text PageReader::finish_text(View last)
{
    const std::string_view text(last.data(), last.size());
    const bool in_page =
        text.data() >= job_.body.data() && text.data() + text.size() <= job_.body.data() + job_.body.size();
    if (!in_parts_ && in_page) return {text, 0, 0, false};
    if (!in_parts_) parts_begin_ = copied_.size();
    in_parts_ = false;
    copied_ += text;
    return {{}, parts_begin_, copied_.size() - parts_begin_, true};
}

bool PageReader::on_string_part(View part, std::size_t, Code&)
{
    if (skipped_depth_ > 0) return true;
    if (!in_parts_) parts_begin_ = copied_.size();
    in_parts_ = true;
    copied_.append(part.data(), part.size());
    return true;
}

bool PageReader::on_string(View last, std::size_t, Code& code)
{
    if (skipped_depth_ > 0) return true;
    Slot slot;
    slot.kind = Slot::Kind::text;
    return value(slot, finish_text(last), code);
}

bool PageReader::on_key_part(View part, std::size_t, Code&)
{
    key_.append(part.data(), part.size());
    return true;
}

bool PageReader::on_key(View last, std::size_t, Code&)
{
    std::string_view name(last.data(), last.size());
    if (!key_.empty()) {
        key_ += name;
        name = key_;
    }
    if (skipped_depth_ == 0) {
        if (where_ == Where::row) {
            member_ = member_named(name);
        } else if (where_ == Where::party) {
            party_member_ = name;
        } else if (where_ == Where::root) {
            root_key_ = name == "value"              ? RootKey::rows
                        : name == "@odata.nextLink"  ? RootKey::next_link
                        : name == "@odata.deltaLink" ? RootKey::delta_link
                        : name == "@odata.context"   ? RootKey::context
                        : name == "error"            ? RootKey::error
                                                     : RootKey::other;
            says_error_ = says_error_ || root_key_ == RootKey::error;
        }
    }
    key_.clear();
    return true;
}

const Member* PageReader::member_named(std::string_view name)
{
    const auto at = key_index_++;
    if (at < shape_.size() && shape_[at].name == name) return shape_[at].member;
    const auto* member = plan_.find(name);
    constexpr std::size_t longest_shape = 2'048;
    if (at < longest_shape) {
        if (at >= shape_.size()) shape_.resize(at + 1);
        shape_[at].name = name;
        shape_[at].member = member;
    }
    return member;
}

bool PageReader::on_object_begin(Code& code)
{
    if (skipped_depth_ > 0) {
        ++skipped_depth_;
        return true;
    }
    switch (where_) {
    case Where::start:
        where_ = job_.root == PageJob::Root::page ? Where::root : Where::row;
        if (where_ == Where::row) begin_row();
        return true;
    case Where::rows:
        where_ = Where::row;
        begin_row();
        return true;
    case Where::parties:
        where_ = Where::party;
        gatherer_.begin_party();
        return true;
    case Where::root:
        if (root_key_ == RootKey::rows) return fail("\"value\" is no list", code);
        break;
    case Where::row:
        if (needs_plain_value()) return fail(no_plain_value(), code);
        break;
    case Where::party:
    case Where::done:
        break;
    }
    skipped_depth_ = 1;
    return true;
}

bool PageReader::needs_plain_value() const
{
    return member_ && member_->use != Member::Use::ignore;
}

std::string PageReader::no_plain_value() const
{
    return "the member " + member_->name + " of row " + std::to_string(end_.rows + 1) + " is no plain value";
}

bool PageReader::on_object_end(std::size_t, Code& code)
{
    if (skipped_depth_ > 0) {
        --skipped_depth_;
        return true;
    }
    switch (where_) {
    case Where::party:
        gatherer_.end_party();
        where_ = Where::parties;
        return true;
    case Where::row:
        where_ = job_.root == PageJob::Root::page ? Where::rows : Where::done;
        return end_row(code);
    case Where::root:
        where_ = Where::done;
        return true;
    case Where::start:
    case Where::rows:
    case Where::parties:
    case Where::done:
        break;
    }
    return fail("its objects do not match", code);
}

bool PageReader::on_array_begin(Code& code)
{
    if (skipped_depth_ > 0) {
        ++skipped_depth_;
        return true;
    }
    if (where_ == Where::start || where_ == Where::rows)
        return fail("a list stands where an object should be", code);
    if (where_ == Where::root && root_key_ == RootKey::rows) {
        if (found_rows_) return fail("it has two lists of rows", code);
        found_rows_ = true;
        where_ = Where::rows;
        return true;
    }
    if (where_ == Where::row && member_ && member_->use == Member::Use::parties) {
        parties_seen_ = true;
        gatherer_.clear();
        where_ = Where::parties;
        return true;
    }
    if (where_ == Where::row && needs_plain_value()) return fail(no_plain_value(), code);
    skipped_depth_ = 1;
    return true;
}

bool PageReader::on_array_end(std::size_t, Code&)
{
    if (skipped_depth_ > 0) {
        --skipped_depth_;
    } else {
        where_ = where_ == Where::parties ? Where::row : Where::root;
    }
    return true;
}

bool PageReader::on_number_part(View part, Code&)
{
    number_.append(part.data(), part.size());
    return true;
}

bool PageReader::on_int64(std::int64_t number, View, Code& code)
{
    number_.clear();
    if (skipped_depth_ > 0) return true;
    Slot slot;
    slot.kind = Slot::Kind::integer;
    slot.integer = number;
    return value(slot, {}, code);
}

bool PageReader::on_uint64(std::uint64_t, View text, Code& code)
{
    return on_double(0, text, code);
}

// The digits count, not the binary number made of them.
bool PageReader::on_double(double, View text, Code& code)
{
    if (skipped_depth_ > 0) {
        number_.clear();
        return true;
    }
    Slot slot;
    slot.kind = Slot::Kind::number;
    if (number_.empty()) return value(slot, finish_text(text), code);
    number_.append(text.data(), text.size());
    const auto whole = finish_text({number_.data(), number_.size()});
    number_.clear();
    return value(slot, whole, code);
}

bool PageReader::on_bool(bool truth, Code& code)
{
    if (skipped_depth_ > 0) return true;
    Slot slot;
    slot.kind = Slot::Kind::boolean;
    slot.integer = truth ? 1 : 0;
    return value(slot, {}, code);
}

bool PageReader::on_null(Code& code)
{
    return skipped_depth_ > 0 || value({}, {}, code);
}

bool PageReader::value(Slot slot, const Text& text, Code& code)
{
    switch (where_) {
    case Where::row:
        return row_value(slot, text, code);
    case Where::party:
        slot.text = view_of(text);
        gatherer_.member(party_member_, slot);
        return true;
    case Where::root:
        if (root_key_ == RootKey::rows) return fail("\"value\" is no list", code);
        return root_value(slot, text);
    case Where::start:
        return fail("it is no JSON object", code);
    case Where::rows:
    case Where::parties:
        return fail("a list holds something that is no object", code);
    case Where::done:
        break;
    }
    return fail("something follows its end", code);
}

bool PageReader::root_value(const Slot& slot, const Text& text)
{
    if (slot.kind != Slot::Kind::text) return true;
    const auto view = view_of(text);
    if (root_key_ == RootKey::next_link) end_.next_link = view;
    if (root_key_ == RootKey::delta_link) end_.delta_link = view;
    if (root_key_ == RootKey::context) end_.changes_only = view.ends_with("/$delta");
    copied_.clear();
    return true;
}

bool PageReader::row_value(const Slot& slot, const Text& text, Code& code)
{
    if (!member_) return true;
    switch (member_->use) {
    case Member::Use::value:
        values_[member_->position] = {slot, text};
        break;
    case Member::Use::lookup_table:
        lookup_tables_[member_->position] = {slot, text};
        break;
    case Member::Use::id:
        id_ = {slot, text};
        break;
    case Member::Use::etag:
        etag_ = {slot, text};
        break;
    case Member::Use::context:
        context_ = {slot, text};
        break;
    case Member::Use::tombstone_id:
        tombstone_id_ = {slot, text};
        break;
    case Member::Use::reason:
        reason_ = {slot, text};
        break;
    case Member::Use::version:
        if (slot.kind == Slot::Kind::integer) version_ = slot.integer;
        break;
    case Member::Use::parties_next:
        parties_cut_ = slot.kind == Slot::Kind::text;
        break;
    case Member::Use::parties:
        if (slot.kind != Slot::Kind::none) return fail("the participants are no list", code);
        break;
    case Member::Use::ignore:
        break;
    }
    return true;
}

} // namespace hawser::dataverse
