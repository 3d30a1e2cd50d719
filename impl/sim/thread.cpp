// SPDX-License-Identifier: Apache-2.0
#include "sim/thread.h"

#include <utility>

BLKDRAIN_OS_BEGIN

namespace {

// A thread of a simulation that is gone: there is nothing left to wait for.
bool belongs_to_the_past(std::uint32_t run) {
    return sim::Machine::current().run_number() != run;
}

}  // namespace

thread::thread(const char* name, std::function<void()> body) noexcept
    : fiber_(&sim::Machine::current().spawn(name, std::move(body))),
      run_(sim::Machine::current().run_number()) {}

thread::thread(thread&& other) noexcept
    : fiber_(std::exchange(other.fiber_, nullptr)), run_(other.run_) {}

thread& thread::operator=(thread&& other) noexcept {
    if (joinable() && !belongs_to_the_past(run_)) {
        sim::misuse("a thread object was overwritten before join()");
    }
    fiber_ = std::exchange(other.fiber_, nullptr);
    run_ = other.run_;
    return *this;
}

thread::~thread() {
    if (joinable() && !belongs_to_the_past(run_)) {
        sim::misuse("a thread object was destroyed before join()");
    }
}

void thread::join() {
    if (!joinable()) {
        sim::misuse("join() of a thread that is not running");
    }
    if (!belongs_to_the_past(run_)) {
        sim::Machine::current().join(*fiber_);
    }
    fiber_ = nullptr;
}

BLKDRAIN_OS_END
