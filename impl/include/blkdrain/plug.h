// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <blkdrain/export.h>
#include <blkdrain/graph.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class Lane;
}

// A plugged region of the calling thread's event loop (R16): what is sent there to backends of
// `graph` waits, and goes to the drivers as one batch (Driver::submit_batch) when the region ends.
// That is when the last such object of the loop goes, and at the latest when the loop looks for
// events again: an object that lives longer, as in a coroutine that waits, has no effect any more.
// A drain or the begin of a section ends it early for the requests of the backends it covers.
//
// Threads: who may call what, from where
//
//   making                     in what a loop of the graph runs; elsewhere, where nothing can be
//                              sent, the object does nothing
//   destruction                likewise, in what the same loop runs; elsewhere it stops the process
class BLKDRAIN_EXPORT Plug {
public:
    explicit Plug(Graph& graph);
    Plug(const Plug&) = delete;
    Plug& operator=(const Plug&) = delete;
    ~Plug();

private:
    ControlRef control_;
    detail::Lane* lane_ = nullptr;
    std::uint64_t region_ = 0;
};

BLKDRAIN_NAMESPACE_END
