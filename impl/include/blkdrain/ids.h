// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/detail/strong_id.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// Ids are given by a graph in the order of creation, start at 1 and are never used again within it;
// 0 names nothing. (Request ids are unique among the requests not done; a loop comes back to one
// after 2^26 requests.) Threads: plain values, for any.
struct NodeTag {
    static constexpr char prefix = 'n';
};
struct BackendTag {
    static constexpr char prefix = 'b';
};
struct RequestTag {
    static constexpr char prefix = 'r';
};
struct TokenTag {
    static constexpr char prefix = 't';
};
struct GroupTag {
    static constexpr char prefix = 'g';
};
struct OperationTag {
    static constexpr char prefix = 's';
};

using NodeId = detail::StrongId<NodeTag>;
using BackendId = detail::StrongId<BackendTag>;
using RequestId = detail::StrongId<RequestTag>;
using TokenId = detail::StrongId<TokenTag>;
using GroupId = detail::StrongId<GroupTag>;

// A pending or standing control operation: a section, a drain, a change, a close, a wait for quiet.
using OperationId = detail::StrongId<OperationTag>;

BLKDRAIN_NAMESPACE_END
