// SPDX-License-Identifier: Apache-2.0
#include "loop/descriptor_table.h"

#include <utility>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

std::uint64_t DescriptorTable::add(int fd, Handler handler) {
    std::unique_ptr<Registration>& place = registrations_[fd];
    if (place != nullptr) {
        return 0;
    }
    last_generation_ = last_generation_ == UINT32_MAX ? 1 : last_generation_ + 1;
    const std::uint64_t cookie =
        (static_cast<std::uint64_t>(last_generation_) << 32U) | static_cast<std::uint32_t>(fd);
    place = std::make_unique<Registration>(Registration{cookie, std::move(handler)});
    return cookie;
}

bool DescriptorTable::remove(int fd) {
    const auto found = registrations_.find(fd);
    if (found == registrations_.end()) {
        return false;
    }
    if (found->second.get() == running_) {
        removed_while_running_ = std::move(found->second);
    }
    registrations_.erase(found);
    return true;
}

bool DescriptorTable::dispatch(std::uint64_t cookie, std::uint32_t events) {
    const auto found = registrations_.find(static_cast<int>(static_cast<std::uint32_t>(cookie)));
    if (found == registrations_.end() || found->second->cookie != cookie) {
        return false;
    }
    running_ = found->second.get();
    running_->handler(events);
    running_ = nullptr;
    removed_while_running_.reset();
    return true;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
