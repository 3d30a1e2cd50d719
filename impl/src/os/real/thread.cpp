// SPDX-License-Identifier: Apache-2.0
#include "os/real/thread.h"

#include <string>
#include <utility>

#include <pthread.h>

#include <blkdrain/detail/check.h>

BLKDRAIN_OS_BEGIN

namespace {

// The kernel keeps 15 bytes of a thread's name and refuses longer ones.
constexpr std::size_t name_length_max = 15;

}  // namespace

thread::thread(const char* name, std::function<void()> body) noexcept
    : native_([short_name = std::string(name).substr(0, name_length_max), body = std::move(body)] {
          pthread_setname_np(pthread_self(), short_name.c_str());
          body();
      }) {}

thread& thread::operator=(thread&& other) noexcept {
    BLKDRAIN_CHECK(!native_.joinable(), "a thread object was overwritten before join()");
    native_ = std::move(other.native_);
    return *this;
}

thread::~thread() {
    BLKDRAIN_CHECK(!native_.joinable(), "a thread object was destroyed before join()");
}

void thread::join() {
    BLKDRAIN_CHECK(native_.joinable(), "join() of a thread that is not running");
    native_.join();
}

BLKDRAIN_OS_END
