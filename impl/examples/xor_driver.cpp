// SPDX-License-Identifier: Apache-2.0
#include "xor_driver.h"

#include <algorithm>
#include <iterator>
#include <memory>
#include <span>
#include <vector>

#include <blkdrain/error.h>

namespace {

using blkdrain::Continuation;
using blkdrain::InnerRequest;
using blkdrain::Io;
using blkdrain::IoType;
using blkdrain::Node;
using blkdrain::Request;

// A read on its way: decodes what the child has put into the owner's buffer.
struct Reading : Continuation {
    explicit Reading(std::byte k) : Continuation(decode), key(k) {}

    static void decode(Continuation& continuation, Request& request, std::error_code result) {
        const std::unique_ptr<Reading> self(&static_cast<Reading&>(continuation));
        if (!result) {
            request.io().for_each_piece([&](std::span<std::byte> piece) {
                for (std::byte& byte : piece) {
                    byte ^= self->key;
                }
            });
        }
        request.complete(result);
    }

    std::byte key;
};

// A write on its way: a request of the driver's own carries the encoded copy.
struct Writing : InnerRequest {
    Writing(Request& r, std::byte key) : request(r) {
        encoded.reserve(request.io().length);
        request.io().for_each_piece([&](std::span<const std::byte> piece) {
            std::transform(piece.begin(), piece.end(), std::back_inserter(encoded),
                           [key](std::byte byte) { return byte ^ key; });
        });
    }

    static void written(InnerRequest& inner, std::error_code result) {
        const std::unique_ptr<Writing> self(&static_cast<Writing&>(inner));
        self->request.complete(result);
    }

    Request& request;
    std::vector<std::byte> encoded;
};

}  // namespace

void XorDriver::submit(Node& node, Request& request) {
    if (node.children().empty()) {
        request.complete(blkdrain::Errc::no_medium);
        return;
    }
    Node& child = *node.children().front();
    switch (request.io().type) {
        case IoType::read:
            request.forward(child, *std::make_unique<Reading>(key_).release());
            break;
        case IoType::write: {
            Writing* const writing = std::make_unique<Writing>(request, key_).release();
            writing->send(request.loop(), Io::write(request.io().offset, writing->encoded), child,
                          Writing::written);
            break;
        }
        case IoType::discard:  // a hole reads as zeros below and as the key here
        case IoType::flush:
            request.forward(child);
            break;
    }
}
