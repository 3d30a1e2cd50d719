// SPDX-License-Identifier: Apache-2.0
//
// What is written on the nodes, backends and edges of a picture of the graph.
#pragma once

#include <string>
#include <vector>

#include <blkdrain_ref/view.h>

#include "harness/edge_roles.h"

namespace blkdrain_props {

class GraphLabels {
public:
    // Both outlive it.
    GraphLabels(const blkdrain_ref::State& state, const EdgeRoles& roles)
        : state_(state), view_(state), covered_(view_.covered()), roles_(roles) {}

    [[nodiscard]] bool gated(const blkdrain_ref::Backend& backend) const {
        return covered_.backends.contains(backend.id);
    }
    [[nodiscard]] bool stopped(const blkdrain_ref::Node& node) const {
        return covered_.nodes.contains(node.id);
    }

    // "b1  l0"
    static std::string name_of(const blkdrain_ref::Backend& backend);
    // "n1  l0  settling"
    static std::string name_of(const blkdrain_ref::Node& node);
    // "s3 t1": the live sections that gate it, its tokens; "t1?" is not open yet.
    [[nodiscard]] std::string what_is_on(const blkdrain_ref::Backend& backend) const;
    // "s3, 2 internal": the live sections that stop it, its internal requests.
    [[nodiscard]] std::string what_is_on(const blkdrain_ref::Node& node) const;
    // "begin s7 drained n1 — effective"
    static std::string line_of(const blkdrain_ref::Section& section);
    // Of state.edges[edge]; empty: not known.
    [[nodiscard]] std::string role_of(std::size_t edge) const;

    [[nodiscard]] std::vector<const blkdrain_ref::Request*> requests_of(
        blkdrain_ref::BackendId backend) const;

private:
    template <class Covers>
    std::string sections_over(Covers covers) const;

    const blkdrain_ref::State& state_;
    const blkdrain_ref::View view_;
    const blkdrain_ref::Scope covered_;
    const EdgeRoles& roles_;
};

}  // namespace blkdrain_props
