#pragma once

#include "conflict/reconcile.h"

#include <array>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

namespace hawser::conflict::small_scope {

/// Two installations and somebody at the organization itself. The first one's requests can go wrong.
enum class Who { here, other, colleague };

enum class Edit { create, own_first, common_first, own_second, remove };

/// One step of a history.
struct Move {
    enum class Kind {
        edit,
        cycle,        ///< Compare, send, and hear the answer.
        freeze,       ///< Compare and make the request; it has not left.
        answered,     ///< The request is carried out or refused, and the answer comes.
        answer_lost,  ///< Carried out or refused; no answer.
        request_lost, ///< Not carried out; no answer.
    };
    Kind kind = Kind::edit;
    Who who = Who::here;
    Edit edit = Edit::create;
};

std::string text_of(const Move& move);

struct Request {
    Send kind = Send::nothing;
    Fields changes{};
    std::string condition{};
    Fields local{}; ///< What the record was when the request was made.
    int applied = 0;
};

/// One record as one installation holds it.
struct Installation {
    std::optional<Copy> base{};
    std::optional<Fields> local{};
    LocalAbsence absence = LocalAbsence::never_here;
    std::vector<Contested> conflicts{};
    std::optional<Request> request{};
    bool is_unknown = false; ///< The request left and no answer came.
};

struct Organization {
    std::optional<Fields> record{};
    int version = 0;

    std::optional<Copy> copy() const;
    /// Whether the condition held.
    bool carry_out(Request& request);
};

/// A broken law, in words.
struct Broken {
    std::string law;
};

/// One record with three writers, as far as a history went. Everything that is decided is decided by
/// reconcile(); what it is told and what follows are the rules of the design, said once more.
class World {
public:
    World(Policy policy, bool is_there);

    bool allows(const Move& move) const;
    void make(const Move& move);
    /// Everybody compares until nothing moves any more; then all must be equal, or asked.
    void settle();

    std::uint64_t decisions() const { return decisions_; }
    /// Two histories that come to the same key go on alike.
    std::string key() const;

private:
    Installation& at(Who who) { return who == Who::other ? other_ : here_; }
    const Installation& at(Who who) const { return who == Who::other ? other_ : here_; }
    const std::optional<Fields>& seen_by(Who who) const;
    void edit(const Move& move);
    void supersede(const Value& value);
    void cycle(Installation& one);
    Plan compare(Installation& one, const Names& indeterminate);
    void freeze(Installation& one);
    void hear(Installation& one, bool was_carried_out);
    void recover(Installation& one);
    void acknowledge(Installation& one);
    void check_equal(const Installation& one) const;
    void check_nothing_lost() const;

    Policy policy_;
    Organization organization_;
    Installation here_;
    Installation other_;
    std::array<int, 3> edits_{};
    std::set<std::pair<std::string, std::string>> made_{}; ///< Column and value of every edit.
    std::set<std::string> superseded_{};                   ///< By somebody who had seen it.
    std::uint64_t decisions_ = 0;
};

/// Throws Broken when a plan breaks a law of conflict/reconcile.h.
void check_laws(const Situation& situation, const Policy& policy, const Plan& plan);

} // namespace hawser::conflict::small_scope
