// SPDX-License-Identifier: Apache-2.0
#include "section/report.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

void Report::post(std::unique_ptr<Report> report, EventLoop& loop, Deadline* deadline,
                  Error outcome, bool stands) {
    report->loop_ = &loop;
    report->deadline_ = deadline;
    report->outcome_ = std::move(outcome);
    report->stands_ = stands;
    loop.post(*report.release());
}

void Report::run_and_free(Task& task) {
    const std::unique_ptr<Report> report(static_cast<Report*>(&task));
    if (Deadline* deadline = report->deadline_; deadline != nullptr && deadline->armed) {
        report->loop_->cancel_timer(deadline->timer);
        delete deadline;
    } else if (deadline != nullptr) {
        deadline->over = true;
    }
    report->tell(std::move(report->outcome_), report->stands_);
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
