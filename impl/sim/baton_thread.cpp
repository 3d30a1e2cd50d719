// SPDX-License-Identifier: Apache-2.0
//
// Invariants
//  I1  At most one Turn of a simulation is `here`, and then no thread of it runs but those on their
//      way to wait or to end, which touch nothing but Turns. I2  A thread waits for its own Turn
//      alone; who hands on does it once.
#include "sim/baton_thread.h"

#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <system_error>

#include <pthread.h>

namespace blkdrain::sim {

namespace {

constexpr std::size_t name_length_max = 15;

}  // namespace

struct BatonThread::Turn {
    std::mutex mutex;
    std::condition_variable came;
    bool here = false;

    void come() {
        const std::lock_guard lock(mutex);
        here = true;
        came.notify_one();
    }
    void await() {
        std::unique_lock lock(mutex);
        came.wait(lock, [this] { return here; });
        here = false;
    }
};

BatonThread::BatonThread() : turn_(std::make_shared<Turn>()) {}

BatonThread::~BatonThread() {
    join();
}

void BatonThread::join() {
    if (thread_.joinable()) {
        thread_.join();
    }
}

void BatonThread::hand_on() {
    // Held: who gets the baton may be gone with its object before this returns.
    const std::shared_ptr<Turn> turn = turn_;
    turn->come();
}

void BatonThread::prepare(const std::string& name, Entry entry, void* argument) {
    join();
    try {
        // noexcept: an exception that leaves a simulated thread ends the process.
        thread_ = std::thread(
            [turn = turn_, name = name.substr(0, name_length_max), entry, argument]() noexcept {
                ::pthread_setname_np(::pthread_self(), name.c_str());
                turn->await();
                entry(argument)->hand_on();
            });
    } catch (const std::system_error& error) {
        std::fprintf(stderr, "blkdrain simulator: no operating-system thread for %s: %s\n",
                     name.c_str(), error.what());
        std::abort();
    }
}

void BatonThread::drop() {
    thread_.detach();
    turn_ = std::make_shared<Turn>();
}

void BatonThread::switch_to(BatonThread& from, BatonThread& to) {
    // Before it hands on: afterwards others may drop `from`. Its thread keeps the Turn.
    Turn& own = *from.turn_;
    to.hand_on();
    own.await();
}

}  // namespace blkdrain::sim
