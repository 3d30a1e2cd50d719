// SPDX-License-Identifier: Apache-2.0
//
// Ways that end in something that nobody will see are cut off before.
#include <algorithm>

#include "harness/black_box.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;

// What comes to be seen is, at the latest when all is at rest. This cuts off ways that would be
// found out there.
std::size_t BlackBox::next_rest() const {
    const auto next = std::ranges::lower_bound(rests_, now_.at);
    return next == rests_.end() || !looks_ahead_ ? never : *next;
}

bool BlackBox::will_be_seen(const Fact& fact) const {
    const std::size_t rest = next_rest();
    if (rest == never) {
        return true;
    }
    switch (fact.kind) {
        case Seen::Kind::returned:
            return known_[fact.of].result == fact.result;
        case Seen::Kind::outcome:
            return known_[fact.of].over < rest && known_[fact.of].outcome == fact.result;
        case Seen::Kind::reached:
            return known_[fact.of].reached < rest;
        case Seen::Kind::completed:
            return true;
        default:
            return sights_left(fact.kind, fact.of) > 0;
    }
}

// Before the next rest, of something that can be seen more than once; without what is to be seen
// already.
std::size_t BlackBox::sights_left(Seen::Kind kind, std::uint32_t of) const {
    const bool told = kind == Seen::Kind::told_begin || kind == Seen::Kind::told_end;
    const auto& when = told                           ? tellings_[of]
                       : kind == Seen::Kind::settling ? settlings_[of]
                                                      : closings_[of];
    const auto first = std::ranges::lower_bound(when, now_.at);
    const auto last = std::ranges::lower_bound(when, next_rest());
    const auto taken = std::ranges::count_if(now_.unseen, [&](const Fact& fact) {
        return fact.of == of &&
               (fact.kind == kind || (told && (fact.kind == Seen::Kind::told_begin ||
                                               fact.kind == Seen::Kind::told_end)));
    });
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(last - first - taken, 0));
}

// R24: no edge that it crosses changes meanwhile.
bool BlackBox::goes_its_way(const ref::Request& request) const {
    const Known& known = known_[request.id.value];
    const auto is_there = [&](const ref::Edge& edge) {
        return std::ranges::find(now_.state.edges, edge) != now_.state.edges.end();
    };
    return known.reached == never || (ref::find(now_.state, request.backend)->root == known.root &&
                                      std::ranges::all_of(known.path, is_there));
}

ref::Reason BlackBox::never_seen(const ref::Event& event) const {
    return ref::refusal(now_.state, event, ref::Code::never_happened);
}

// What cannot come out well any more. R9: more notifications than will be delivered. R10: a drain
// whose end is seen before a request that it covers is done. R29: a request is to complete without
// its driver, who sees it.
std::optional<ref::Reason> BlackBox::sees_too_little() const {
    if (next_rest() == never) {
        return std::nullopt;
    }
    for (const ref::Backend& backend : now_.state.backends) {
        if (backend.owed != 0 && !closed_.contains(backend.id) &&
            backend.owed > sights_left(Seen::Kind::told_begin, backend.id.value)) {
            return never_seen(
                {.kind = Kind::notify, .notice = backend.next_told(), .backend = backend.id});
        }
    }
    for (const ref::Section& drain : now_.state.sections) {
        const Known& known = known_[drain.id.value];
        for (const ref::RequestId request : drain.requests) {
            if (known.over != never && known.outcome == Result::ok &&
                known_[request.value].dispatched > known.over) {
                return never_seen({.kind = Kind::done, .request = request});
            }
        }
    }
    for (const ref::Request& request : now_.state.requests) {
        if (request.cancelled && known_[request.id.value].reached != never) {
            return never_seen(
                {.kind = Kind::complete, .error = ref::Error::cancelled, .request = request.id});
        }
    }
    return std::nullopt;
}

}  // namespace blkdrain_props
