// SPDX-License-Identifier: Apache-2.0
#include <blkdrain_ref/rules.h>

namespace blkdrain_ref {

Blockers blockers(const State& state, BackendSet gated, const Request& request) {
    // R4: under a token the gate does not count; R24: unless a pending change counts the token as
    // closed.
    const bool gate = request.token ? static_cast<bool>(naming_change(state, request.token))
                                    : gated.contains(request.backend);
    const bool order = static_cast<bool>(ahead_of(state, request));
    return static_cast<Blockers>((gate ? static_cast<int>(Blocker::gate) : 0) |
                                 (order ? static_cast<int>(Blocker::order) : 0));
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
        if (section.tokens.contains(token))
            return section.id;
    return {};
}

bool failing(const State& state, const Token& token) {
    return std::ranges::any_of(token.backends, [&](BackendId backend) {
        return find(state, backend) == nullptr || closing(state, backend);
    });
}

RequestId due_request(const State& state) {
    if (std::ranges::none_of(state.requests, &Request::in_line))
        return {};
    const BackendSet gated = covered(state).backends;
    for (const Request& request : state.requests)
        if (request.in_line() && blockers(state, gated, request) == 0)
            return request.id;
    return {};
}

TokenId due_token(const State& state) {
    for (const Token& token : state.tokens)
        if (!token.open && !failing(state, token) && remaining(state, token).empty())
            return token.id;
    return {};
}

}  // namespace blkdrain_ref
