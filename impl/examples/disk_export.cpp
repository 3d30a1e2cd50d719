// SPDX-License-Identifier: Apache-2.0
#include "disk_export.h"

#include <utility>

#include <blkdrain/error.h>

using namespace blkdrain;

DiskExport::DiskExport(Graph& graph, VmState& machine, const std::string& name, EventLoop& home,
                       const std::vector<EventLoop*>& loops)
    : graph_(graph), home_(home), backend_(graph, name, home) {
    for (EventLoop* const loop : loops) {
        queues_.push_back({*loop, {}});
    }
    backend_.set_listener(this);
    registration_ = machine.add(name, 0, *this);
}

// --- requests ---

std::error_code DiskExport::submit(std::size_t number, const Io& io, Completion completion) {
    if (!use()) {
        return make_error_code(Errc::closing);
    }
    Queue& queue = queues_[number];
    Asked* const asked = std::make_unique<Asked>(Asked{*this, io, completion}).release();
    queue.loop.post([this, &queue, asked] {
        queue.backlog.push_back(asked);
        serve(queue);
    });
    return {};
}

// Gated, the backlog stays where it is. The flag may be late: then a request waits at the gate.
void DiskExport::serve(Queue& queue) {
    while (!queue.backlog.empty() && (leaving_ || !gated_)) {
        Asked* const asked = queue.backlog.front();
        queue.backlog.pop_front();
        const std::error_code refused =
            leaving_ ? make_error_code(Errc::cancelled) : backend_.submit(asked->io, {over, asked});
        if (refused) {
            over(asked, refused);
        }
    }
}

void DiskExport::over(void* context, std::error_code result) {
    const std::unique_ptr<Asked> asked(static_cast<Asked*>(context));
    asked->completion.function(asked->completion.context, result);
    asked->by.not_used();
}

void DiskExport::section_end() {
    gated_ = false;
    for (Queue& queue : queues_) {
        if (use()) {
            queue.loop.post([this, &queue] {
                serve(queue);
                not_used();
            });
        }
    }
}

// --- stop and start ---

// The gate closes at once. The section comes later, perhaps when the stop is over.
StopProgress DiskExport::vm_stop(StopTicket ticket) {
    stopped_ = true;
    ++uses_;
    const Wait section = backend_.self_quiesce(at_home(), [this](const Error&, Section begun) {
        if (stopped_) {
            section_ = std::move(begun);
        }
        not_used();
    });
    quiet_ = graph_.quiet(section.id(), at_home(), [ticket](const Error& ended_first) {
        if (!ended_first) {
            ticket.quiet();
        }
    });
    return StopProgress::pending;
}

// Another stop may have begun when the home loop gets round to it. Its section replaces this one.
void DiskExport::vm_start() {
    stopped_ = false;
    ++uses_;
    home_.post([this] {
        if (!stopped_) {
            section_.end();
        }
        not_used();
    });
}

// --- leaving ---

void DiskExport::leave(std::function<void()> left) {
    left_ = std::move(left);
    uses_ += queues_.size();
    leaving_ = true;
    for (Queue& queue : queues_) {
        queue.loop.post([this, &queue] {
            serve(queue);
            backend_.cancel_waiting();  // this queue sends nothing more
            not_used();
        });
    }
}

bool DiskExport::use() {
    ++uses_;
    if (leaving_) {
        not_used();
        return false;
    }
    return true;
}

void DiskExport::not_used() {
    if (--uses_ == 0 && leaving_) {
        home_.post([this] { finish(); });
    }
}

// The machine waits until the backend is closed: the last completion may not have returned yet.
void DiskExport::finish() {
    if (uses_ != 0 || closing_) {
        return;
    }
    closing_ = true;
    section_.end();
    backend_.close(at_home(), [this](const Error& busy) {
        if (busy) {  // a stop has come in between, with a section
            closing_ = false;
            finish();
            return;
        }
        registration_.reset();
        std::exchange(left_, nullptr)();
    });
}

WaitOptions DiskExport::at_home() const {
    WaitOptions options;
    options.loop = &home_;
    return options;
}
