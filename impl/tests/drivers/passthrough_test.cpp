// SPDX-License-Identifier: Apache-2.0
#include <deque>

#include <gtest/gtest.h>

#include <blkdrain/drivers/memory.h>
#include <blkdrain/drivers/null.h>
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/error.h>

#include "../loop/in_world.h"
#include "../loop/small_stack.h"
#include "driver_fixture.h"

namespace blkdrain::testing {
namespace {

TEST(PassthroughDriver, HandsEverythingToItsFirstChild) {
    in_world([] {
        const auto loop = make_loop();
        MemoryDriver memory(10);
        ToldDriver unused;
        BareNode file(*loop, memory);
        BareNode second(*loop, unused);
        PassthroughDriver driver;
        BareNode node(*loop, driver, {&file, &second});
        EXPECT_FALSE(perform(*loop, node, Io::write(0, filled(10, 7))));
        EXPECT_EQ(memory.contents(), filled(10, 7));
        std::vector<std::byte> buffer = filled(10, 0);
        EXPECT_FALSE(perform(*loop, node, Io::read(0, buffer)));
        EXPECT_EQ(buffer, filled(10, 7));
        EXPECT_EQ(perform(*loop, node, Io::discard(0, 11)), std::errc::invalid_argument);
        EXPECT_FALSE(perform(*loop, node, Io::flush()));
        EXPECT_EQ(unused.asked, 0);
    });
}

TEST(PassthroughDriver, HasNoMediumWithoutAChild) {
    in_world([] {
        const auto loop = make_loop();
        PassthroughDriver driver;
        BareNode node(*loop, driver);
        EXPECT_EQ(perform(*loop, node, Io::flush()), Errc::no_medium);
    });
}

TEST(PassthroughDriver, LongChainNeedsNoStack) {
    in_world(
        [] {
            on_small_stack([] {
                const auto loop = make_loop();
                NullDriver null;
                PassthroughDriver driver;
                std::deque<BareNode> nodes;
                nodes.emplace_back(*loop, null);
                for (int i = 0; i < 100'000; ++i) {
                    Node& below = nodes.back();
                    nodes.emplace_back(*loop, driver, std::vector<Node*>{&below});
                }
                EXPECT_FALSE(perform(*loop, nodes.back(), Io::flush()));
            });
        },
        0);
}

}  // namespace
}  // namespace blkdrain::testing
