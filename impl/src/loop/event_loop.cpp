// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <utility>

#include <blkdrain/event_loop.h>

#include "loop/loop_core.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace {

struct FunctionTask : detail::Task {
    explicit FunctionTask(std::function<void()> body)
        : detail::Task(run_and_free), function(std::move(body)) {}

    static void run_and_free(detail::Task& task) {
        const std::unique_ptr<FunctionTask> self(static_cast<FunctionTask*>(&task));
        self->function();
    }

    std::function<void()> function;
};

}  // namespace

EventLoop::EventLoop(std::unique_ptr<detail::LoopCore> core) : core_(std::move(core)) {}

EventLoop::~EventLoop() {
    // Before core_ goes: what runs now may still ask for it.
    core_->finish();
}

std::unique_ptr<EventLoop> EventLoop::create(std::string name, std::error_code& error) {
    std::unique_ptr<EventLoop> loop(
        new EventLoop(std::make_unique<detail::LoopCore>(std::move(name))));
    error = loop->core_->open(*loop);
    if (error) {
        loop.reset();
    }
    return loop;
}

void EventLoop::run() {
    core_->run();
}

void EventLoop::stop() {
    core_->stop();
}

void EventLoop::set_polling(std::chrono::nanoseconds time) {
    core_->set_polling(time);
}

bool EventLoop::run_once(std::chrono::nanoseconds timeout) {
    return core_->run_once(timeout);
}

int EventLoop::fd() const {
    return core_->fd();
}

void EventLoop::post(std::function<void()> task) {
    core_->post(*std::make_unique<FunctionTask>(std::move(task)).release());
}

void EventLoop::post(detail::Task& task) {
    core_->post(task);
}

std::error_code EventLoop::add_fd(int fd, std::uint32_t events,
                                  std::function<void(std::uint32_t)> handler) {
    return core_->add_fd(fd, events, std::move(handler));
}

void EventLoop::remove_fd(int fd) {
    core_->remove_fd(fd);
}

EventLoop::TimerId EventLoop::start_timer(std::chrono::nanoseconds delay,
                                          std::function<void()> task) {
    return core_->start_timer(delay, std::move(task));
}

bool EventLoop::cancel_timer(TimerId timer) {
    return core_->cancel_timer(timer);
}

const std::string& EventLoop::name() const {
    return core_->name();
}

bool EventLoop::is_current() const {
    return core_->is_current();
}

EventLoop* EventLoop::current() {
    detail::LoopCore* const core = detail::LoopCore::current();
    return core == nullptr ? nullptr : &core->owner();
}

std::uint64_t EventLoop::busy_rounds() const {
    return core_->busy_rounds();
}

BLKDRAIN_NAMESPACE_END
