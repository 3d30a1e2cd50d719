// SPDX-License-Identifier: Apache-2.0
//
// The roles of the graph's edges. The model does not know them: they are followed beside it.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

#include "harness/scenario.h"

namespace blkdrain_props {

class EdgeRoles {
public:
    EdgeRoles() = default;
    // Of the graph at the start. Events before the first operation build it.
    explicit EdgeRoles(const GraphSpec& graph);

    // The actor begins with it: its next attach is announced for it.
    void operation(std::uint8_t actor, const Record& record);
    void event(const blkdrain_ref::Event& event, const blkdrain_ref::State& before,
               std::uint8_t actor);

    // Of the parent's edge with this index; empty: not known.
    [[nodiscard]] std::string of(blkdrain_ref::NodeId parent, std::size_t edge) const;

private:
    void applied(const blkdrain_ref::Section& change);

    std::map<blkdrain_ref::NodeId, std::vector<std::string>> roles_;  // by parent, by index
    std::array<std::string, Actor::count> begun_;                     // by actor
    std::map<blkdrain_ref::SectionId, std::string> pending_;          // of attaches
    bool built_ = false;
};

}  // namespace blkdrain_props
