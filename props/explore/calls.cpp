// SPDX-License-Identifier: Apache-2.0
#include "explore/calls.h"

#include <initializer_list>
#include <utility>

#include "harness/operations.h"
#include "harness/throttling.h"

namespace blkdrain_props {

namespace {

class Calls {
public:
    explicit Calls(const GraphSpec& graph)
        : graph_(graph),
          nodes_(static_cast<std::uint8_t>(graph.nodes.size())),
          backends_(static_cast<std::uint8_t>(graph.backends.size())) {}

    void of_backends() {
        for (std::uint8_t b = 0; b < backends_; ++b) {
            for (std::uint8_t loop = 0; loop < loops_explored; ++loop) {
                add({.opcode = Opcode::send, .a = b, .c = loop});
            }
            for (const Opcode opcode :
                 {Opcode::drain, Opcode::isolate, Opcode::self_quiesce, Opcode::open_token,
                  Opcode::close_backend, Opcode::remove_medium, Opcode::cancel_waiting}) {
                add({.opcode = opcode, .a = b});
            }
            if (!graph_.backends[b].listens) {
                add({.opcode = Opcode::listen, .a = b});
            }
            for (std::uint8_t n = 0; n < nodes_; ++n) {
                add({.opcode = Opcode::insert_medium, .a = b, .b = n});
            }
            requests_with_something(b);
        }
        add({.opcode = Opcode::quiesce_all});
        add({.opcode = Opcode::new_backend});
        for (std::uint8_t n = 0; n < nodes_; ++n) {
            add({.opcode = Opcode::new_backend, .b = n, .variant = true, .extra = true});
        }
    }

    void of_nodes() {
        for (std::uint8_t n = 0; n < nodes_; ++n) {
            for (const Opcode opcode : {Opcode::drained, Opcode::close_node, Opcode::settle,
                                        Opcode::internal_start, Opcode::remove_filter}) {
                add({.opcode = opcode, .a = n});
            }
            add({.opcode = Opcode::set_loop, .a = n, .b = 1});
            const auto children = static_cast<std::uint8_t>(graph_.nodes[n].children.size());
            for (std::uint8_t k = 0; k < children; ++k) {
                add({.opcode = Opcode::detach, .a = n, .b = k});
            }
            for (std::uint8_t other = 0; other < nodes_; ++other) {
                if (other < n) {
                    add({.opcode = Opcode::attach, .a = n, .b = other});
                }
                if (other != n) {
                    add({.opcode = Opcode::replace, .a = n, .b = other});
                    add({.opcode = Opcode::insert_filter, .a = n, .b = other});
                }
            }
        }
        add({.opcode = Opcode::new_node});
    }

    void of_what_others_make() {
        for (const Opcode opcode :
             {Opcode::complete, Opcode::end, Opcode::quiet, Opcode::close_token, Opcode::abandon,
              Opcode::settle_done, Opcode::internal_end, Opcode::cancel, Opcode::unplug,
              Opcode::leave, Opcode::limit}) {
            add({.opcode = opcode});
        }
        add({.opcode = Opcode::cancel, .variant = true});
    }

    std::vector<Program> all;

private:
    // One that its leaf answers at once, one under a token, one that is called off, one in a
    // plugged region, and two of which the second is over the limit, whose time passes.
    void requests_with_something(std::uint8_t b) {
        const Record send{.opcode = Opcode::send, .a = b};
        if (graph_.backends[b].root != no_node) {
            add({{.opcode = Opcode::hold, .a = leaf_below(graph_.backends[b].root)}, send});
        }
        add({{.opcode = Opcode::open_token, .a = b},
             {.opcode = Opcode::send, .a = b, .extra = true}});
        add({send, {.opcode = Opcode::cancel}});
        if (b == 0) {
            add({{.opcode = Opcode::plug}, send});
            add({{.opcode = Opcode::join},
                 {.opcode = Opcode::limit, .b = static_cast<std::uint8_t>(LimitWord::one)},
                 send,
                 send,
                 {.opcode = Opcode::advance, .a = 1}});
        }
    }

    // Where reads end up.
    [[nodiscard]] std::uint8_t leaf_below(std::uint8_t node) const {
        while (!graph_.nodes[node].children.empty()) {
            node = graph_.nodes[node].children[0].node;
        }
        return node;
    }

    void add(const Record& record) { add(std::initializer_list<Record>{record}); }
    void add(std::initializer_list<Record> records) {
        Program program;
        for (const Record& record : records) {
            program.push_back(canonical(record));
        }
        all.push_back(program);
    }

    const GraphSpec& graph_;
    std::uint8_t nodes_;
    std::uint8_t backends_;
};

}  // namespace

std::vector<Program> calls_on(const GraphSpec& graph) {
    Calls calls(graph);
    calls.of_backends();
    calls.of_nodes();
    calls.of_what_others_make();
    return std::move(calls.all);
}

}  // namespace blkdrain_props
