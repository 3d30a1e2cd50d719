// SPDX-License-Identifier: Apache-2.0
#include "graph/backend_list.h"

#include "graph/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void BackendList::add(Backend& backend) {
    if (taken_ == nullptr) {
        taken_ = std::make_unique<Taken>();
    }
    backend.place_on_root = taken_->places.size();
    taken_->places.push_back(&backend);
    ++taken_->count;
}

void BackendList::remove(Backend& backend) {
    taken_->places[backend.place_on_root] = nullptr;
    --taken_->count;
    if (taken_->count == 0) {
        taken_.reset();
    } else if (taken_->count < taken_->places.size() / 2) {
        taken_->close_gaps();
    }
}

void BackendList::Taken::close_gaps() {
    std::erase(places, nullptr);
    for (std::size_t place = 0; place < places.size(); ++place) {
        places[place]->place_on_root = place;
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
