// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/operations.h"
#include "mutate.h"

namespace blkdrain_fuzz {

using namespace blkdrain_props;

namespace {

NodeSpec* any_node(Scenario& scenario, Random& random) {
    auto& nodes = scenario.graph.nodes;
    return nodes.empty() ? nullptr : &nodes[random.below(nodes.size())];
}

BackendSpec* any_backend(Scenario& scenario, Random& random) {
    auto& backends = scenario.graph.backends;
    return backends.empty() ? nullptr : &backends[random.below(backends.size())];
}

Role any_role(Random& random) {
    return static_cast<Role>(random.below(role_words.size()));
}

// A node of the start, or none.
std::uint8_t any_root(const Scenario& scenario, Random& random) {
    const std::size_t nodes = scenario.graph.nodes.size();
    return nodes == 0 || random.once_in(6) ? no_node : random.byte_below(nodes);
}

bool add_node(Scenario& scenario, Random& random) {
    auto& nodes = scenario.graph.nodes;
    if (nodes.full()) {
        return false;
    }
    NodeSpec node;
    node.loop = random.byte_below(loops_max);
    node.pinned = random.once_in(10);
    node.settle = random.once_in(2) ? SettleKind::none
                                    : static_cast<SettleKind>(random.below(settle_words.size()));
    for (std::size_t left = nodes.empty() ? 0 : random.below(3); left > 0; --left) {
        node.children.push_back({any_role(random), random.byte_below(nodes.size())});
    }
    return nodes.push_back(node);
}

// What stood on the node stands on `heir`, a node before it; on nothing, if that is no_node.
void erase_node(GraphSpec& graph, std::uint8_t gone, std::uint8_t heir) {
    graph.nodes.erase(gone);
    for (NodeSpec& node : graph.nodes) {
        for (std::size_t i = node.children.size(); i > 0; --i) {
            std::uint8_t& child = node.children[i - 1].node;
            if (child > gone) {
                --child;
            } else if (child == gone && heir != no_node) {
                child = heir;
            } else if (child == gone) {
                node.children.erase(i - 1);
            }
        }
    }
    for (BackendSpec& backend : graph.backends) {
        if (backend.root == gone) {
            backend.root = heir;
        } else if (backend.root != no_node && backend.root > gone) {
            --backend.root;
        }
    }
}

bool delete_node(Scenario& scenario, Random& random) {
    const std::size_t nodes = scenario.graph.nodes.size();
    if (nodes == 0) {
        return false;
    }
    erase_node(scenario.graph, random.byte_below(nodes), no_node);
    return true;
}

// The node and the edge to its first child become one.
bool contract_edge(Scenario& scenario, Random& random) {
    auto& nodes = scenario.graph.nodes;
    if (nodes.empty()) {
        return false;
    }
    const std::uint8_t gone = random.byte_below(nodes.size());
    if (nodes[gone].children.empty()) {
        return false;
    }
    erase_node(scenario.graph, gone, nodes[gone].children[0].node);
    return true;
}

bool add_edge(Scenario& scenario, Random& random) {
    auto& nodes = scenario.graph.nodes;
    if (nodes.size() < 2) {
        return false;
    }
    const std::size_t parent = 1 + random.below(nodes.size() - 1);
    return nodes[parent].children.push_back({any_role(random), random.byte_below(parent)});
}

bool delete_edge(Scenario& scenario, Random& random) {
    NodeSpec* const node = any_node(scenario, random);
    if (node == nullptr || node->children.empty()) {
        return false;
    }
    node->children.erase(random.below(node->children.size()));
    return true;
}

bool change_node(Scenario& scenario, Random& random) {
    NodeSpec* const node = any_node(scenario, random);
    if (node == nullptr) {
        return false;
    }
    switch (random.below(3)) {
        case 0:
            node->pinned = !node->pinned;
            break;
        case 1:
            node->settle = static_cast<SettleKind>(random.below(settle_words.size()));
            break;
        default:
            node->loop = random.byte_below(loops_max);
            break;
    }
    return true;
}

bool add_backend(Scenario& scenario, Random& random) {
    BackendSpec backend;
    backend.loop = random.byte_below(loops_max);
    backend.pinned = random.once_in(10);
    backend.listens = random.once_in(2);
    backend.root = any_root(scenario, random);
    return scenario.graph.backends.push_back(backend);
}

bool delete_backend(Scenario& scenario, Random& random) {
    auto& backends = scenario.graph.backends;
    if (backends.empty()) {
        return false;
    }
    backends.erase(random.below(backends.size()));
    return true;
}

bool change_backend(Scenario& scenario, Random& random) {
    BackendSpec* const backend = any_backend(scenario, random);
    if (backend == nullptr) {
        return false;
    }
    switch (random.below(4)) {
        case 0:
            backend->pinned = !backend->pinned;
            break;
        case 1:
            backend->listens = !backend->listens;
            break;
        case 2:
            backend->loop = random.byte_below(loops_max);
            break;
        default:
            backend->root = any_root(scenario, random);
            break;
    }
    return true;
}

constexpr std::array graph{
    Move{"add_node", 3, add_node},
    Move{"delete_node", 2, delete_node},
    Move{"contract_edge", 1, contract_edge},
    Move{"add_edge", 3, add_edge},
    Move{"delete_edge", 2, delete_edge},
    Move{"change_node", 2, change_node},
    Move{"add_backend", 3, add_backend},
    Move{"delete_backend", 1, delete_backend},
    Move{"change_backend", 3, change_backend},
};

}  // namespace

std::span<const Move> graph_moves() {
    return graph;
}

}  // namespace blkdrain_fuzz
