// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include <blkdrain/driver.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

struct NullOptions {
    // How long every request and settle takes; a request can be cancelled meanwhile. 0: answered at
    // once, without a timer.
    std::chrono::nanoseconds latency{0};
    // Reads fill the buffer with zeros; otherwise they leave it alone, which costs nothing.
    bool zero_reads = true;
    // Settles, with nothing to write: takes `latency` and succeeds.
    bool settles = false;
};

// A device without bytes and without an end (QEMU's null-co and null-aio): every request succeeds,
// whatever its offset and length. Threads: those of a driver; requests of any number of loops may
// meet in it, for it has no state.
class BLKDRAIN_EXPORT NullDriver final : public Driver {
public:
    explicit NullDriver(const NullOptions& options = NullOptions()) : options_(options) {}

    void submit(Node& node, Request& request) override;
    [[nodiscard]] bool settles() const override { return options_.settles; }
    void settle(Node& node, Settlement& settlement) override;

private:
    const NullOptions options_;
};

BLKDRAIN_NAMESPACE_END
