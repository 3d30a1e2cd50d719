// SPDX-License-Identifier: Apache-2.0
#include "suites/without_drains.h"

#include <algorithm>

namespace blkdrain_props {

namespace ref = blkdrain_ref;

void WithoutDrains::event(const ref::Event& event, const ref::State& before, std::uint8_t actor) {
    if (healing_) {
        return;
    }
    using Kind = ref::Event::Kind;
    if (event.kind == Kind::drain && actor >= first_guest_) {
        drains_.insert(event.wait.value);
        pending_.insert(event.wait.value);
        unplugged_ =
            unplugged_ || std::ranges::any_of(before.requests, [&](const ref::Request& request) {
                return request.backend == event.backend && request.plugged;
            });
    }
    if (drains_.contains(event.wait.value)) {
        if (event.kind == Kind::drain_done || event.kind == Kind::abandon) {
            pending_.erase(event.wait.value);
        }
        return;
    }
    overlapping_.insert(pending_.begin(), pending_.end());
    ref::Event renamed = event;
    rename(renamed.section);
    rename(renamed.wait);
    renamed.holding.sections = {};
    for (ref::SectionId section : event.holding.sections) {
        rename(section);
        renamed.holding.sections.push_back(section);
    }
    lines_.push_back({actor, to_string(renamed)});
}

template <class I>
void WithoutDrains::rename(I& id) {
    if (id) {
        id.value =
            names_.try_emplace(id.value, static_cast<std::uint32_t>(names_.size())).first->second;
    }
}

}  // namespace blkdrain_props
