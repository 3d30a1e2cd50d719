// SPDX-License-Identifier: Apache-2.0
#include <blkdrain/drivers/passthrough.h>
#include <blkdrain/error.h>

BLKDRAIN_NAMESPACE_BEGIN

void PassthroughDriver::submit(Node& node, Request& request) {
    if (node.children().empty()) {
        request.complete(Errc::no_medium);
    } else {
        request.forward(*node.children().front());
    }
}

BLKDRAIN_NAMESPACE_END
