// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <gtest/gtest.h>

#include <blkdrain/driver.h>
#include <blkdrain/event_loop.h>

#include "../loop/bare_graph.h"

namespace blkdrain::testing {

inline std::unique_ptr<EventLoop> make_loop(const char* name = "loop") {
    std::error_code error;
    std::unique_ptr<EventLoop> loop = EventLoop::create(name, error);
    EXPECT_FALSE(error) << error.message();
    return loop;
}

// Sends one request to `node` and runs the loop until it has finished.
inline std::error_code perform(EventLoop& loop, Node& node, const Io& io) {
    OwnedRequest request;
    std::error_code answer;
    bool over = false;
    loop.post([&] {
        request.send(loop, io, node, [&](std::error_code result) {
            EXPECT_TRUE(loop.is_current());
            answer = result;
            over = true;
        });
    });
    while (!over) {
        loop.run_once(std::chrono::nanoseconds(-1));
    }
    return answer;
}

inline std::vector<std::byte> filled(std::size_t size, int value) {
    return std::vector<std::byte>(size, static_cast<std::byte>(value));
}

// `buffer` in `count` pieces of about the same length, some of them empty if it is short.
inline std::vector<iovec> in_pieces(std::span<std::byte> buffer, std::size_t count) {
    std::vector<iovec> pieces;
    for (std::size_t i = 0; i < count; ++i) {
        const std::size_t begin = buffer.size() * i / count;
        const std::size_t end = buffer.size() * (i + 1) / count;
        pieces.push_back({buffer.data() + begin, end - begin});
    }
    return pieces;
}

// A child that answers as told and counts what it was asked.
class ToldDriver final : public Driver {
public:
    void submit(Node& /*node*/, Request& request) override {
        ++asked;
        if (request.io().type == IoType::read && !result) {
            request.io().for_each_piece(
                [this](std::span<std::byte> piece) { std::ranges::fill(piece, value); });
        }
        request.complete(result);
    }

    std::error_code result;
    std::byte value{};
    int asked = 0;
};

}  // namespace blkdrain::testing
