// SPDX-License-Identifier: Apache-2.0
//
// All small scenarios: every graph up to a size with every program up to a length, numbered.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "harness/scenario.h"

namespace blkdrain_props {

// A graph: without cycles, up to renaming, with one or two backends, each on a node or (one of two)
// without medium; all on loop 0 of two. A program: as many calls as clients, one for each, which
// run at the same time; so the same calls by one client are among the schedules. A call: what
// calls.h has, with every choice of its objects. What is left when the programs are over is healed:
// devices answer, sections end, tokens close.
class Programs {
public:
    // Whether it makes a difference which client makes which call. Not where who begins is free.
    enum class Clients : std::uint8_t { differ, alike };

    // nodes 1..3, calls 1..clients_max
    Programs(std::uint32_t nodes, std::uint32_t calls, Memory memory, Clients clients);

    [[nodiscard]] std::uint64_t count() const { return first_.back(); }
    [[nodiscard]] std::size_t graphs() const { return graphs_.size(); }
    // number < count(). By graph, the smallest first; then by length.
    [[nodiscard]] Scenario at(std::uint64_t number) const;

private:
    struct Graph {
        GraphSpec spec;
        std::vector<Program> calls;
    };

    std::uint32_t calls_;
    Memory memory_;
    Clients clients_;
    std::vector<Graph> graphs_;
    std::vector<std::uint64_t> first_;  // number of the first program of each graph; the end
};

}  // namespace blkdrain_props
