// SPDX-License-Identifier: Apache-2.0

// How requests move (R8). Nothing is called from inside complete, forward or start: they say where
// the request goes next, and drive, called by the loop alone, takes it there step by step.
//
// Invariants
//  M1  Every field of a request belongs to its loop's thread, from start to finish_. The one
//      exception is result_: a completion on another thread writes it while the answer is owed and
//      then only posts the request; the loop reads it when the post arrives.
//  M2  answer_owed_ is true from a submit (or a continuation's run) to its answer, as far as the
//      loop knows of it. So each answer meets exactly one question.
//  M3  A request is in at most one queue of its loop: posted (completed on another thread), or in
//      motion (target_ or completed_ is set and nobody drives it).
//  M4  drive is not entered while another drive is on the stack: the loop alone calls it.
#include <utility>

#include <blkdrain/detail/check.h>
#include <blkdrain/driver.h>
#include <blkdrain/request.h>

#include "loop/loop_core.h"

BLKDRAIN_NAMESPACE_BEGIN

Request::Request() noexcept : detail::Task(completed_elsewhere) {}

void Request::start(EventLoop& loop, Node& node, Finish finish) {
    BLKDRAIN_CHECK(finish_ == nullptr, "a request is started again only after it finished");
    loop_ = &loop;
    finish_ = finish;
    target_ = &node;
    loop.core().set_in_motion(*this);
}

void Request::complete(std::error_code result) {
    detail::LoopCore& core = loop_->core();
    if (!core.is_current()) {
        result_ = result;
        core.post(*this);
        return;
    }
    take_answer();
    result_ = result;
    completed_ = true;
    if (!driving_) {
        core.set_in_motion(*this);
    }
}

void Request::completed_elsewhere(detail::Task& task) {
    auto& request = static_cast<Request&>(task);
    request.take_answer();
    request.completed_ = true;
    request.loop_->core().set_in_motion(request);
}

void Request::set_in_motion() {
    loop_->core().set_in_motion(*this);
}

void Request::drive() {
    driving_ = true;
    for (;;) {
        if (target_ != nullptr) {
            Node& node = *std::exchange(target_, nullptr);
            answer_owed_ = true;
            node.driver().submit(node, *this);
        } else if (!completed_) {
            // The answer is still owed.
            driving_ = false;
            return;
        } else if (completed_ = false; continuations_ != nullptr) {
            Continuation& continuation = *std::exchange(continuations_, continuations_->below);
            answer_owed_ = true;
            continuation.run(continuation, *this, result_);
        } else {
            driving_ = false;
            // The owner may free the request or start it again.
            std::exchange(finish_, nullptr)(*this, result_);
            return;
        }
    }
}

void InnerRequest::send(EventLoop& loop, const Io& io, Node& node, Done done) {
    done_ = done;
    set_io(io);
    start(loop, node, [](Request& request, std::error_code result) {
        auto& inner = static_cast<InnerRequest&>(request);
        inner.done_(inner, result);
    });
}

BLKDRAIN_NAMESPACE_END
