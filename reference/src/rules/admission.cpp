// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {
namespace {

Blockers blockers(const State& state, BackendSet gated, const Request& request) {
    int found = 0;
    // R4: under a token the gate does not count; R24: unless a pending change counts the token as
    // closed.
    if (request.token ? static_cast<bool>(naming_change(state, request.token))
                      : gated.contains(request.backend))
        found |= static_cast<int>(Blocker::gate);
    if (ahead_of(state, request))
        found |= static_cast<int>(Blocker::order);
    return static_cast<Blockers>(found);
}

}  // namespace

Blockers blockers(const View& view, const Request& request) {
    return blockers(view.state, covered(view).backends, request);
}

RequestId ahead_of(const State& state, const Request& request) {
    for (const Request& other : state.requests) {
        if (other.id == request.id)
            break;
        if (other.in_line() && other.backend == request.backend &&
            other.direction == request.direction && other.token == request.token)
            return other.id;
    }
    return {};
}

SectionId naming_change(const State& state, TokenId token) {
    for (const Section& section : state.sections)
        if (std::ranges::count(section.tokens, token) != 0)
            return section.id;
    return {};
}

bool closing(const State& state, BackendId backend) {
    return std::ranges::any_of(state.sections, [&](const Section& section) {
        return section.kind == SectionKind::close_backend && section.backend == backend;
    });
}

bool closing(const State& state, NodeId node) {
    return std::ranges::any_of(
        state.sections, [&](const Section& section) { return section.closing.contains(node); });
}

bool failing(const State& state, const Token& token) {
    return std::ranges::any_of(token.backends, [&](BackendId backend) {
        return find(state, backend) == nullptr || closing(state, backend);
    });
}

RequestId due_request(const View& view) {
    if (std::ranges::none_of(view.state.requests, &Request::in_line))
        return {};
    const BackendSet gated = covered(view).backends;
    for (const Request& request : view.state.requests)
        if (request.in_line() && blockers(view.state, gated, request) == 0)
            return request.id;
    return {};
}

TokenId due_token(const View& view) {
    for (const Token& token : view.state.tokens)
        if (!token.open && !failing(view.state, token) && remaining(view, token).empty())
            return token.id;
    return {};
}

}  // namespace blkdrain_ref
