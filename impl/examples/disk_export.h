// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/graph.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/request.h>
#include <blkdrain/section.h>

// Serves requests that come from outside, each queue on a loop of its own, and stops with the
// machine (R31). A backlog belongs to its loop; flags and counts are atomic.
class DiskExport : public blkdrain::RunStateListener, public blkdrain::SectionListener {
public:
    DiskExport(blkdrain::Graph& graph, blkdrain::VmState& machine, const std::string& name,
               blkdrain::EventLoop& home, const std::vector<blkdrain::EventLoop*>& loops);

    [[nodiscard]] blkdrain::BackendId backend() const { return backend_.id(); }

    // Any thread. Completes once, on the loop of the queue; an error means that it never will.
    std::error_code submit(std::size_t queue, const blkdrain::Io& io,
                           blkdrain::Completion completion);

    // Any thread, once, when nobody changes the medium. What has not begun is cancelled; `left`
    // when all is over, on the home loop. Then the export may go.
    void leave(std::function<void()> left);

    // RunStateListener
    blkdrain::StopProgress vm_stop(blkdrain::StopTicket ticket) override;
    void vm_start() override;
    [[nodiscard]] blkdrain::Explanation explain_stop() const override { return quiet_.explain(); }

    // SectionListener
    void section_begin() override { gated_ = true; }
    void section_end() override;

private:
    struct Asked {
        DiskExport& by;
        blkdrain::Io io;
        blkdrain::Completion completion;
    };
    struct Queue {
        blkdrain::EventLoop& loop;
        std::deque<Asked*> backlog;
    };

    void serve(Queue& queue);
    static void over(void* asked, std::error_code result);
    [[nodiscard]] bool use();
    void not_used();
    void finish();
    [[nodiscard]] blkdrain::WaitOptions at_home() const;

    blkdrain::Graph& graph_;
    blkdrain::EventLoop& home_;
    blkdrain::BlockBackend backend_;
    std::vector<Queue> queues_;
    blkdrain::Wait quiet_;  // guarded by the machine, which calls one listener at a time

    std::atomic<bool> stopped_{false};
    std::atomic<bool> gated_{false};
    std::atomic<bool> leaving_{false};
    // Requests, sections to come, and whoever is on his way to a queue: it leaves when this is 0.
    std::atomic<std::size_t> uses_{0};
    std::function<void()> left_;  // set before leaving_

    // Of the home loop.
    blkdrain::Section section_;  // of the present stop
    bool closing_ = false;

    blkdrain::RunStateRegistration registration_;  // last: the machine may call at once
};
