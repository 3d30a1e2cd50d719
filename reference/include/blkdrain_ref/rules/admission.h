// SPDX-License-Identifier: Apache-2.0
//
// Who waits and for what; what an end releases as one step.
#pragma once

#include <blkdrain_ref/state.h>

namespace blkdrain_ref {

Blockers blockers(const State& state, const Request& request);  // R4, R18; of a WAITING request
// The earlier WAITING request that this one may not overtake; none (R18).
RequestId ahead_of(const State& state, const Request& request);
SectionId naming_change(const State& state,
                        TokenId token);  // a pending change that names the token (R24)
bool failing(const State& state,
             const Token& token);                     // one of its backends closes or is gone (R27)
bool closing(const State& state, BackendId backend);  // R27
bool closing(const State& state, NodeId node);        // R27
bool may_open(const State& state, const Token& token);  // R4
// What an end has released and nobody has admitted yet (R18); none.
RequestId due_request(const State& state);
TokenId due_token(const State& state);

}  // namespace blkdrain_ref
