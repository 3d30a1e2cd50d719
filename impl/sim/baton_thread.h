// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <thread>

namespace blkdrain::sim {

// The twin of FiberContext: a place of execution that is an operating-system thread, the host's own
// or one for each simulated thread. Exactly one of them holds the baton and runs; the others wait
// for it. So no two run at once, and each hand-over orders what came before it before what comes
// after.
class BatonThread {
public:
    BatonThread();
    BatonThread(const BatonThread&) = delete;
    BatonThread& operator=(const BatonThread&) = delete;
    // Waits for the thread to be gone, which has ended or was dropped.
    ~BatonThread();

    // Runs in the new thread; returns who gets the baton once the thread has ended.
    using Entry = BatonThread* (*)(void* argument);

    // Starts a thread that enters `entry` when it first gets the baton. A debugger shows it by
    // `name`, of which the system keeps 15 characters. Not while a thread is alive in here, unless
    // drop() was called.
    void prepare(const std::string& name, Entry entry, void* argument);

    // Gives up a thread that has not ended. It cannot be made to go: it is left waiting until the
    // process ends, and its stack and what its frames own stay as they are, in reach of who looks
    // for leaks.
    void drop();

    // Hands the baton of `from`, which is what runs now, on to `to`. Returns when something hands
    // it back to `from`.
    static void switch_to(BatonThread& from, BatonThread& to);

private:
    struct Turn;

    void hand_on();
    void join();

    std::shared_ptr<Turn> turn_;  // shared with the thread, which may outlive this object
    std::thread thread_;          // none for the host
};

}  // namespace blkdrain::sim
