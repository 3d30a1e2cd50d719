// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include <blkdrain/drivers/null.h>

BLKDRAIN_NAMESPACE_BEGIN

void NullDriver::submit(Node& /*node*/, Request& request) {
    const Io& io = request.io();
    if (options_.zero_reads && io.type == IoType::read && io.length != 0) {
        std::memset(io.buffer, 0, io.length);
    }
    if (options_.latency.count() <= 0) {
        request.complete({});
        return;
    }
    request.loop().start_timer(options_.latency, [&request] { request.complete({}); });
}

void NullDriver::settle(Node& node, Settlement& settlement) {
    if (options_.latency.count() <= 0) {
        settlement.complete({});
        return;
    }
    node.loop().start_timer(options_.latency, [&settlement] { settlement.complete({}); });
}

BLKDRAIN_NAMESPACE_END
