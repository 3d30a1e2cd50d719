// SPDX-License-Identifier: Apache-2.0
//
// Black boxes for parts of a run that have nothing to do with each other: what is connected by an
// edge, a backend's root, a section, a token, a throttle group or a call that names both, whenever
// it was, and whatever came of it, is one island, and each has a search of its own. The clock and
// rest concern all. A quiesce_all joins everything, a plugged region what is sent on its loop.
//
// That is sound, for no rule of the model looks further than the objects that such a chain joins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/black_box.h"
#include "harness/seen.h"
#include "harness/violation.h"

namespace blkdrain_props {

class Islands {
public:
    // As BlackBox. `whole`: all is one island.
    void start(blkdrain_ref::State state, blkdrain_ref::NodeSet settling, bool whole);
    void settles(blkdrain_ref::NodeId node);
    void see(const Seen& seen);
    // Refused if one of them is; else given up if one of them is.
    BlackBox::Verdict explain();
    // If refused: of the first that is.
    [[nodiscard]] Violation violation() const;
    [[nodiscard]] std::size_t count() const;

private:
    // What can be joined: an object, a loop or a call, by number.
    using Element = std::size_t;
    static constexpr std::size_t no_island = ~std::size_t{0};

    struct Island {
        Element root{};
        bool gone = false;        // in another one
        bool begins_anew = true;  // the search; what it was told does not count
        std::size_t told = 0;     // of `history_`
        BlackBox box{};
    };

    static Element named(blkdrain_ref::NodeId node);
    static Element named(blkdrain_ref::BackendId backend);
    static Element named(blkdrain_ref::GroupId group);
    static Element named(blkdrain_ref::LoopId loop);
    static Element named(Ticket ticket);
    static Element subject(const Seen& seen);
    static bool concerns_all(const Seen& seen);

    Element root(Element element);
    void join(Element one, Element other);
    void join_all(Element with, const blkdrain_ref::Event& event);
    void join_everything();
    void found(Element root);
    [[nodiscard]] blkdrain_ref::State part_of_start(Element root);

    blkdrain_ref::State start_;
    blkdrain_ref::NodeSet settling_;
    std::vector<Seen> history_;
    std::vector<Element> above_;          // by element; the root is its own
    std::vector<std::size_t> island_of_;  // by root
    std::vector<Island> islands_;         // the first `used_`, the others kept for reuse
    std::size_t used_ = 0;
    std::size_t settled_on_ = 0;  // so much of `history_` has its islands
    std::uint64_t plugged_ = 0;   // loops that have been, one bit each
    bool whole_ = false;
    std::size_t refused_ = no_island;
};

}  // namespace blkdrain_props
