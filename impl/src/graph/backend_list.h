// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <vector>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class Backend;

// The backends that stand on a node, in the order in which they came. Sections walk over thousands
// of them: they are listed side by side, since a list that leads from one to the next is slow. One
// that leaves leaves a gap, which is closed when half are gaps: coming and going take constant time
// on average.
class BackendList {
public:
    [[nodiscard]] bool empty() const { return size_ == 0; }

    // `visit` adds and removes none.
    template <class Visit>
    void for_each(Visit visit) const {
        for (Backend* backend : places_) {
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
    void close_gaps();

    std::vector<Backend*> places_;  // null: a gap
    std::size_t size_ = 0;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
