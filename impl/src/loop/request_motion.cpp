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
#include <span>
#include <utility>
#include <vector>

#include <blkdrain/detail/check.h>
#include <blkdrain/driver.h>
#include <blkdrain/request.h>

#include "loop/loop_core.h"

BLKDRAIN_NAMESPACE_BEGIN

Request::Request() noexcept : detail::Task(completed_elsewhere) {}

void Request::prepare(EventLoop& loop, Node& node, Finish finish) {
    BLKDRAIN_CHECK(finish_ == nullptr, "a request is started again only after it finished");
    loop_ = &loop;
    finish_ = finish;
    target_ = &node;
}

void Request::start(EventLoop& loop, Node& node, Finish finish) {
    prepare(loop, node, finish);
    loop.core().set_in_motion(*this);
}

void Request::start_batch(std::span<Request* const> batch) {
    for (std::size_t i = 0; i + 1 < batch.size(); ++i) {
        batch[i]->next_in_batch_ = batch[i + 1];
    }
    batch.front()->set_in_motion();
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

void Request::ask_to_cancel() {
    if (const Cancel cancel = std::exchange(cancel_, nullptr)) {
        cancel(*this, cancel_context_, cancel_handle_);
    }
}

// The batch that begins with this one, from node to node for as long as it stays together.
void Request::drive_batch() {
    std::vector<Request*>& batch = loop_->core().batch_scratch;
    std::vector<Request*>& together = loop_->core().together_scratch;
    batch.clear();
    for (Request* request = this; request != nullptr;) {
        batch.push_back(request);
        request = std::exchange(request->next_in_batch_, nullptr);
    }
    while (!batch.empty()) {
        Node& node = *batch.front()->target_;
        together.clear();
        std::erase_if(batch, [&](Request* request) {
            const bool same = request->target_ == &node;
            if (same) {
                together.push_back(request);
                request->target_ = nullptr;
                request->answer_owed_ = true;
                request->driving_ = true;
            }
            return same;
        });
        node.driver().submit_batch(node, together);
        for (Request* request : together) {
            request->driving_ = false;
            if (request->target_ != nullptr) {
                batch.push_back(request);
            } else if (request->completed_) {
                request->drive();
            }
        }
    }
}

void Request::drive() {
    if (next_in_batch_ != nullptr) [[unlikely]] {
        drive_batch();
        return;
    }
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
