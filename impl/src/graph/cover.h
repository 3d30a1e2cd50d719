// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

class NodeState;
class Backend;
struct SectionOperation;

// What a section asks of a member of its scope before it gets on (R24: who enters later meets what
// is reached already).
enum class Demand : std::uint8_t { gated, quiet, settled };

// "This live section covers this node or backend": one element of the set that R5 speaks of.
// Gated-ness is never counted apart from it: a backend is gated, and a node stopped, as long as its
// chain of covers is not empty.
//
// Listed by its section, linked into the member's chain. Guarded by the control plane's lock.
struct Cover {
    [[nodiscard]] bool linked() const { return node != nullptr || backend != nullptr; }

    SectionOperation* section = nullptr;
    NodeState* node = nullptr;  // exactly one of node and backend is set while linked
    Backend* backend = nullptr;
    Cover* next = nullptr;             // in the member's chain
    Cover* next_of_section = nullptr;  // in the section's list
    Demand demand = Demand::quiet;
    bool entering =
        false;          // by a graph change: tokens that the change names count as open here (R24)
    bool busy = false;  // counted in the section's busy members
};

// The covers of one node or backend.
class CoverChain {
public:
    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    [[nodiscard]] Cover* first() const { return first_; }

    void link(Cover& cover) {
        cover.next = first_;
        first_ = &cover;
    }

    // `cover` is in the chain. Chains are as long as sections overlap, seldom more than two.
    void unlink(Cover& cover) {
        Cover** at = &first_;
        while (*at != &cover) {
            at = &(*at)->next;
        }
        *at = cover.next;
        cover.next = nullptr;
    }

private:
    Cover* first_ = nullptr;
};

// The storage of the covers of a graph: sections that come and go allocate nothing once warm.
class CoverPool {
public:
    // Unlinked, not busy.
    Cover& take() {
        if (free_ == nullptr) {
            add_slab();
        }
        Cover& cover = *free_;
        free_ = cover.next_of_section;
        cover.next_of_section = nullptr;
        return cover;
    }

    // Those from `first` to `last`, linked through next_of_section.
    void give_back(Cover& first, Cover& last) {
        last.next_of_section = free_;
        free_ = &first;
    }

private:
    static constexpr std::size_t slab_size = 32;

    void add_slab();

    std::vector<std::unique_ptr<Cover[]>> slabs_;
    Cover* free_ = nullptr;
};

// The covers of one section. One that is unlinked (it has neither node nor backend) keeps its place
// for the next member that enters.
class CoverList {
public:
    class Iterator {
    public:
        explicit Iterator(Cover* at) : at_(at) {}
        Cover& operator*() const { return *at_; }
        Iterator& operator++() {
            at_ = at_->next_of_section;
            return *this;
        }
        friend bool operator==(const Iterator&, const Iterator&) = default;

    private:
        Cover* at_;
    };

    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    [[nodiscard]] Iterator begin() const { return Iterator(first_); }
    [[nodiscard]] Iterator end() const { return Iterator(nullptr); }

    // To be linked by the caller.
    Cover& add(CoverPool& pool) {
        if (unused_ != nullptr) {
            Cover& cover = *unused_;
            unused_ = cover.next;
            return cover;
        }
        Cover& cover = pool.take();
        (first_ == nullptr ? first_ : last_->next_of_section) = &cover;
        last_ = &cover;
        return cover;
    }

    // `cover` is unlinked now.
    void leave_unused(Cover& cover) {
        cover.next = unused_;
        unused_ = &cover;
    }

    // All of them are unlinked.
    void clear(CoverPool& pool) {
        if (first_ != nullptr) {
            pool.give_back(*first_, *last_);
        }
        first_ = nullptr;
        unused_ = nullptr;
    }

private:
    Cover* first_ = nullptr;
    Cover* last_ = nullptr;    // means nothing while the list is empty
    Cover* unused_ = nullptr;  // linked through `next`, the last one first
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
