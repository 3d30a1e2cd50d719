// SPDX-License-Identifier: Apache-2.0
#include "request/outer_request.h"

#include <vector>

#include <blkdrain/detail/check.h>
#include <blkdrain/error.h>

#include "os/canary.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

namespace {

// A light fence is worth something only there (os/contract.h).
void check_inside([[maybe_unused]] Lane& lane) {
    if constexpr (os::announces) {
        BLKDRAIN_CHECK(lane.core.fence_peer().inside(),
                       "a loop counts requests where others can meet it");
    }
}

}  // namespace

Announcement describe_send(const OuterRequest& request, const Backend& backend) {
    Announcement announcement;
    if constexpr (os::announces) {
        announcement.bytes = static_cast<std::uint32_t>(request.io().length);
        announcement.flush = request.is_flush();
        const OuterRequest* parent = request.lane.dispatching;
        announcement.kind = Announced::send;
        announcement.id = request.id.load(std::memory_order_relaxed);
        announcement.a = backend.id.value;
        announcement.b = request.token.load(std::memory_order_relaxed);
        if (parent != nullptr && parent->backend.load(std::memory_order_relaxed) == &backend) {
            announcement.c = parent->id.load(std::memory_order_relaxed);
        }
        announcement.loop = request.lane.number;
        announcement.flag = request.is_write();
    }
    return announcement;
}

std::error_code send(Lane& lane, Backend& backend, const Io& io, Completion completion,
                     TokenId token, RequestId* id) {
    OuterRequest& request = lane.allocate();
    request.set_io(io);
    request.completion = completion;
    request.never_admitted = false;
    request.plugged = lane.plugged();
    // relaxed, here and below: hints for other threads; the id that makes them count is stored
    // last, with release.
    request.backend.store(&backend, std::memory_order_relaxed);
    request.token.store(token.value, std::memory_order_relaxed);
    request.stage.store(Stage::done, std::memory_order_relaxed);
    request.sent_at.store(lane.core.recent_time(), std::memory_order_relaxed);
    const std::uint32_t number = lane.next_id();
    if (id != nullptr) {
        *id = RequestId{number};
    }
    const std::uint64_t since = lane.gatekeeper.announce.stamp();

    bool undone = false;
    std::uint32_t counter = 0;
    // acquire: with the word come the banks and the medium it speaks of.
    const std::uint64_t word = backend.word.load(std::memory_order_acquire);
    const bool open =
        ((word & GateWord::slow) == 0 && !request.plugged) || canary(Canary::admit_while_gated);
    if (open && token.value == 0) [[likely]] {
        const OuterRequest* parent = lane.dispatching;
        const bool chained = parent != nullptr &&
                             parent->backend.load(std::memory_order_relaxed) == &backend &&
                             !canary(Canary::drain_forgets_chain);
        counter =
            chained ? parent->counter.load(std::memory_order_relaxed) : GateWord::counter(word);
        Cell& cell = request.count_under(counter);
        request.id.store(number, std::memory_order_release);
        Announcement sent = describe_send(request, backend);
        sent.since = since;
        // relaxed: the fences of the handshake order it (lane.h, 1).
        cell.sent.store(cell.sent.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
        check_inside(lane);
        os::fence_light();
        // acquire: as above, the word may have gone and come back meanwhile.
        if (backend.word.load(std::memory_order_acquire) == word) [[likely]] {
            lane.gatekeeper.announce(sent);
            lane.gatekeeper.announce(Announced::admit, number,
                                     [&](Announcement& a) { a.since = since; });
            request.stage.store(Stage::admitted, std::memory_order_relaxed);
            request.launch();
            return {};
        }
        // release: as in dispatch.
        cell.done.store(cell.done.load(std::memory_order_relaxed) + 1, std::memory_order_release);
        undone = true;
    }
    request.id.store(number, std::memory_order_release);
    const Gatekeeper::Decision decision = lane.gatekeeper.decide(request, undone, counter);
    if (decision.refusal) {
        lane.recycle(request);
    } else if (decision.admitted && undone && canary(Canary::drain_puts_off)) {
        request.launch_remotely();
    } else if (decision.admitted) {
        request.launch();
    }
    return decision.refusal;
}

Node* OuterRequest::root() const {
    // acquire: the node was complete when it became the root; it cannot change while this request
    // is admitted.
    return backend.load(std::memory_order_relaxed)->medium.load(std::memory_order_acquire);
}

void OuterRequest::finished(Request& request, std::error_code result) {
    static_cast<OuterRequest&>(request).finish(result);
}

void OuterRequest::launch() {
    if (Node* node = root(); node != nullptr) {
        start(lane.loop, *node, finished);
    } else {
        finish(make_error_code(Errc::no_medium));
    }
}

void OuterRequest::launch_batch(std::span<OuterRequest* const> batch) {
    std::vector<Request*> started;
    for (OuterRequest* request : batch) {
        if (Node* node = request->root(); node != nullptr) {
            request->prepare(request->lane.loop, *node, finished);
            started.push_back(request);
        } else {
            request->finish(make_error_code(Errc::no_medium));
        }
    }
    if (!started.empty()) {
        start_batch(started);
    }
}

void OuterRequest::launch_remotely() {
    run = [](Task& task) {
        auto& request = static_cast<OuterRequest&>(task);
        request.run = request.completed_run_;
        request.launch();
    };
    lane.core.post(*this);
}

void OuterRequest::cancel_remotely() {
    outcome_ = make_error_code(Errc::cancelled);
    run = [](Task& task) { static_cast<OuterRequest&>(task).dispatch(); };
    lane.core.post(*this);
}

void OuterRequest::finish(std::error_code result) {
    outcome_ = result;
    const std::uint64_t since = lane.gatekeeper.announce.stamp();
    // relaxed: a hint.
    stage.store(Stage::completing, std::memory_order_relaxed);
    lane.gatekeeper.announce(
        Announced::complete, id.load(std::memory_order_relaxed), [&](Announcement& announcement) {
            announcement.since = since;
            announcement.error = !result                                      ? Errc::ok
                                 : result == make_error_code(Errc::no_medium) ? Errc::no_medium
                                 : result == make_error_code(Errc::cancelled) ? Errc::cancelled
                                                                              : Errc::io_error;
        });
    if (canary(Canary::completes_inside_call)) {
        dispatch();
        return;
    }
    run = [](Task& task) { static_cast<OuterRequest&>(task).dispatch(); };
    lane.core.post_local(*this);
}

void OuterRequest::dispatch() {
    run = completed_run_;
    if (canary(Canary::done_before_callback) && !never_admitted) {
        const Completion owners = completion;
        const std::error_code result = outcome_;
        count_done();
        owners.function(owners.context, result);
        return;
    }
    lane.dispatching = this;
    completion.function(completion.context, outcome_);
    lane.dispatching = nullptr;
    if (never_admitted) {
        lane.gatekeeper.done_unadmitted(*this);
    } else {
        count_done();
    }
}

void OuterRequest::count_done() {
    Gatekeeper& gatekeeper = lane.gatekeeper;
    const std::uint32_t number = id.load(std::memory_order_relaxed);
    const std::uint32_t counted_by = counter.load(std::memory_order_relaxed);
    Cell& cell = *cell_;
    const bool forgotten = canary(Canary::errors_uncounted) && outcome_;
    lane.recycle(*this);
    const std::uint64_t since = gatekeeper.announce.stamp();
    // release: whoever sees the count sees what the completion did.
    cell.done.store(cell.done.load(std::memory_order_relaxed) + 1, std::memory_order_release);
    os::store_in_effect();
    gatekeeper.announce(Announced::done, number,
                        [&](Announcement& announcement) { announcement.since = since; });
    check_inside(lane);
    os::fence_light();
    // relaxed, both: the fences of the handshake order them (lane.h, 3).
    if (cell.watched.load(std::memory_order_relaxed) != 0 && !forgotten &&
        (cell.at_rest() || gatekeeper.tell_of_each.load(std::memory_order_relaxed))) {
        gatekeeper.released(counted_by);
    }
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
