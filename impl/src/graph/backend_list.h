// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Backend;

// The backends that stand on a node, in the order in which they came. Sections walk over thousands
// of them: they are listed side by side, since a list that leads from one to the next is slow. One
// that leaves leaves a gap, which is closed when half are gaps: coming and going take constant time
// on average. Most nodes have none: their lists are a null pointer.
class BackendList {
public:
    [[nodiscard]] bool empty() const { return taken_ == nullptr; }

    // `visit` adds and removes none.
    template <class Visit>
    void for_each(Visit visit) const {
        if (empty()) {
            return;
        }
        for (Backend* backend : taken_->places) {
            if (backend != nullptr) {
                visit(*backend);
            }
        }
    }

    // `backend` is in no list.
    void add(Backend& backend);
    // `backend` is in this one.
    void remove(Backend& backend);

private:
    struct Taken {
        void close_gaps();

        std::vector<Backend*> places;  // null: a gap
        std::size_t count = 0;         // that are none
    };

    std::unique_ptr<Taken> taken_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
