// SPDX-License-Identifier: Apache-2.0
//
// A loop that always finds something to do is noticed where loops take turns on one stack, and not
// waited for. Nothing in the library does that for ever, so here is a task that posts itself.
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "harness/adapters/world.h"

namespace blkdrain_props {
namespace {

struct Again {
    blkdrain::EventLoop* loop;
    const bool* again;

    void operator()() const {
        if (*again) {
            loop->post(*this);
        }
    }
};

TEST(Turns, a_loop_that_is_never_idle_is_told_and_the_others_are_told_to_be_idle) {
    const std::unique_ptr<World> world = World::make();
    Scenario scenario;
    scenario.header.loops = 2;
    world->open(scenario);
    const std::atomic<std::uint64_t> moves{0};
    world->rest(moves);
    EXPECT_EQ(world->trouble(), "");

    bool again = true;
    world->loop(1).post(Again{&world->loop(1), &again});
    world->rest(moves);
    EXPECT_EQ(
        world->trouble(),
        "the loops do not come to rest in 300000 rounds: loop0 had nothing to do in its last, "
        "loop1 had something to do in its last");

    again = false;
    world->on_loop(1, [] {});
    world->close(true);
    world->open(scenario);
    EXPECT_EQ(world->trouble(), "");
    world->close(true);
}

}  // namespace
}  // namespace blkdrain_props
