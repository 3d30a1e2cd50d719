// SPDX-License-Identifier: Apache-2.0
//
// What a pending operation waits for (R26), and whether all of it is held by its caller (R12).
#include "section/awaited.h"

#include <algorithm>

#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

template <class Id>
bool meets(const std::vector<Id>& some, const std::vector<Id>& others) {
    return std::find_first_of(some.begin(), some.end(), others.begin(), others.end()) != some.end();
}

}  // namespace

ControlPlane::Item ControlPlane::section_item(SectionOperation& section) {
    return {WaitItem::Kind::section, section.id.value, nullptr, nullptr, {}, nullptr, &section};
}

// Everything the operation waits for now; sorted by kind and id. Walks all requests: not for the
// request path.
ControlPlane::Items ControlPlane::items_of(Operation& operation) {
    Items items;
    // Those counted in the banks of `backend` that `bank_counts`, if the request `counts`.
    const auto add_requests = [&](Backend& backend, auto bank_counts, auto counts) {
        const auto total = [&](std::uint64_t (ControlPlane::*count)(const Bank&) const) {
            std::uint64_t sum = 0;
            backend.banks.for_each(
                [&](const Bank& bank) { sum += bank_counts(bank) ? (this->*count)(bank) : 0; });
            return sum;
        };
        const auto in_bank = [&](std::uint32_t counter) {
            bool found = false;
            backend.banks.for_each([&](const Bank& bank) {
                found = found || (bank.counter == counter && bank_counts(bank));
            });
            return found;
        };
        // Whoever is met was not done before and is sent after; if they are as many as that, all
        // were met.
        const std::uint64_t done_before = total(&ControlPlane::done_of);
        std::uint64_t met = 0;
        for_each_request([&](const OuterRequest& request) {
            // relaxed: hints, exact while the loops are at rest.
            const Stage stage = request.stage.load(std::memory_order_relaxed);
            if (request.backend.load(std::memory_order_relaxed) != &backend ||
                stage == Stage::done || !in_bank(request.counter.load(std::memory_order_relaxed))) {
                return;
            }
            ++met;
            if (counts(request, stage)) {
                items.push_back({WaitItem::Kind::request,
                                 request.id.load(std::memory_order_relaxed), &request, &backend,
                                 shown(stage)});
            }
        });
        items.in_motion = items.in_motion || met != total(&ControlPlane::sent_of) - done_before;
    };
    const auto every_bank = [](const Bank&) { return true; };
    const auto every_request = [](const OuterRequest&, Stage) { return true; };
    const auto add_members = [&](SectionOperation& section) {
        for (const Cover& cover : section.covers) {
            if (!cover.busy) {
                continue;
            }
            if (cover.node() != nullptr) {
                items.push_back({WaitItem::Kind::internal,
                                 cover.node()->id().value,
                                 nullptr,
                                 nullptr,
                                 {},
                                 cover.node(),
                                 &section});
                continue;
            }
            const auto started = [&](const OuterRequest& request, Stage stage) {
                return stage == Stage::admitted || stage == Stage::completing ||
                       (stage == Stage::waiting && of_closed_token(request) &&
                        !excuses(cover, TokenId{request.token.load(std::memory_order_relaxed)}));
            };
            add_requests(*cover.backend(), every_bank, started);
            for (const TokenId token : cover.backend()->open_tokens) {
                if (!excuses(cover, token)) {
                    items.push_back({WaitItem::Kind::token, token.value});
                }
            }
        }
    };
    const auto add_section = [&](SectionOperation& section) {
        items.push_back(section_item(section));
    };

    if (operation.kind == OperationKind::token) {
        for (const auto& backend : static_cast<TokenOperation&>(operation).backends) {
            for (const Cover* cover = backend->covers.first(); cover != nullptr;
                 cover = cover->next) {
                add_section(*cover->section);
            }
        }
    } else if (operation.kind == OperationKind::drain) {
        auto& drain = static_cast<DrainOperation&>(operation);
        Backend& backend = *drain.backend;
        add_requests(
            backend, [&](const Bank& bank) { return bank.serial <= drain.serial; }, every_request);
        for (const TokenId token : backend.open_tokens) {
            const TokenOperation& open = *tokens_.find(token);
            for (std::size_t i = 0; i < open.backends.size(); ++i) {
                if (open.backends[i].get() == &backend && open.serials[i] <= drain.serial) {
                    items.push_back({WaitItem::Kind::token, token.value});
                }
            }
        }
    } else if (operation.kind == OperationKind::quiet) {
        if (SectionOperation* section =
                find_section(static_cast<QuietOperation&>(operation).section)) {
            add_members(*section);
        }
    } else {
        auto& section = static_cast<SectionOperation&>(operation);
        if (section.phase == Operation::Phase::begun) {
            return items;
        }
        if (section.kind == OperationKind::isolate) {
            std::vector<SectionOperation*> behind;
            must_queue(section, &behind);
            for (SectionOperation* other : behind) {
                add_section(*other);
            }
        } else if (section.kind == OperationKind::close_backend) {
            add_requests(*section.backend, every_bank, every_request);
            for (const TokenId token : section.backend->open_tokens) {
                items.push_back({WaitItem::Kind::token, token.value});
            }
        } else {
            add_members(section);
            const auto add_settling = [&](const NodeState* node) {
                SectionOperation* settler = node != nullptr ? settler_of(*node) : nullptr;
                if (settler != nullptr) {
                    items.push_back({WaitItem::Kind::settling,
                                     node->id().value,
                                     nullptr,
                                     nullptr,
                                     {},
                                     node,
                                     settler});
                }
            };
            add_settling(section.settling);
            for (const Cover& cover : section.covers) {
                add_settling(keeps_settled(cover) ? cover.node() : nullptr);
            }
            const auto add_passes_over = [&](const NodeState& node) {
                for (const Cover* cover = node.covers.first(); cover != nullptr;
                     cover = cover->next) {
                    if (cover->section != &section && pass_over(*cover)) {
                        add_section(*cover->section);
                    }
                }
            };
            for (const NodeState* node : section.to_close) {
                add_passes_over(*node);
            }
            if (section.kind == OperationKind::change) {
                for (const Cover& cover : section.covers) {
                    if (SectionOperation* settler = other_settler(cover)) {
                        add_section(*settler);
                    }
                }
                touched_by(section.plan, walked_);
                for (const NodeState* node : walked_) {
                    add_passes_over(*node);
                }
            }
        }
    }
    std::ranges::sort(items, {}, &Item::key);
    const auto again = std::ranges::unique(items, {}, &Item::key);
    items.erase(again.begin(), again.end());
    return items;
}

// The waiting requests of its backend, direction and token up to `request` itself, oldest first
// (R18). Good until the next call.
const std::vector<const OuterRequest*>& ControlPlane::line_up_to(const OuterRequest& request) {
    std::vector<const OuterRequest*>& line = line_;
    line.clear();
    if (request.plugged) {
        line.push_back(&request);
        return line;
    }
    for (const OuterRequest& other : request.backend.load(std::memory_order_relaxed)->waiting) {
        if (other.is_write() == request.is_write() &&
            other.token.load(std::memory_order_relaxed) ==
                request.token.load(std::memory_order_relaxed)) {
            line.push_back(&other);
        }
        if (&other == &request) {
            break;
        }
    }
    return line;
}

// Why a waiting request waits, as a set of Blocker (R18).
std::uint8_t ControlPlane::blockers_of(const OuterRequest& request) {
    std::uint8_t blockers = 0;
    const auto add = [&](Blocker blocker, bool there) {
        blockers |= there ? static_cast<std::uint8_t>(blocker) : std::uint8_t{0};
    };
    add(Blocker::gate, kept(request));
    add(Blocker::order, line_up_to(request).size() > 1);
    add(Blocker::plug, request.plugged);
    add(Blocker::rate, charged(request) && !request.backend.load(std::memory_order_relaxed)
                                                ->group()
                                                ->passes(direction_of(request.io())));
    return blockers;
}

// Adds what keeps `item` of `waiter`: any of it, if it is held by somebody who does not let go of
// it before the wait is over, keeps it for ever. Nothing for what ends by itself.
void ControlPlane::add_keepers(const Operation& waiter, const Item& item, Holding& into) {
    const auto add_gates_of = [&](const Backend& backend) {
        for (const Cover* cover = backend.covers.first(); cover != nullptr; cover = cover->next) {
            into.sections.push_back(cover->section->id);
        }
    };
    switch (item.kind) {
        case WaitItem::Kind::token:
            into.tokens.push_back(TokenId{item.id});
            break;
        case WaitItem::Kind::request:
            if (item.state != RequestState::waiting) {
                into.requests.push_back(RequestId{item.id});
                break;
            }
            if (item.request->plugged) {
                break;  // a region ends by itself
            }
            if (item.request->token.load(std::memory_order_relaxed) == 0) {
                add_gates_of(*item.backend);
            }
            for (const OuterRequest* request : line_up_to(*item.request)) {
                into.requests.push_back(RequestId{request->id.load(std::memory_order_relaxed)});
            }
            break;
        case WaitItem::Kind::section:
            if (waiter.kind != OperationKind::isolate && waiter.kind != OperationKind::token) {
                break;  // a settle pass, which ends by itself
            }
            into.sections.push_back(OperationId{item.id});
            if (waiter.kind == OperationKind::isolate) {
                add_gates_of(*item.section->backend);
                std::vector<SectionOperation*> ahead;
                if (item.section->phase == Operation::Phase::queued) {
                    must_queue(*item.section, &ahead);
                }
                for (SectionOperation* other : ahead) {
                    add_keepers(waiter, section_item(*other), into);
                }
            }
            break;
        default:
            break;
    }
}

// Whether `item` could only be released through what the caller of `operation` holds.
bool ControlPlane::hostage(const Operation& operation, const Item& item) {
    Holding keepers;
    add_keepers(operation, item, keepers);
    return meets(keepers.sections, operation.holding.sections) ||
           meets(keepers.tokens, operation.holding.tokens) ||
           meets(keepers.requests, operation.holding.requests);
}

// Whether somebody has counted the last request of a backend done and not told us yet: released()
// comes, and lets whoever waited for that go on first.
bool ControlPlane::report_on_its_way() const {
    return std::any_of(backends_.begin(), backends_.end(), [this](const Ref<Backend>& backend) {
        if (!backend || !backend->gated()) {
            return false;
        }
        const std::uint64_t now = in_flight(*backend);
        bool late = false;
        for (const Cover* cover = backend->covers.first(); cover != nullptr; cover = cover->next) {
            late = late || (cover->busy && !busy_for(*cover, now));
        }
        return late;
    });
}

bool ControlPlane::would_deadlock(Operation& operation) {
    const Holding& held = operation.holding;
    if (held.sections.empty() && held.tokens.empty() && held.requests.empty()) {
        return false;
    }
    const Items items = items_of(operation);
    if (operation.kind == OperationKind::token || canary(Canary::false_deadlock)) {
        // It opens only after every one of them has ended: one that the caller holds is enough.
        return std::any_of(items.begin(), items.end(),
                           [&](const Item& item) { return hostage(operation, item); });
    }
    if (items.empty() || items.in_motion ||
        !std::all_of(items.begin(), items.end(),
                     [&](const Item& item) { return hostage(operation, item); }) ||
        report_on_its_way()) {
        return false;
    }
    // The request being served may have got done since the walk met it; then it comes back through
    // released.
    return std::all_of(items.begin(), items.end(), [](const Item& item) {
        // relaxed: a hint; what it leads to is decided under the lock.
        return item.kind != WaitItem::Kind::request || item.state == RequestState::waiting ||
               item.request->id.load(std::memory_order_relaxed) == item.id;
    });
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
