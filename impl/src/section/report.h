// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <utility>

#include <blkdrain/detail/task.h>
#include <blkdrain/error.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// A deadline, on the operation's loop alone: the task that arms it and the task that reports may
// come in either order (one from elsewhere, one from the loop itself); the later one frees it.
struct Deadline {
    EventLoop::TimerId timer = 0;
    bool armed = false;
    bool over = false;
};

// What the caller of an operation is told in the end. Made with the operation, so that telling
// allocates nothing.
class Report : private Task {
public:
    virtual ~Report() = default;

    // Once: tells the caller on `loop`, never inside the call. `stands`: so does the section or
    // token. `deadline` may be null.
    static void post(std::unique_ptr<Report> report, EventLoop& loop, Deadline* deadline,
                     Error outcome, bool stands);

    virtual void tell(Error outcome, bool stands) = 0;

protected:
    Report() : Task(run_and_free) {}

private:
    static void run_and_free(Task& task);

    EventLoop* loop_ = nullptr;
    Deadline* deadline_ = nullptr;
    Error outcome_;
    bool stands_ = false;
};

// A report that calls `callback(Error, bool stands)`.
template <class Callback>
std::unique_ptr<Report> report_by(Callback callback) {
    class Made final : public Report {
    public:
        explicit Made(Callback&& callback) : callback_(std::move(callback)) {}
        void tell(Error outcome, bool stands) override { callback_(std::move(outcome), stands); }

    private:
        Callback callback_;
    };
    return std::make_unique<Made>(std::move(callback));
}

// Null: nobody is told.
inline std::unique_ptr<Report> report_to(DoneCallback&& done) {
    return report_by([done = std::move(done)](Error outcome, bool) {
        if (done) {
            done(std::move(outcome));
        }
    });
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
