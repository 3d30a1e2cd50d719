// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>

#include <blkdrain/drivers/null.h>
#include <blkdrain/error.h>

BLKDRAIN_NAMESPACE_BEGIN

void NullDriver::submit(Node& /*node*/, Request& request) {
    const Io& io = request.io();
    if (options_.zero_reads && io.type == IoType::read) {
        io.for_each_piece(
            [](std::span<std::byte> piece) { std::ranges::fill(piece, std::byte{}); });
    }
    if (options_.latency.count() <= 0) {
        request.complete({});
        return;
    }
    const EventLoop::TimerId timer =
        request.loop().start_timer(options_.latency, [&request] { request.complete({}); });
    request.on_cancel(
        [](Request& cancelled, void* /*context*/, std::uint64_t handle) {
            cancelled.loop().cancel_timer(handle);
            cancelled.complete(make_error_code(Errc::cancelled));
        },
        nullptr, timer);
}

void NullDriver::settle(Node& node, Settlement& settlement) {
    if (options_.latency.count() <= 0) {
        settlement.complete({});
        return;
    }
    node.loop().start_timer(options_.latency, [&settlement] { settlement.complete({}); });
}

BLKDRAIN_NAMESPACE_END
