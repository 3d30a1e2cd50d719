// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <memory>
#include <utility>
#include <vector>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Owned objects under ids that are given out in ascending order: found by id in logarithmic time,
// visited in the order of their ids. One vector; what has been erased leaves a gap that goes when
// there are more gaps than objects.
//
// Iteration: erasing is allowed, also the current object; adding is not.
template <class Id, class T>
class IdTable {
public:
    class Iterator {
    public:
        Iterator(const IdTable& table, std::size_t at) : table_(table), at_(at) { skip_gaps(); }
        T& operator*() const { return *table_.entries_[at_].object; }
        T* operator->() const { return &**this; }
        Iterator& operator++() {
            ++at_;
            skip_gaps();
            return *this;
        }
        bool operator==(std::default_sentinel_t) const { return at_ >= table_.entries_.size(); }

    private:
        void skip_gaps() {
            while (at_ < table_.entries_.size() && table_.entries_[at_].object == nullptr) {
                ++at_;
            }
        }

        const IdTable& table_;
        std::size_t at_;
    };

    [[nodiscard]] bool empty() const { return entries_.empty(); }
    [[nodiscard]] Iterator begin() const { return Iterator(*this, 0); }
    [[nodiscard]] std::default_sentinel_t end() const { return {}; }

    // `id` is greater than any before.
    void add(Id id, std::unique_ptr<T> object) {
        if (2 * gaps_ > entries_.size()) {
            std::erase_if(entries_, [](const Entry& entry) { return entry.object == nullptr; });
            gaps_ = 0;
        }
        entries_.push_back({id, std::move(object)});
    }

    // Null: there is none (any more).
    [[nodiscard]] T* find(Id id) const {
        const auto found = place(id);
        return found != entries_.end() && found->id == id ? found->object.get() : nullptr;
    }

    // There is one with that id.
    std::unique_ptr<T> take(Id id) {
        const auto found = entries_.begin() + (place(id) - entries_.begin());
        std::unique_ptr<T> object = std::move(found->object);
        if (++gaps_ == entries_.size()) {
            entries_.clear();
            gaps_ = 0;
        }
        return object;
    }
    void erase(Id id) { take(id); }

private:
    struct Entry {
        Id id;
        std::unique_ptr<T> object;
    };

    [[nodiscard]] auto place(Id id) const {
        return std::lower_bound(entries_.begin(), entries_.end(), id,
                                [](const Entry& entry, Id other) { return entry.id < other; });
    }

    std::vector<Entry> entries_;  // by id
    std::size_t gaps_ = 0;        // entries without object
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
