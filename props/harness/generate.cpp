// SPDX-License-Identifier: Apache-2.0
#include "harness/generate.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "harness/deviations.h"
#include "harness/operations.h"

namespace blkdrain_props {
namespace {

class Simplifier {
public:
    explicit Simplifier(const Scenario& scenario) : original_(scenario) {}

    std::vector<Scenario> all() {
        drop_clients();
        drop_operations();
        drop_backends();
        drop_nodes();
        simplify_header();
        simplify_nodes_and_backends();
        simplify_records();
        return std::move(candidates_);
    }

private:
    void offer(const Scenario& candidate) {
        Scenario clean = canonical(candidate);
        if (!(clean == original_)) {
            candidates_.push_back(clean);
        }
    }

    template <class Change>
    void offer_with(Change change) {
        Scenario candidate = original_;
        change(candidate);
        offer(candidate);
    }

    void drop_clients() {
        for (std::size_t i = 0; original_.programs.size() > 1 && i < original_.programs.size();
             ++i) {
            offer_with([i](Scenario& s) { erase_client(s, i); });
        }
    }

    // Runs of operations, the longest first, from the end of each program.
    void drop_operations() {
        for (std::size_t length = operations_max; length > 0; length /= 2) {
            for (std::size_t client = 0; client < original_.programs.size(); ++client) {
                const std::size_t size = original_.programs[client].size();
                for (std::size_t end = size; end >= length; end -= length) {
                    offer_with([&](Scenario& s) {
                        for (std::size_t k = 0; k < length; ++k) {
                            erase_operation(s, client, end - length);
                        }
                    });
                }
            }
        }
    }

    // Of the start; operands keep their number, or name the same object as before.
    void drop_backends() {
        for (std::size_t i = original_.graph.backends.size(); i > 0; --i) {
            for (const bool follow : {true, false}) {
                offer_with([i, follow](Scenario& s) {
                    s.graph.backends.erase(i - 1);
                    if (follow) {
                        move_up(s, OperandKind::backend, i - 1);
                    }
                });
            }
        }
    }

    // Edges and roots that pointed to the node go with it; later nodes move up.
    void drop_nodes() {
        for (std::size_t i = original_.graph.nodes.size(); i > 0; --i) {
            for (const bool follow : {true, false}) {
                offer_with([i, follow](Scenario& s) {
                    erase_node(s, static_cast<std::uint8_t>(i - 1));
                    if (follow) {
                        move_up(s, OperandKind::node, i - 1);
                    }
                });
            }
        }
    }

    static void erase_node(Scenario& s, std::uint8_t gone) {
        s.graph.nodes.erase(gone);
        for (NodeSpec& node : s.graph.nodes) {
            for (std::size_t k = node.children.size(); k > 0; --k) {
                if (node.children[k - 1].node == gone) {
                    node.children.erase(k - 1);
                } else if (node.children[k - 1].node > gone) {
                    --node.children[k - 1].node;
                }
            }
        }
        for (BackendSpec& backend : s.graph.backends) {
            if (backend.root == gone) {
                backend.root = no_node;
            } else if (backend.root != no_node && backend.root > gone) {
                --backend.root;
            }
        }
    }

    static void move_up(Scenario& s, OperandKind kind, std::size_t gone) {
        const auto moved = [gone](std::uint8_t& byte) {
            if (Ordinal{byte}.number() > gone) {
                --byte;
            }
        };
        for (Program& program : s.programs) {
            for (Record& record : program) {
                const std::array<std::uint8_t*, 4> operands{&record.a, &record.b, &record.c,
                                                            &record.d};
                for (std::size_t k = 0; k < operands.size(); ++k) {
                    if (row_of(record.opcode).operands[k] == kind) {
                        moved(*operands[k]);
                    }
                }
                if (kind == OperandKind::backend && record.where != Where::client) {
                    moved(record.where_backend);
                }
            }
        }
    }

    void simplify_header() {
        offer_with([](Scenario& s) { s.header.swarm = 0; });
        offer_with([](Scenario& s) { s.header.loops = 1; });
        offer_with([](Scenario& s) { s.header.pace = Pace::step; });
        offer_with([](Scenario& s) {
            s.header.strategy = Strategy::default_order;
            s.header.seed = 0;
        });
        offer_with([](Scenario& s) { s.header.memory = Memory::sequential; });
        offer_with([](Scenario& s) { s.header.faults = Faults::none; });
        if (original_.header.faults == Faults::all) {
            offer_with([](Scenario& s) { s.header.faults = Faults::spurious; });
            offer_with([](Scenario& s) { s.header.faults = Faults::time; });
        }
    }

    void simplify_nodes_and_backends() {
        for (std::size_t i = 0; i < original_.graph.nodes.size(); ++i) {
            offer_with([i](Scenario& s) { s.graph.nodes[i].settle = SettleKind::none; });
            offer_with([i](Scenario& s) { s.graph.nodes[i].pinned = false; });
            offer_with([i](Scenario& s) { s.graph.nodes[i].loop = 0; });
            for (std::size_t k = 0; k < original_.graph.nodes[i].children.size(); ++k) {
                offer_with([i, k](Scenario& s) { s.graph.nodes[i].children.erase(k); });
            }
        }
        for (std::size_t i = 0; i < original_.graph.backends.size(); ++i) {
            offer_with([i](Scenario& s) { s.graph.backends[i].pinned = false; });
            offer_with([i](Scenario& s) { s.graph.backends[i].listens = false; });
            offer_with([i](Scenario& s) { s.graph.backends[i].loop = 0; });
        }
    }

    void simplify_records() {
        for (std::size_t client = 0; client < original_.programs.size(); ++client) {
            for (std::size_t i = 0; i < original_.programs[client].size(); ++i) {
                const auto with = [&](auto change) {
                    offer_with([&](Scenario& s) { change(s.programs[client][i]); });
                };
                with([](Record& r) { r.where = Where::client; });
                with([](Record& r) { r.at_once = false; });
                with([](Record& r) { r.blocking = false; });
                with([](Record& r) { r.holds = Holds::nothing; });
                with([](Record& r) { r.deadline = 0; });
                with([](Record& r) { r.variant = false; });
                with([](Record& r) { r.extra = false; });
                const Record& record = original_.programs[client][i];
                const OperationRow& row = row_of(record.opcode);
                const std::array<std::uint8_t Record::*, 4> operands{&Record::a, &Record::b,
                                                                     &Record::c, &Record::d};
                for (std::size_t k = 0; k < operands.size(); ++k) {
                    // Of words the first are the plainest.
                    const bool word = !words_of(row.operands[k]).empty() && !row.is_expectation();
                    const std::uint8_t plainer = word ? record.*operands[k] : std::uint8_t{1};
                    for (std::uint8_t value = 0; value < plainer; ++value) {
                        with([&](Record& r) { r.*operands[k] = value; });
                    }
                }
            }
        }
    }

    const Scenario& original_;
    std::vector<Scenario> candidates_;
};

}  // namespace

std::vector<Scenario> simpler(const Scenario& scenario) {
    return Simplifier(scenario).all();
}

}  // namespace blkdrain_props
