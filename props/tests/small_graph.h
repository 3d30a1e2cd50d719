// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <gtest/gtest.h>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {

// n1 over n2, b1 and b2 on n1; b1 isolates with s1; r7 of b2 waits.
inline blkdrain_ref::State isolated() {
    namespace ref = blkdrain_ref;
    using Kind = ref::Event::Kind;
    ref::State state;
    const auto take = [&](const ref::Event& event) {
        EXPECT_FALSE(ref::accept(state, event)) << to_string(event);
    };
    ref::Event event;
    event.kind = Kind::node_new;
    for (const std::uint32_t node : {1U, 2U}) {
        event.node = {node};
        event.loop = {0};
        take(event);
    }
    ref::add_edge(state, {{1}, {2}});
    for (const std::uint32_t backend : {1U, 2U}) {
        event = {};
        event.kind = Kind::backend_new;
        event.backend = {backend};
        event.loop = {0};
        take(event);
        state.backends.back().root = {1};
    }
    event = {};
    event.kind = Kind::begin;
    event.section = {1};
    event.section_kind = ref::SectionKind::isolate;
    event.backend = {1};
    take(event);
    event = {};
    event.kind = Kind::effective;
    event.section = {1};
    take(event);
    event = {};
    event.kind = Kind::send;
    event.request = {7};
    event.loop = {0};
    event.backend = {2};
    take(event);
    return state;
}

}  // namespace blkdrain_props
