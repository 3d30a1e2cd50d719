// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// The handlers of a loop's descriptors. The poller's cookie names one registration, not one
// descriptor number: an event that was fetched before its descriptor was removed, or removed and
// added again, finds nobody. Not synchronised; used on the loop's thread.
class DescriptorTable {
public:
    using Handler = std::function<void(std::uint32_t)>;

    // Cookies below this are the loop's own.
    static constexpr std::uint64_t first_cookie = std::uint64_t{1} << 32U;

    // 0: `fd` is in the table already.
    [[nodiscard]] std::uint64_t add(int fd, Handler handler);

    // Whether `fd` was in the table. A handler may remove itself.
    bool remove(int fd);

    // Runs the handler with that cookie; false if it is gone.
    bool dispatch(std::uint64_t cookie, std::uint32_t events);

    [[nodiscard]] bool empty() const { return registrations_.empty(); }

private:
    struct Registration {
        std::uint64_t cookie;
        Handler handler;
    };

    std::map<int, std::unique_ptr<Registration>> registrations_;
    std::uint32_t last_generation_ = 0;
    const Registration* running_ = nullptr;
    std::unique_ptr<Registration> removed_while_running_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
