// SPDX-License-Identifier: Apache-2.0
#include "families.h"

#include <algorithm>
#include <utility>

namespace blkdrain_ref {
namespace {

constexpr SectionKind isolate = SectionKind::isolate, drained = SectionKind::drained,
                      quiesce_all = SectionKind::quiesce_all,
                      self_quiesce = SectionKind::self_quiesce, change = SectionKind::change,
                      context = SectionKind::context, settle = SectionKind::settle,
                      close_backend = SectionKind::close_backend,
                      close_node = SectionKind::close_node;

// With a group of all backends.
std::vector<State> limited(std::vector<State> states) {
    for (State& state : states) {
        Group& group = state.groups.emplace_back();
        group.id = {0};
        group.buckets[0].rate = {.rate = 1, .burst = 1};
        for (const Backend& backend : state.backends)
            group.members.push_back(backend.id);
    }
    return states;
}

class Families {
public:
    explicit Families(std::uint32_t nodes) : nodes_(nodes) {}

    void one_backend() {
        const std::vector<State> starts = exactly(1, 1);
        add("drain, chains, tokens", starts,
            {.requests = 2, .tokens = 1, .waits = 1, .chains = true, .drains = true}, 8);
        add("order", starts,
            {.requests = 3, .sections = 1, .kinds = {self_quiesce}, .writes = true}, 8);
        add("drain under a section", starts,
            {.requests = 2,
             .sections = 1,
             .waits = 1,
             .kinds = {self_quiesce},
             .drains = true,
             .holding = true},
            16);
        add("drain, holding a token", starts,
            {.requests = 1,
             .tokens = 1,
             .sections = 1,
             .waits = 1,
             .kinds = {self_quiesce},
             .drains = true,
             .holding = true},
            16);
        add("giving up", starts,
            {.requests = 1,
             .tokens = 1,
             .sections = 1,
             .waits = 1,
             .kinds = {drained},
             .drains = true,
             .abandoning = true},
            16);
        add("notifications", starts,
            {.sections = 2, .kinds = {self_quiesce, drained}, .listening = true}, 16);
    }

    void sections() {
        add("one section", up_to(3, 2),
            {.requests = 1,
             .sections = 1,
             .waits = 1,
             .internal = 1,
             .kinds = {isolate, drained, quiesce_all, self_quiesce},
             .also = true},
            64);
        add("two sections", up_to(3, 2), {.sections = 2, .kinds = {isolate, drained, quiesce_all}},
            64);
        add("two sections, holding", up_to(2, 2),
            {.sections = 2,
             .kinds = {isolate, drained},
             .also = true,
             .holding = true,
             .abandoning = true},
            64);
        add("three isolates", up_to(3, 2), {.sections = 3, .kinds = {isolate}, .also = true}, 64);
        add("sections and a request", up_to(2, 2),
            {.requests = 1, .sections = 2, .kinds = {isolate, drained, self_quiesce}}, 64);
        add("sections and a token", up_to(2, 2),
            {.requests = 1,
             .tokens = 1,
             .sections = 1,
             .kinds = {isolate, drained, self_quiesce},
             .wide = true},
            64);
        add("waiting tokens that hold", up_to(3, 2),
            {.tokens = 2, .sections = 1, .kinds = {self_quiesce}, .token_holding = true}, 64);
    }

    void changes() {
        const std::vector<ChangeOp> edges = {ChangeOp::attach, ChangeOp::detach, ChangeOp::replace};
        const std::vector<ChangeOp> filters = {ChangeOp::insert_filter, ChangeOp::remove_filter};
        const std::vector<ChangeOp> media = {ChangeOp::insert_medium, ChangeOp::remove_medium};
        add("edges", up_to(3, 2), {.sections = 1, .kinds = {change}, .changes = edges}, 64);
        add("edges, busy", up_to(2, 1),
            {.requests = 1, .sections = 1, .internal = 1, .kinds = {change}, .changes = edges}, 64);
        add("filters, media", up_to(3, 2),
            {.requests = 1, .sections = 1, .kinds = {change}, .changes = filters}, 64);
        add("media", up_to(3, 2),
            {.requests = 1, .sections = 1, .internal = 1, .kinds = {change}, .changes = media}, 64);
        add("two media", up_to(2, 2),
            {.requests = 1, .sections = 2, .kinds = {change}, .changes = media}, 64);
        add("changes under isolates", exactly(2, 2),
            {.sections = 2,
             .kinds = {change, isolate},
             .changes = {ChangeOp::attach, ChangeOp::detach}},
            64);
        add("changes under drained", exactly(2, 1),
            {.requests = 1,
             .sections = 2,
             .kinds = {change, drained},
             .changes = {ChangeOp::attach, ChangeOp::detach}},
            64);
        add("named tokens", exactly(1, 1),
            {.requests = 1,
             .tokens = 1,
             .sections = 1,
             .kinds = {change},
             .changes = media,
             .naming = true,
             .holding = true,
             .abandoning = true},
            64);
        add("two changes name tokens", up_to(2, 1),
            {.requests = 1,
             .tokens = 1,
             .sections = 2,
             .kinds = {change},
             .changes = {ChangeOp::insert_medium},
             .naming = true},
            64);
    }

    void life_time() {
        add("close a backend", up_to(1, 2),
            {.backends = 1,
             .requests = 1,
             .tokens = 1,
             .sections = 1,
             .waits = 1,
             .kinds = {close_backend},
             .drains = true},
            64);
        add("close, a token waiting", exactly(1, 2),
            {.tokens = 1, .sections = 2, .kinds = {close_backend, quiesce_all}, .wide = true}, 16);
        add("close under sections", up_to(1, 2),
            {.requests = 1,
             .sections = 2,
             .kinds = {close_backend, isolate, self_quiesce},
             .holding = true,
             .abandoning = true},
            64);
        add("close nodes", up_to(3, 2),
            {.nodes = 1, .sections = 2, .internal = 1, .kinds = {close_node}, .abandoning = true},
            64);
        add("close nodes under drained", up_to(3, 0),
            {.sections = 2, .kinds = {close_node, drained}}, 64);
        add("close and change", up_to(3, 1),
            {.sections = 2,
             .kinds = {close_node, change},
             .changes = {ChangeOp::detach, ChangeOp::attach}},
            64);
        add("births", up_to(2, 1),
            {.nodes = 2,
             .backends = 2,
             .sections = 1,
             .kinds = {quiesce_all, drained, change},
             .changes = {ChangeOp::insert_medium},
             .listening = true},
            64);
        add("settle", up_to(3, 1),
            {.requests = 1, .sections = 2, .kinds = {settle, quiesce_all, self_quiesce}}, 64);
    }

    void context_changes() {
        const std::vector<State> starts = up_to(3, 2);
        std::vector<State> pinned = starts;
        for (State& state : pinned)
            if (!state.nodes.empty())
                state.nodes.front().pinned = true;
        add("context", starts, {.sections = 1, .internal = 1, .loops = 2, .kinds = {context}}, 64);
        add("context under a section", up_to(2, 1),
            {.requests = 1, .sections = 2, .loops = 2, .kinds = {context, drained}}, 64);
        add("context and edges", pinned,
            {.sections = 1,
             .loops = 2,
             .kinds = {context, change},
             .changes = {ChangeOp::attach, ChangeOp::insert_medium, ChangeOp::detach}},
            64);
    }

    void limits_and_plugs() {
        add("a limit", exactly(1, 1),
            {.requests = 2,
             .sections = 1,
             .waits = 1,
             .kinds = {self_quiesce},
             .drains = true,
             .limiting = true},
            64);
        add("a limit, shared", limited(exactly(1, 2)),
            {.requests = 2, .sections = 1, .kinds = {isolate}, .writes = true}, 256);
        add("a limit, a token", limited(exactly(1, 1)),
            {.requests = 2, .tokens = 1, .sections = 1, .kinds = {self_quiesce}, .flushing = true},
            64);
        add("a limit, closed", exactly(1, 2),
            {.requests = 2, .sections = 1, .kinds = {close_backend}, .limiting = true}, 64);
        add("cancel", exactly(1, 1),
            {.requests = 2,
             .sections = 1,
             .waits = 1,
             .kinds = {self_quiesce, close_backend},
             .drains = true,
             .cancelling = true,
             .plugging = true},
            16);
        add("cancel at a limit", exactly(1, 1),
            {.requests = 2, .cancelling = true, .limiting = true}, 16);
        add("plugs", exactly(1, 2),
            {.requests = 2,
             .sections = 1,
             .waits = 1,
             .kinds = {self_quiesce, isolate},
             .drains = true,
             .plugging = true},
            64);
    }

    std::vector<Family> all;

private:
    void add(const char* name, const std::vector<State>& starts, const Bounds& bounds,
             std::uint32_t probe) {
        std::size_t nodes = 0;
        for (const State& start : starts)
            nodes = std::max(nodes, start.nodes.size());
        if (!starts.empty())
            all.push_back({name, static_cast<std::uint32_t>(nodes), starts, bounds, probe});
    }

    std::vector<State> exactly(std::uint32_t nodes, std::uint32_t backends) const {
        return nodes <= nodes_ ? all_graphs(nodes, backends) : std::vector<State>{};
    }

    std::vector<State> up_to(std::uint32_t nodes, std::uint32_t backends) const {
        std::vector<State> graphs;
        for (std::uint32_t n = 0; n <= nodes; ++n)
            for (std::uint32_t b = 0; b <= backends; ++b)
                for (State& state : exactly(n, b))
                    graphs.push_back(std::move(state));
        return graphs;
    }

    std::uint32_t nodes_;
};

}  // namespace

std::vector<Family> families(std::uint32_t nodes) {
    Families families(nodes);
    families.one_backend();
    families.sections();
    families.changes();
    families.life_time();
    families.context_changes();
    families.limits_and_plugs();
    return std::move(families.all);
}

}  // namespace blkdrain_ref
