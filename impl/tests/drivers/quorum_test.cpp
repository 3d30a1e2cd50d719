// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <deque>
#include <system_error>

#include <gtest/gtest.h>

#include <blkdrain/drivers/memory.h>
#include <blkdrain/drivers/null.h>
#include <blkdrain/drivers/quorum.h>
#include <blkdrain/error.h>

#include "../loop/in_world.h"
#include "../loop/small_stack.h"
#include "driver_fixture.h"

namespace blkdrain::testing {
namespace {

const std::error_code broken = std::make_error_code(std::errc::io_error);
const std::error_code full = std::make_error_code(std::errc::no_space_on_device);

// A quorum of children that answer as told.
template <std::size_t count>
struct Told {
    explicit Told(std::size_t threshold = 0) : driver(QuorumOptions{threshold}) {
        std::vector<Node*> children;
        for (ToldDriver& voter : voters) {
            nodes.emplace_back(*loop, voter);
            children.push_back(&nodes.back());
        }
        nodes.emplace_back(*loop, driver, children);
    }

    std::error_code perform(const Io& io) { return testing::perform(*loop, nodes.back(), io); }

    const std::unique_ptr<EventLoop> loop = make_loop();
    std::array<ToldDriver, count> voters;
    QuorumDriver driver;
    std::deque<BareNode> nodes;  // the quorum last
};

TEST(QuorumDriver, AsksEveryChildOnce) {
    in_world([] {
        Told<3> quorum;
        std::vector<std::byte> buffer = filled(4, 0);
        EXPECT_FALSE(quorum.perform(Io::write(0, buffer)));
        EXPECT_FALSE(quorum.perform(Io::read(0, buffer)));
        EXPECT_FALSE(quorum.perform(Io::discard(0, 4)));
        EXPECT_FALSE(quorum.perform(Io::flush()));
        for (const ToldDriver& voter : quorum.voters) {
            EXPECT_EQ(voter.asked, 4);
        }
    });
}

TEST(QuorumDriver, WritesSucceedWithEnoughSuccesses) {
    in_world([] {
        Told<3> quorum;
        quorum.voters[1].result = broken;
        EXPECT_FALSE(quorum.perform(Io::write(0, filled(4, 1))));
        quorum.voters[2].result = full;
        EXPECT_EQ(quorum.perform(Io::write(0, filled(4, 1))), broken) << "the first child's error";
        EXPECT_EQ(quorum.perform(Io::flush()), broken);
    });
}

TEST(QuorumDriver, ReadsGiveWhatMostChildrenSay) {
    in_world([] {
        Told<3> quorum;
        quorum.voters[0].value = std::byte{9};
        quorum.voters[1].value = std::byte{5};
        quorum.voters[2].value = std::byte{5};
        std::vector<std::byte> buffer = filled(4, 0);
        EXPECT_FALSE(quorum.perform(Io::read(0, buffer)));
        EXPECT_EQ(buffer, filled(4, 5));
        buffer = filled(4, 0);
        const std::vector<iovec> pieces = in_pieces(buffer, 3);
        EXPECT_FALSE(quorum.perform(Io::read(0, pieces)));
        EXPECT_EQ(buffer, filled(4, 5));
    });
}

TEST(QuorumDriver, ReadsWithoutAMajorityFailAndLeaveTheBufferAlone) {
    in_world([] {
        Told<3> quorum;
        quorum.voters[0].value = std::byte{9};
        quorum.voters[1].value = std::byte{5};
        quorum.voters[2].result = broken;
        std::vector<std::byte> buffer = filled(4, 1);
        EXPECT_EQ(quorum.perform(Io::read(0, buffer)), Errc::io_error);
        EXPECT_EQ(buffer, filled(4, 1));
    });
}

TEST(QuorumDriver, ErrorsVoteToo) {
    in_world([] {
        Told<3> quorum;
        quorum.voters[0].result = full;
        quorum.voters[2].result = full;
        std::vector<std::byte> buffer = filled(4, 1);
        EXPECT_EQ(quorum.perform(Io::read(0, buffer)), full);
        EXPECT_EQ(buffer, filled(4, 1));
    });
}

TEST(QuorumDriver, EqualGroupsGoToTheLowerChild) {
    in_world([] {
        Told<4> quorum(2);
        for (std::size_t i = 0; i < 4; ++i) {
            quorum.voters[i].value = static_cast<std::byte>(i / 2 + 1);
        }
        std::vector<std::byte> buffer = filled(4, 0);
        EXPECT_FALSE(quorum.perform(Io::read(0, buffer)));
        EXPECT_EQ(buffer, filled(4, 1));
        quorum.voters[0].value = std::byte{2};
        EXPECT_FALSE(quorum.perform(Io::read(0, buffer)));
        EXPECT_EQ(buffer, filled(4, 2)) << "the larger group";
    });
}

TEST(QuorumDriver, ThresholdIsObeyed) {
    in_world([] {
        Told<3> one(1);
        one.voters[0].result = broken;
        one.voters[1].result = full;
        EXPECT_FALSE(one.perform(Io::flush()));
        Told<3> all(3);
        EXPECT_FALSE(all.perform(Io::flush()));
        all.voters[2].result = full;
        EXPECT_EQ(all.perform(Io::flush()), full);
        Told<3> more_than_there_are(4);
        std::vector<std::byte> buffer = filled(4, 1);
        EXPECT_EQ(more_than_there_are.perform(Io::flush()), Errc::io_error);
        EXPECT_EQ(more_than_there_are.perform(Io::read(0, buffer)), Errc::io_error);
    });
}

TEST(QuorumDriver, HasNoMediumWithoutChildren) {
    in_world([] {
        Told<0> quorum;
        EXPECT_EQ(quorum.perform(Io::flush()), Errc::no_medium);
    });
}

TEST(QuorumDriver, KeepsTheSameBytesOnEveryChild) {
    in_world([] {
        const auto loop = make_loop();
        std::array<MemoryDriver, 3> memories{MemoryDriver(64), MemoryDriver(64), MemoryDriver(64)};
        std::deque<BareNode> nodes;
        std::vector<Node*> children;
        for (MemoryDriver& memory : memories) {
            nodes.emplace_back(*loop, memory);
            children.push_back(&nodes.back());
        }
        QuorumDriver driver;
        BareNode node(*loop, driver, children);
        EXPECT_FALSE(perform(*loop, node, Io::write(3, filled(20, 7))));
        EXPECT_FALSE(perform(*loop, node, Io::discard(5, 4)));
        EXPECT_EQ(perform(*loop, node, Io::discard(64, 4)), std::errc::invalid_argument);
        std::vector<std::byte> buffer = filled(64, 0);
        EXPECT_FALSE(perform(*loop, node, Io::read(0, buffer)));
        for (const MemoryDriver& memory : memories) {
            EXPECT_EQ(memory.contents(), buffer);
        }
    });
}

TEST(QuorumDriver, NestsDeeplyWithoutStack) {
    in_world(
        [] {
            on_small_stack([] {
                const auto loop = make_loop();
                NullDriver null;
                QuorumDriver driver;
                std::deque<BareNode> nodes;
                nodes.emplace_back(*loop, null);
                Node* const leaf = &nodes.back();
                for (int i = 0; i < 1'000; ++i) {
                    Node* const below = &nodes.back();
                    nodes.emplace_back(*loop, driver, std::vector<Node*>{below, leaf});
                }
                std::vector<std::byte> buffer = filled(4, 1);
                EXPECT_FALSE(perform(*loop, nodes.back(), Io::read(0, buffer)));
                EXPECT_EQ(buffer, filled(4, 0));
                EXPECT_FALSE(perform(*loop, nodes.back(), Io::write(0, buffer)));
            });
        },
        0);
}

}  // namespace
}  // namespace blkdrain::testing
