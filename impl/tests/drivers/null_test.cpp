// SPDX-License-Identifier: Apache-2.0
#include <chrono>
#include <cstdint>
#include <limits>
#include <span>

#include <gtest/gtest.h>

#include <blkdrain/drivers/null.h>

#include "../loop/in_world.h"
#include "driver_fixture.h"
#include "os/backend.h"

namespace blkdrain::testing {
namespace {

using std::chrono::milliseconds;

TEST(NullDriver, AnswersEverythingWithSuccess) {
    in_world([] {
        const auto loop = make_loop();
        NullDriver driver;
        BareNode node(*loop, driver);
        constexpr std::uint64_t far = std::numeric_limits<std::uint64_t>::max() - 4;
        std::vector<std::byte> buffer = filled(512, 7);
        EXPECT_FALSE(perform(*loop, node, Io::write(far, buffer)));
        EXPECT_EQ(buffer, filled(512, 7));
        EXPECT_FALSE(perform(*loop, node, Io::discard(0, far)));
        EXPECT_FALSE(perform(*loop, node, Io::flush()));
        EXPECT_FALSE(perform(*loop, node, Io::read(far, buffer)));
        EXPECT_EQ(buffer, filled(512, 0));
        EXPECT_FALSE(perform(*loop, node, Io::read(0, std::span<std::byte>())));
    });
}

TEST(NullDriver, ReadsZerosIntoEveryPiece) {
    in_world([] {
        const auto loop = make_loop();
        NullDriver driver;
        BareNode node(*loop, driver);
        std::vector<std::byte> buffer = filled(512, 7);
        const std::vector<iovec> pieces = in_pieces(std::span(buffer).subspan(1, 510), 3);
        EXPECT_FALSE(perform(*loop, node, Io::read(0, pieces)));
        std::vector<std::byte> expected = filled(512, 0);
        expected.front() = expected.back() = std::byte{7};
        EXPECT_EQ(buffer, expected);
    });
}

TEST(NullDriver, LeavesTheBuffersOfReadsAloneIfTold) {
    in_world([] {
        const auto loop = make_loop();
        NullOptions options;
        options.zero_reads = false;
        NullDriver driver(options);
        BareNode node(*loop, driver);
        std::vector<std::byte> buffer = filled(512, 7);
        EXPECT_FALSE(perform(*loop, node, Io::read(0, buffer)));
        EXPECT_EQ(buffer, filled(512, 7));
    });
}

TEST(NullDriver, TakesItsTimeIfTold) {
    in_world([] {
        const auto loop = make_loop();
        NullOptions options;
        options.latency = milliseconds(5);
        NullDriver driver(options);
        BareNode node(*loop, driver);
        const os::time_point start = os::now();
        EXPECT_FALSE(perform(*loop, node, Io::flush()));
        EXPECT_GE(os::now() - start, milliseconds(5));
    });
}

class CountedSettlement final : public Settlement {
public:
    void complete(std::error_code result) override {
        EXPECT_FALSE(result);
        ++answers;
    }
    int answers = 0;
};

TEST(NullDriver, SettlesIfTold) {
    in_world([] {
        EXPECT_FALSE(NullDriver().settles());
        const auto loop = make_loop();
        NullOptions options;
        options.settles = true;
        CountedSettlement settlement;
        NullDriver at_once(options);
        EXPECT_TRUE(at_once.settles());
        BareNode node(*loop, at_once);
        at_once.settle(node, settlement);
        EXPECT_EQ(settlement.answers, 1);

        options.latency = milliseconds(5);
        NullDriver later(options);
        BareNode slow_node(*loop, later);
        const os::time_point start = os::now();
        loop->post([&] { later.settle(slow_node, settlement); });
        while (settlement.answers < 2) {
            loop->run_once(std::chrono::nanoseconds(-1));
        }
        EXPECT_GE(os::now() - start, milliseconds(5));
    });
}

}  // namespace
}  // namespace blkdrain::testing
