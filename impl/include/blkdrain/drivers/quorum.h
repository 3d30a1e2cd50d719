// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

#include <blkdrain/driver.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

struct QuorumOptions {
    // How many children must agree. 0: more than half of them. With more than there are children
    // every request fails.
    std::size_t threshold = 0;
};

// The same bytes on every child (QEMU's quorum). Every request goes to all children at once, as
// inner requests, and is answered when the last of them has answered.
//  - Write, discard, flush: succeed when at least `threshold` children succeeded; else the result
//    is the error of the first failed child.
//  - Read: every child reads into a buffer of its own. At least `threshold` children with the same
//    answer (success with equal bytes, or the same error) decide; of two such groups, the larger,
//    then the one of the lower child. Without such a group the read fails with Errc::io_error and
//    the buffer is left alone, as it is on every failure.
// Without children requests fail with Errc::no_medium. The order of children does not matter
// otherwise; one child may be there several times and votes that often.
// Memory: one buffer of the read's length per child while the read runs. Threads: those of a
// driver; requests of any number of loops may meet in it: what one needs goes with it, on its own
// loop.
class BLKDRAIN_EXPORT QuorumDriver final : public Driver {
public:
    explicit QuorumDriver(const QuorumOptions& options = QuorumOptions()) : options_(options) {}

    void submit(Node& node, Request& request) override;

private:
    const QuorumOptions options_;
};

BLKDRAIN_NAMESPACE_END
