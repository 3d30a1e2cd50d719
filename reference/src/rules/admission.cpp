// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include <blkdrain_ref/rules/admission.h>
#include <blkdrain_ref/rules/cover.h>

namespace blkdrain_ref {
namespace {

bool in_line(const Request& request) {
    return request.state == RequestState::waiting && !request.cancelled;
}

}  // namespace

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

Blockers blockers(const State& state, const Request& request) {
    return blockers(state, covered(state).backends, request);
}

RequestId ahead_of(const State& state, const Request& request) {
    for (const Request& other : state.requests) {
        if (other.id == request.id)
            break;
        if (in_line(other) && other.backend == request.backend &&
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

bool may_open(const State& state, const Token& token) {
    return !token.open && !failing(state, token) && !token.backends.meets(covered(state).backends);
}

RequestId due_request(const State& state) {
    if (std::ranges::none_of(state.requests, in_line))
        return {};
    const BackendSet gated = covered(state).backends;
    for (const Request& request : state.requests)
        if (in_line(request) && blockers(state, gated, request) == 0)
            return request.id;
    return {};
}

TokenId due_token(const State& state) {
    for (const Token& token : state.tokens)
        if (may_open(state, token))
            return token.id;
    return {};
}

}  // namespace blkdrain_ref
