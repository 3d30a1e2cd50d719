// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Something a loop runs once. Intrusive: posting allocates nothing; the poster keeps the task alive
// until it starts to run and posts it again only after that.
struct Task {
    using Run = void (*)(Task&);

    explicit Task(Run function) noexcept : run(function) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;

    Run run;
    Task* next = this;  // itself while it is in no queue, so that a second post is noticed
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
