// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

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
// Owned by the section; linked into the member's chain. Guarded by the control plane's lock.
struct Cover {
    SectionOperation* section = nullptr;
    NodeState* node = nullptr;  // exactly one of node and backend is set while linked
    Backend* backend = nullptr;
    Cover* next = nullptr;  // in the member's chain
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

}  // namespace detail

BLKDRAIN_NAMESPACE_END
