// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <system_error>

#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// An event loop and the thread that runs it (QEMU's IOThread). For owners that have no thread of
// their own to lend to a loop.
//
// Threads: who may call what, from where
//
//   start, loop                any thread
//   destruction                any thread but its own, on which it stops the process
class BLKDRAIN_EXPORT IoThread {
public:
    // The loop runs when this returns. `name` is that of the loop and, its first 15 bytes, of the
    // thread. Fails as EventLoop::create does: then `error` is set and the result null.
    static std::unique_ptr<IoThread> start(std::string name, std::error_code& error);

    // Stops the loop and waits until its thread has ended, as ~EventLoop says for what was posted
    // and has not run. Graphs that know the loop are gone by then.
    ~IoThread();
    IoThread(const IoThread&) = delete;
    IoThread& operator=(const IoThread&) = delete;

    [[nodiscard]] EventLoop& loop() const { return *loop_; }

private:
    class Thread;
    explicit IoThread(std::unique_ptr<EventLoop> loop);

    const std::unique_ptr<EventLoop> loop_;
    const std::unique_ptr<Thread> thread_;
};

BLKDRAIN_NAMESPACE_END
