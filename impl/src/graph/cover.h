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
    SectionOperation* section = nullptr;
    NodeState* node = nullptr;  // exactly one of node and backend is set
    Backend* backend = nullptr;
    Cover* next = nullptr;   // in the member's chain
    std::uint32_t slot = 0;  // in the section's list
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
    // Not busy; the rest is the caller's to fill in.
    Cover& take() {
        if (free_ == nullptr) {
            slabs_.push_back(std::make_unique<Cover[]>(slab_size));
            for (std::size_t i = slab_size; i-- > 0;) {
                give_back(slabs_.back()[i]);
            }
        }
        Cover& cover = *free_;
        free_ = cover.next;
        return cover;
    }

    void give_back(Cover& cover) {
        cover.next = free_;
        free_ = &cover;
    }

private:
    static constexpr std::size_t slab_size = 32;

    std::vector<std::unique_ptr<Cover[]>> slabs_;
    Cover* free_ = nullptr;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
