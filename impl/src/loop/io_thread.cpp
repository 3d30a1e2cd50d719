// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include <blkdrain/detail/check.h>
#include <blkdrain/io_thread.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

// Hidden, as it would else be seen like the class it is in.
class __attribute__((visibility("hidden"))) IoThread::Thread {
public:
    explicit Thread(EventLoop& loop) : thread_(loop.name().c_str(), [&loop] { loop.run(); }) {}

    void join() { thread_.join(); }

private:
    os::thread thread_;
};

IoThread::IoThread(std::unique_ptr<EventLoop> loop)
    : loop_(std::move(loop)), thread_(std::make_unique<Thread>(*loop_)) {}

IoThread::~IoThread() {
    BLKDRAIN_CHECK(!loop_->is_current(), "an IoThread is destroyed on another thread than its own");
    loop_->stop();
    thread_->join();
}

std::unique_ptr<IoThread> IoThread::start(std::string name, std::error_code& error) {
    std::unique_ptr<EventLoop> loop = EventLoop::create(std::move(name), error);
    return loop ? std::unique_ptr<IoThread>(new IoThread(std::move(loop))) : nullptr;
}

BLKDRAIN_NAMESPACE_END
