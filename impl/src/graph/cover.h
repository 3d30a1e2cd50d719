// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
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
// Stored in the list of its section, linked into the member's chain. Guarded by the control plane's
// lock.
class Cover {
public:
    Cover() = default;
    Cover(SectionOperation& by, NodeState& covered, Demand asked, bool enters)
        : section(&by), demand(asked), entering(enters), of_(Of::node), member_(&covered) {}
    Cover(SectionOperation& by, Backend& covered, Demand asked, bool enters)
        : section(&by), demand(asked), entering(enters), of_(Of::backend), member_(&covered) {}

    // Exactly one of them while it is linked, else both are null.
    [[nodiscard]] NodeState* node() const {
        return of_ == Of::node ? static_cast<NodeState*>(member_) : nullptr;
    }
    [[nodiscard]] Backend* backend() const {
        return of_ == Of::backend ? static_cast<Backend*>(member_) : nullptr;
    }
    [[nodiscard]] bool linked() const { return of_ != Of::nobody; }
    void forget_member() { of_ = Of::nobody; }

    SectionOperation* section = nullptr;
    Cover* next = nullptr;  // in the member's chain
    Demand demand = Demand::quiet;
    // By a graph change: tokens that the change names count as open here (R24).
    bool entering = false;
    bool busy = false;  // counted in the section's busy members

private:
    enum class Of : std::uint8_t { nobody, node, backend };

    Of of_ = Of::nobody;
    void* member_ = nullptr;
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
    }

private:
    Cover* first_ = nullptr;
};

// Covers side by side: sections walk over many, and one that leads to the next is slow.
struct CoverSlab {
    [[nodiscard]] Cover* begin() { return covers.data(); }
    [[nodiscard]] Cover* end() { return covers.data() + covers.size(); }

    std::array<Cover, 16> covers;
    CoverSlab* next = nullptr;  // in the section's list, or of those that are free
};

// The storage of the covers of a graph: sections that come and go allocate nothing once warm.
class CoverPool {
public:
    // What its covers say means nothing; it leads nowhere.
    CoverSlab& take() {
        if (free_ == nullptr) {
            slabs_.push_back(std::make_unique<CoverSlab>());
            return *slabs_.back();
        }
        CoverSlab& slab = *free_;
        free_ = slab.next;
        slab.next = nullptr;
        return slab;
    }

    // Those from `first` to `last`.
    void give_back(CoverSlab& first, CoverSlab& last) {
        last.next = free_;
        free_ = &first;
    }

private:
    std::vector<std::unique_ptr<CoverSlab>> slabs_;
    CoverSlab* free_ = nullptr;
};

// The covers of one section. One that is unlinked (it has neither node nor backend) keeps its place
// for the next member that enters.
class CoverList {
public:
    class Iterator {
    public:
        Iterator(CoverSlab* slab, Cover* at) : slab_(slab), at_(at) {}
        Cover& operator*() const { return *at_; }
        Iterator& operator++() {
            if (++at_ == slab_->end() && slab_->next != nullptr) {
                slab_ = slab_->next;
                at_ = slab_->begin();
            }
            return *this;
        }
        friend bool operator==(const Iterator& a, const Iterator& b) { return a.at_ == b.at_; }

    private:
        CoverSlab* slab_;
        Cover* at_;
    };

    [[nodiscard]] bool empty() const { return first_ == nullptr; }
    [[nodiscard]] Iterator begin() const { return {first_, empty() ? nullptr : first_->begin()}; }
    [[nodiscard]] Iterator end() const { return {last_, next_}; }

    // To be filled in and linked by the caller.
    Cover& add(CoverPool& pool) {
        if (unused_ != nullptr) {
            Cover& cover = *unused_;
            unused_ = cover.next;
            return cover;
        }
        if (next_ == end_of_last_) {
            CoverSlab& slab = pool.take();
            (empty() ? first_ : last_->next) = &slab;
            last_ = &slab;
            next_ = slab.begin();
            end_of_last_ = slab.end();
        }
        return *next_++;
    }

    // `cover` is unlinked now.
    void leave_unused(Cover& cover) {
        cover.next = unused_;
        unused_ = &cover;
    }

    // All of them are unlinked.
    void clear(CoverPool& pool) {
        if (!empty()) {
            pool.give_back(*first_, *last_);
        }
        *this = {};
    }

private:
    CoverSlab* first_ = nullptr;
    CoverSlab* last_ = nullptr;
    Cover* next_ = nullptr;         // of the last slab, the first that was never added
    Cover* end_of_last_ = nullptr;  // its end
    Cover* unused_ = nullptr;       // linked through `next`, the last one first
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
