// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <blkdrain/driver.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// A device whose bytes are in memory, zero at first. A discard makes zeros; a flush does nothing.
// A request that reaches beyond the end fails with std::errc::invalid_argument and changes nothing.
//
// Threads: those of a driver; requests of several loops may meet in it, size and contents may be
// called on any thread. Each aligned piece of 64 KiB is read and changed as a whole; a request over
// several pieces is not one step to those that run at the same time.
class BLKDRAIN_EXPORT MemoryDriver final : public Driver {
public:
    // `size` in bytes, allocated at once. Each request reads or changes the bytes `latency` after
    // it was submitted, and can be cancelled before.
    explicit MemoryDriver(std::uint64_t size,
                          std::chrono::nanoseconds latency = std::chrono::nanoseconds(0));
    ~MemoryDriver() override;

    void submit(Node& node, Request& request) override;

    [[nodiscard]] std::uint64_t size() const;

    // A copy of all bytes, between requests that run meanwhile, as said above.
    [[nodiscard]] std::vector<std::byte> contents() const;

private:
    class Bytes;
    void serve(Request& request);

    const std::unique_ptr<Bytes> bytes_;
    const std::chrono::nanoseconds latency_;
};

BLKDRAIN_NAMESPACE_END
