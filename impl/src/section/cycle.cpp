// SPDX-License-Identifier: Apache-2.0
//
// Pending operations that wait for each other in a circle (R26). A step leads from one to another
// if the one waits for a section or token that the other's caller holds, by its own word. A request
// that is being served makes no step: it gets done when its completion returns, whoever waits.
#include <algorithm>
#include <cstddef>
#include <utility>

#include "os/canary.h"
#include "section/awaited.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

bool names_something(const Operation& operation) {
    return !operation.holding.sections.empty() || !operation.holding.tokens.empty();
}

}  // namespace

// Who names something, in the order of the calls, with the steps between them as they are now.
class ControlPlane::Waiters {
public:
    explicit Waiters(ControlPlane& control) {
        std::vector<Holding> keepers;
        std::vector<std::pair<OperationId, std::size_t>> sections;  // held, by whom
        std::vector<std::pair<TokenId, std::size_t>> tokens;
        for (Operation& operation : control.pending_) {
            if (!names_something(operation)) {
                continue;
            }
            for (const OperationId id : operation.holding.sections) {
                sections.emplace_back(id, all_.size());
            }
            for (const TokenId id : operation.holding.tokens) {
                tokens.emplace_back(id, all_.size());
            }
            all_.push_back({&operation, {}, {}});
            Holding& kept_by = keepers.emplace_back();
            for (const Item& item : control.items_of(operation)) {
                control.add_keepers(operation, item, kept_by);
            }
        }
        std::sort(sections.begin(), sections.end());
        std::sort(tokens.begin(), tokens.end());
        for (std::size_t from = 0; from < all_.size(); ++from) {
            add_steps(from, keepers[from].sections, sections);
            add_steps(from, keepers[from].tokens, tokens);
        }
    }

    [[nodiscard]] std::size_t size() const { return all_.size(); }
    [[nodiscard]] Operation& operator[](std::size_t i) const { return *all_[i].operation; }

    // Those in a circle with number `start`, itself among them; empty: it is in none.
    [[nodiscard]] std::vector<Operation*> cycle_of(std::size_t start) const {
        const std::vector<bool> after = reached(start, &Waiter::next);
        std::vector<Operation*> cycle;
        if (after[start]) {
            const std::vector<bool> before = reached(start, &Waiter::previous);
            for (std::size_t i = 0; i < all_.size(); ++i) {
                if (after[i] && before[i]) {
                    cycle.push_back(all_[i].operation);
                }
            }
        }
        return cycle;
    }

private:
    struct Waiter {
        Operation* operation;
        std::vector<std::size_t> next;      // who holds what it waits for
        std::vector<std::size_t> previous;  // who waits for what it holds
    };

    template <class Id>
    void add_steps(std::size_t from, const std::vector<Id>& kept_by,
                   const std::vector<std::pair<Id, std::size_t>>& holders) {
        for (const Id id : kept_by) {
            for (auto at = std::lower_bound(holders.begin(), holders.end(),
                                            std::pair{id, std::size_t{0}});
                 at != holders.end() && at->first == id; ++at) {
                all_[from].next.push_back(at->second);
                all_[at->second].previous.push_back(from);
            }
        }
    }

    // By one step or more.
    [[nodiscard]] std::vector<bool> reached(std::size_t start,
                                            std::vector<std::size_t> Waiter::* steps) const {
        std::vector<bool> seen(all_.size());
        std::vector<std::size_t> at{start};
        while (!at.empty()) {
            const Waiter& waiter = all_[at.back()];
            at.pop_back();
            for (const std::size_t next : waiter.*steps) {
                if (!seen[next]) {
                    seen[next] = true;
                    at.push_back(next);
                }
            }
        }
        return seen;
    }

    std::vector<Waiter> all_;
};

std::vector<Operation*> ControlPlane::cycle_of(const Operation& operation) {
    if (names_something(operation) && operation.is_linked()) {
        const Waiters waiters(*this);
        for (std::size_t i = 0; i < waiters.size(); ++i) {
            if (&waiters[i] == &operation) {
                return waiters.cycle_of(i);
            }
        }
    }
    return {};
}

// Each operation once, when it is in a circle for the first time.
void ControlPlane::tell_of_cycles() {
    const auto untold = [](const Operation& operation) {
        return names_something(operation) && !operation.cycle_told;
    };
    if (std::none_of(pending_.begin(), pending_.end(), untold) || canary(Canary::cycle_untold)) {
        return;
    }
    const Waiters waiters(*this);
    for (std::size_t i = 0; i < waiters.size(); ++i) {
        Operation& operation = waiters[i];
        if (operation.cycle_told || waiters.cycle_of(i).empty()) {
            continue;
        }
        operation.cycle_told = true;
        const bool token = operation.kind == OperationKind::token;
        announce(Announced::cycle,
                 token ? static_cast<TokenOperation&>(operation).token.value : operation.id.value,
                 [&](Announcement& a) { a.flag = token; });
        if (cycle_told_) {
            operation.loop->post([told = cycle_told_, why = explanation(operation)] { told(why); });
        }
    }
}

void ControlPlane::on_cycle(CycleCallback told) {
    const Locked locked(*this);
    cycle_told_ = std::move(told);
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
