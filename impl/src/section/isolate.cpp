// SPDX-License-Identifier: Apache-2.0
//
// Isolated sections exclude each other's holders: conflicts and the queue (R23).
#include <algorithm>
#include <utility>

#include "section/control_plane.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

bool ControlPlane::conflict(const SectionOperation& a, const SectionOperation& b) {
    const auto excludes_a_member_of = [this](const SectionOperation& section,
                                             const SectionOperation& other) {
        if (isolates(section, *other.backend)) {
            return true;
        }
        return std::any_of(other.exempt.begin(), other.exempt.end(), [&](BackendId id) {
            const Backend* member = find_backend(id);
            return member != nullptr && isolates(section, *member);
        });
    };
    return excludes_a_member_of(a, b) || excludes_a_member_of(b, a);
}

// Whether `isolate` has to wait for others; `behind`, if given, gets them.
bool ControlPlane::must_queue(const SectionOperation& isolate,
                              std::vector<SectionOperation*>* behind) {
    if (canary(Canary::isolates_together)) {
        return false;
    }
    bool holds_one = false;
    for_each_section([&](SectionOperation& other) {
        holds_one = holds_one || (other.kind == OperationKind::isolate &&
                                  other.backend.get() == isolate.backend.get() &&
                                  other.phase == Operation::Phase::begun);
    });
    bool queue = false;
    bool earlier = true;
    for_each_section([&](SectionOperation& other) {
        if (&other == &isolate) {
            earlier = false;
        } else if (other.kind == OperationKind::isolate) {
            // Who holds an isolate already never waits behind the queue: the queue may be waiting
            // for that one.
            const bool counts = other.phase == Operation::Phase::begun || (earlier && !holds_one);
            if (counts && conflict(isolate, other)) {
                queue = true;
                if (behind != nullptr) {
                    behind->push_back(&other);
                }
            }
        }
    });
    return queue;
}

// Two live ones of which one would exclude the holder of the other; null if there are none.
std::pair<SectionOperation*, SectionOperation*> ControlPlane::conflicting_isolates_after(
    ChangePlan& plan) {
    std::vector<SectionOperation*> live;
    for_each_section([&](SectionOperation& section) {
        if (section.kind == OperationKind::isolate && section.phase == Operation::Phase::begun) {
            live.push_back(&section);
        }
    });
    if (live.size() < 2) {
        return {};
    }
    std::pair<SectionOperation*, SectionOperation*> found;
    Edits& edits = edits_of(plan);
    apply(edits);
    for (std::size_t i = 0; i < live.size() && found.first == nullptr; ++i) {
        for (std::size_t k = i + 1; k < live.size() && found.first == nullptr; ++k) {
            if (conflict(*live[i], *live[k])) {
                found = {live[i], live[k]};
            }
        }
    }
    undo(edits);
    return found;
}

bool ControlPlane::activate_isolates() {
    for (Operation& operation : pending_) {
        if (operation.kind == OperationKind::isolate) {
            auto& section = static_cast<SectionOperation&>(operation);
            if (!must_queue(section, nullptr)) {
                make_live(section);
                announce(Announced::effective, section.id.value);
                section.phase = Operation::Phase::begun;
                report(section, {}, true);
                return true;
            }
        }
    }
    return false;
}

Wait ControlPlane::isolate(Backend& backend, IsolateOptions&& options, SectionCallback&& begun) {
    const Locked locked(*this);
    if (backend.closed) {
        return refuse(std::move(options), backend.home, refusal(std::move(begun)),
                      gone("isolate", backend));
    }
    if (Error error = unknown("isolate", options.also)) {
        return refuse(std::move(options), backend.home, refusal(std::move(begun)),
                      std::move(error));
    }
    auto operation = std::make_unique<SectionOperation>(OperationKind::isolate);
    SectionOperation& section = *operation;
    section.backend = Ref<Backend>(&backend);
    section.exempt = std::move(options.also);
    EventLoop* home = backend.home;
    const bool only_now = options.only_now;

    section.phase = Operation::Phase::queued;
    start(std::move(operation), std::move(options), home);
    section.report = hand_over(section.id, std::move(begun));
    std::vector<SectionOperation*> behind;
    const bool queues = must_queue(section, &behind);
    // Queueing under a token of its own would wait for a holder who, to finish, may need the token
    // closed.
    const bool under_token = std::any_of(
        section.holding.tokens.begin(), section.holding.tokens.end(), [&](TokenId token) {
            return std::find(backend.open_tokens.begin(), backend.open_tokens.end(), token) !=
                   backend.open_tokens.end();
        });
    Error error;
    if (backend.closing) {
        error = {Errc::closing, "isolate of " + describe(backend) + ": it is being closed"};
    } else if (queues && (only_now || under_token)) {
        error = {Errc::conflict, "isolate of " + describe(backend) + ": conflicts with " +
                                     describe(*behind.front())};
    }
    if (error) {
        announce_begin(section, announced(error), only_now);
        conclude(section, std::move(error));
        return {};
    }
    const OperationId id = section.id;
    if (queues) {
        announce_begin(section, Errc::ok, only_now);
        progress();
    } else {
        go_live(section, only_now);
    }
    return {ControlRef(this), id};
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
