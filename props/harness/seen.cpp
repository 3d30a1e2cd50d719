// SPDX-License-Identifier: Apache-2.0
#include "harness/seen.h"

namespace blkdrain_props {

std::string to_string(const Seen& seen) {
    const std::string ticket = "call " + std::to_string(seen.ticket);
    const std::string request = "request r" + std::to_string(seen.ticket);
    const std::string driver = "the driver of " + to_string(seen.node);
    const std::string owner = "the owner of " + to_string(seen.backend);
    switch (seen.kind) {
        case Seen::Kind::called:
            return ticket + ": " + to_string(seen.events.front());
        case Seen::Kind::returned:
            return ticket + " returns " + std::string(word_of(seen.result));
        case Seen::Kind::outcome:
            return "what " + ticket + " began is over with " + std::string(word_of(seen.result));
        case Seen::Kind::reached:
            return driver + " is given " + request;
        case Seen::Kind::answered:
            return "a driver completes " + request + " with " + std::string(word_of(seen.result));
        case Seen::Kind::completed:
            return "the completion of " + request + " is called with " +
                   std::string(word_of(seen.result));
        case Seen::Kind::dispatched:
            return "the completion of " + request + " has returned";
        case Seen::Kind::settling:
            return driver + " is asked to settle";
        case Seen::Kind::settled:
            return driver + " has settled with " + std::string(word_of(seen.result));
        case Seen::Kind::closed:
            return driver + " is destroyed";
        case Seen::Kind::told_begin:
            return owner + " is told that it is gated";
        case Seen::Kind::told_end:
            return owner + " is told that it is free";
        case Seen::Kind::time:
            return "the clock shows " + std::to_string(seen.time);
        case Seen::Kind::rest:
            return "all is at rest";
    }
    return {};
}

}  // namespace blkdrain_props
