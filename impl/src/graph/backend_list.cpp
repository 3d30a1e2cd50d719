// SPDX-License-Identifier: Apache-2.0
#include "graph/backend_list.h"

#include "graph/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void BackendList::add(Backend& backend) {
    backend.place_on_root = places_.size();
    places_.push_back(&backend);
    ++size_;
}

void BackendList::remove(Backend& backend) {
    places_[backend.place_on_root] = nullptr;
    --size_;
    if (size_ < places_.size() / 2) {
        close_gaps();
    }
}

void BackendList::close_gaps() {
    std::erase(places_, nullptr);
    for (std::size_t place = 0; place < places_.size(); ++place) {
        places_[place]->place_on_root = place;
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
