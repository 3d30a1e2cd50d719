// SPDX-License-Identifier: Apache-2.0
#include "invariants.h"

#include <algorithm>

namespace blkdrain_ref {
namespace {

bool acyclic(const Graph& graph) {
    return std::ranges::none_of(graph.state.edges, [&](const Edge& edge) {
        return graph.down({edge.child}).contains(edge.parent);
    });
}

}  // namespace

std::vector<Violation> broken_invariants(const State& state) {
    std::vector<Violation> found;
    const auto demand = [&](bool holds, const char* invariant, int rule, auto id) {
        if (!holds)
            found.push_back({invariant, rule, to_string(id)});
    };
    const View view(state);
    const Scope cover = view.covered();
    demand(acyclic(view.graph()), "graph_is_acyclic", 24, NodeId{});
    for (const Edge& edge : state.edges) {
        const Node *parent = find(state, edge.parent), *child = find(state, edge.child);
        demand(parent != nullptr && child != nullptr && parent->loop == child->loop,
               "an_edge_stays_on_one_loop", 28, edge.parent);
    }
    for (const Node& node : state.nodes) {
        demand((node.settle == Settle::running) == static_cast<bool>(node.settler) &&
                   (!node.settler || find(state, node.settler) != nullptr),
               "a_running_settle_has_a_living_section", 20, node.id);
        demand(node.settle == Settle::none || cover.nodes.contains(node.id),
               "a_settled_node_is_stopped", 21, node.id);
    }
    for (const Backend& backend : state.backends) {
        demand(!backend.root || (find(state, backend.root) != nullptr &&
                                 find(state, backend.root)->loop == backend.loop),
               "a_root_edge_stays_on_one_loop", 28, backend.id);
        demand((backend.posted() == Notice::begin) ==
                   (backend.listening && cover.backends.contains(backend.id)),
               "the_last_notification_tells_the_truth", 9, backend.id);
    }
    for (const Request& request : state.requests) {
        demand(find(state, request.backend) != nullptr, "a_request_has_its_backend", 27,
               request.id);
        demand(!request.cancelled || request.state != RequestState::admitted,
               "what_is_cancelled_is_never_admitted", 29, request.id);
        demand(request.state != RequestState::waiting || request.cancelled ||
                   !closing(state, request.backend),
               "close_cancels_what_waits", 27, request.id);
    }
    for (const Group& group : state.groups) {
        for (const BackendId member : group.members)
            demand(find(state, member) != nullptr &&
                       std::ranges::count_if(
                           state.groups,
                           [&](const Group& other) { return other.contains(member); }) == 1,
                   "a_member_is_in_one_group", 30, member);
        for (const BackendId turn : group.turn)
            demand(!turn || group.contains(turn), "the_turn_is_a_members", 30, group.id);
        for (const Bucket& bucket : group.buckets)
            demand(bucket.rate.rate != 0 || bucket.level == 0, "no_limit_no_level", 13, group.id);
    }
    for (const Request& request : state.requests)
        demand(
            !request.plugged || (request.waits() &&
                                 (request.off || (state.plugged >> request.loop.value & 1U) != 0)),
            "a_plug_is_of_a_plugged_loop", 16, request.id);
    for (const Token& token : state.tokens)
        demand(!token.open || !failing(state, token) ||
                   std::ranges::all_of(token.backends,
                                       [&](BackendId b) { return find(state, b) != nullptr; }),
               "an_open_token_keeps_its_backends", 27, token.id);
    for (const Section& section : state.sections) {
        for (const Section& other : state.sections)
            demand(section.id == other.id || section.kind != SectionKind::isolate ||
                       other.kind != section.kind || !section.live() || !other.live() ||
                       !conflict(view.graph(), section, other),
                   "live_isolates_do_not_conflict", 23, section.id);
        const bool promised = section.phase >= Phase::quiet && !section.momentary();
        demand(!promised || unquiet(state, view.of(section)).empty(),
               "a_reported_quiet_is_never_revoked", 7, section.id);
        demand(section.phase != Phase::idle || (view.of(section).settles - view.settled()).empty(),
               "a_reported_idle_is_never_revoked", 20, section.id);
    }
    for (const Section& drain : state.sections)
        for (const RequestId id : drain.requests)
            demand(find(state, id) != nullptr && find(state, id)->backend == drain.backend,
                   "a_drain_covers_its_own_backend", 10, drain.id);
    demand(!state.sections.empty() || (cover.backends.empty() && cover.nodes.empty()),
           "without_sections_nothing_is_gated", 5, SectionId{});
    return found;
}

}  // namespace blkdrain_ref
