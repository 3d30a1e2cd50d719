// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <span>
#include <system_error>

#include <blkdrain/drivers/memory.h>
#include <blkdrain/error.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace {

constexpr std::uint64_t stripe_size = 64 * 1024;

}  // namespace

class MemoryDriver::Bytes {
public:
    explicit Bytes(std::uint64_t size)
        : bytes_(size), locks_(std::make_unique<os::mutex[]>(size / stripe_size + 1)) {}

    [[nodiscard]] std::uint64_t size() const { return bytes_.size(); }

    // Calls use(bytes, length, offset from `offset`) for each stripe of the range, its lock held.
    template <class Use>
    void for_each_stripe(std::uint64_t offset, std::uint64_t length, Use use) {
        for (std::uint64_t done = 0; done < length;) {
            const std::uint64_t at = offset + done;
            const std::uint64_t stripe = at / stripe_size;
            const std::uint64_t room = (stripe + 1) * stripe_size - at;
            const std::uint64_t part = std::min(length - done, room);
            const os::mutex_lock lock(locks_[stripe]);
            use(bytes_.data() + at, part, done);
            done += part;
        }
    }

private:
    std::vector<std::byte> bytes_;              // never resized
    const std::unique_ptr<os::mutex[]> locks_;  // one a stripe: guards its bytes
};

MemoryDriver::MemoryDriver(std::uint64_t size, std::chrono::nanoseconds latency)
    : bytes_(std::make_unique<Bytes>(size)), latency_(latency) {}

MemoryDriver::~MemoryDriver() = default;

std::uint64_t MemoryDriver::size() const {
    return bytes_->size();
}

std::vector<std::byte> MemoryDriver::contents() const {
    std::vector<std::byte> copy(bytes_->size());
    bytes_->for_each_stripe(0, copy.size(), [&](std::byte* bytes, auto length, auto done) {
        std::memcpy(copy.data() + done, bytes, length);
    });
    return copy;
}

void MemoryDriver::submit(Node& /*node*/, Request& request) {
    if (latency_.count() <= 0) {
        serve(request);
        return;
    }
    const EventLoop::TimerId timer =
        request.loop().start_timer(latency_, [this, &request] { serve(request); });
    request.on_cancel(
        [](Request& cancelled, void* /*context*/, std::uint64_t handle) {
            cancelled.loop().cancel_timer(handle);
            cancelled.complete(make_error_code(Errc::cancelled));
        },
        nullptr, timer);
}

void MemoryDriver::serve(Request& request) {
    const Io& io = request.io();
    if (io.type == IoType::flush) {
        request.complete({});
        return;
    }
    if (io.offset > size() || io.length > size() - io.offset) {
        request.complete(std::make_error_code(std::errc::invalid_argument));
        return;
    }
    bytes_->for_each_stripe(io.offset, io.length,
                            [&](std::byte* bytes, std::uint64_t length, std::uint64_t done) {
                                if (io.type == IoType::discard) {
                                    std::memset(bytes, 0, length);
                                    return;
                                }
                                io.for_each_piece(done, length, [&](std::span<std::byte> piece) {
                                    if (io.type == IoType::read) {
                                        std::memcpy(piece.data(), bytes, piece.size());
                                    } else {
                                        std::memcpy(bytes, piece.data(), piece.size());
                                    }
                                    bytes += piece.size();
                                });
                            });
    request.complete({});
}

BLKDRAIN_NAMESPACE_END
