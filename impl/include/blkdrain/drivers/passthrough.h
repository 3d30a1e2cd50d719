// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/driver.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// A filter that changes nothing: requests go to the first child ("file"), and its answer is the
// answer. Without a child they fail with Errc::no_medium. Further children are not used. Threads:
// those of a driver; requests of any number of loops may meet in it, for it has no state.
class BLKDRAIN_EXPORT PassthroughDriver final : public Driver {
public:
    void submit(Node& node, Request& request) override;
};

BLKDRAIN_NAMESPACE_END
