// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdint>
#include <limits>
#include <random>
#include <span>
#include <system_error>

#include <gtest/gtest.h>

#include <blkdrain/drivers/memory.h>

#include "../loop/in_world.h"
#include "driver_fixture.h"
#include "os/backend.h"

namespace blkdrain::testing {
namespace {

TEST(MemoryDriver, IsZeroAtFirst) {
    in_world([] {
        const auto loop = make_loop();
        MemoryDriver driver(100);
        BareNode node(*loop, driver);
        EXPECT_EQ(driver.size(), 100U);
        std::vector<std::byte> buffer = filled(100, 7);
        EXPECT_FALSE(perform(*loop, node, Io::read(0, buffer)));
        EXPECT_EQ(buffer, filled(100, 0));
        EXPECT_EQ(driver.contents(), filled(100, 0));
    });
}

TEST(MemoryDriver, RefusesWhatReachesBeyondTheEndAndChangesNothing) {
    in_world([] {
        const auto loop = make_loop();
        MemoryDriver driver(100);
        BareNode node(*loop, driver);
        constexpr std::uint64_t most = std::numeric_limits<std::uint64_t>::max();
        std::vector<std::byte> buffer = filled(60, 7);
        const std::vector<std::byte> before = driver.contents();
        for (const std::uint64_t offset :
             {std::uint64_t{41}, std::uint64_t{101}, most, most - 59}) {
            EXPECT_EQ(perform(*loop, node, Io::write(offset, buffer)), std::errc::invalid_argument);
            EXPECT_EQ(perform(*loop, node, Io::read(offset, buffer)), std::errc::invalid_argument);
            EXPECT_EQ(perform(*loop, node, Io::discard(offset, 60)), std::errc::invalid_argument);
        }
        EXPECT_EQ(perform(*loop, node, Io::discard(1, most)), std::errc::invalid_argument);
        EXPECT_EQ(buffer, filled(60, 7));
        EXPECT_EQ(driver.contents(), before);
        EXPECT_FALSE(perform(*loop, node, Io::write(40, buffer)));
        EXPECT_FALSE(perform(*loop, node, Io::write(100, std::span<const std::byte>())))
            << "nothing, at the end";
        EXPECT_FALSE(perform(*loop, node, Io::flush()));
    });
}

TEST(MemoryDriver, HasRoomForNothing) {
    in_world([] {
        const auto loop = make_loop();
        MemoryDriver driver(0);
        BareNode node(*loop, driver);
        std::vector<std::byte> buffer = filled(1, 7);
        EXPECT_EQ(perform(*loop, node, Io::read(0, buffer)), std::errc::invalid_argument);
        EXPECT_FALSE(perform(*loop, node, Io::flush()));
    });
}

// Any mixture of requests, across the pieces that are locked apart, against a plain array.
TEST(MemoryDriver, AgreesWithAnArray) {
    in_world(
        [] {
            constexpr std::size_t size = 3 * 64 * 1024 + 17;
            const auto loop = make_loop();
            MemoryDriver driver(size);
            BareNode node(*loop, driver);
            std::vector<std::byte> model(size);
            std::minstd_rand random(1);
            for (int step = 1; step <= 300; ++step) {
                const std::size_t offset = random() % size;
                const std::size_t length = random() % (size - offset + 1);
                const auto begin = model.begin() + static_cast<std::ptrdiff_t>(offset);
                const auto end = begin + static_cast<std::ptrdiff_t>(length);
                std::vector<std::byte> buffer = filled(length, step);
                const std::vector<iovec> pieces = in_pieces(buffer, random() % 9);
                switch (random() % 5) {
                    case 0:
                        ASSERT_FALSE(perform(*loop, node, Io::write(offset, buffer)));
                        std::copy(buffer.begin(), buffer.end(), begin);
                        break;
                    case 1:
                        ASSERT_FALSE(perform(*loop, node, Io::discard(offset, length)));
                        std::fill(begin, end, std::byte{});
                        break;
                    case 2:
                        ASSERT_FALSE(perform(*loop, node, Io::write(offset, pieces)));
                        if (!pieces.empty()) {
                            std::copy(buffer.begin(), buffer.end(), begin);
                        }
                        break;
                    case 3:
                        ASSERT_FALSE(perform(*loop, node, Io::read(offset, pieces)));
                        ASSERT_TRUE(pieces.empty() || std::equal(begin, end, buffer.begin()));
                        break;
                    default:
                        ASSERT_FALSE(perform(*loop, node, Io::read(offset, buffer)));
                        ASSERT_TRUE(std::equal(begin, end, buffer.begin()));
                }
            }
            EXPECT_EQ(driver.contents(), model);
        },
        1);
}

// Two loops write and read the same piece: each read finds one of the writes, whole.
TEST(MemoryDriver, PiecesAreReadAndWrittenAsAWhole) {
    in_world([] {
#if defined(BLKDRAIN_WORLD_SIM)
        constexpr int rounds = 3;
#else
        constexpr int rounds = 2'000;
#endif
        constexpr std::size_t size = 4096;
        MemoryDriver driver(size);
        const auto client = [&](int value) {
            const auto loop = make_loop();
            BareNode node(*loop, driver);
            for (int round = 0; round < rounds; ++round) {
                const std::vector<std::byte> mine = filled(size, value);
                EXPECT_FALSE(perform(*loop, node, Io::write(0, mine)));
                std::vector<std::byte> seen = filled(size, 0);
                EXPECT_FALSE(perform(*loop, node, Io::read(0, seen)));
                EXPECT_TRUE(std::all_of(seen.begin(), seen.end(),
                                        [&](std::byte b) { return b == seen.front(); }));
            }
        };
        os::thread other("other", [&] { client(1); });
        client(2);
        other.join();
    });
}

}  // namespace
}  // namespace blkdrain::testing
