// SPDX-License-Identifier: Apache-2.0
#include "harness/alternatives.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/small_graph.h"

namespace blkdrain_props {
namespace {

namespace ref = blkdrain_ref;
using Kind = ref::Event::Kind;
using Sentences = std::vector<std::string>;

// What is told when the state refuses the event.
Sentences instead_of(const ref::Event& event, ref::State state) {
    const std::optional<ref::Reason> reason = ref::accept(state, event);
    EXPECT_TRUE(reason) << to_string(event);
    return reason ? alternatives(*reason, state) : Sentences{};
}

// b1's section has ended: r7 may go. A request of b1 runs.
ref::State opened() {
    ref::State state = isolated();
    const auto take = [&](const ref::Event& event) {
        EXPECT_FALSE(ref::accept(state, event)) << to_string(event);
    };
    ref::Event event;
    event.kind = Kind::send;
    event.request = {8};
    event.backend = {1};
    take(event);
    event = {};
    event.kind = Kind::admit;
    event.request = {8};
    take(event);
    event = {};
    event.kind = Kind::end;
    event.section = {1};
    take(event);
    return state;
}

TEST(Alternatives, what_concerns_the_same_objects_comes_first) {
    ref::Event done;
    done.kind = Kind::done;
    done.request = {7};
    EXPECT_EQ(instead_of(done, opened()),
              (Sentences{"r7 of b2 is admitted", "the driver answers r8 of b1"}));
    done.request = {8};
    EXPECT_EQ(instead_of(done, opened()),
              (Sentences{"the driver answers r8 of b1", "r7 of b2 is admitted"}));
}

TEST(Alternatives, of_a_wrong_result_is_the_right_one) {
    ref::Event detach;
    detach.kind = Kind::change;
    detach.section = {2};
    detach.op = ref::ChangeOp::detach;
    detach.node = {1};
    detach.edge = 3;
    EXPECT_EQ(instead_of(detach, opened()),
              Sentences{"change s2 detach n1 edge 3 -> no_such_edge"});
}

TEST(Alternatives, of_what_never_happened_is_what_is_due) {
    const ref::State state = opened();
    ref::Event admit;
    admit.kind = Kind::admit;
    admit.request = {7};
    EXPECT_EQ(alternatives(ref::refusal(state, admit, ref::Code::never_happened), state),
              Sentences{"r7 of b2 is admitted"});
}

TEST(Alternatives, only_the_first_are_told) {
    ref::State state = opened();
    for (std::uint32_t id = 20; id < 40; ++id) {
        ref::Event event;
        event.kind = Kind::send;
        event.request = {id};
        event.backend = {1};
        EXPECT_FALSE(ref::accept(state, event));
        event.kind = Kind::admit;
        event.backend = {};
        EXPECT_FALSE(ref::accept(state, event)) << to_string(event);
    }
    ref::Event done;
    done.kind = Kind::done;
    done.request = {7};
    const Sentences told = instead_of(done, state);
    ASSERT_EQ(told.size(), 11U);
    EXPECT_EQ(told.front(), "r7 of b2 is admitted");
    EXPECT_EQ(told.back(), "and 12 more");
}

}  // namespace
}  // namespace blkdrain_props
