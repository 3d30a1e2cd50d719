// SPDX-License-Identifier: Apache-2.0
//
// blk_drain: waits for a generation of requests, not for a count to reach zero, so a flow outside
// it cannot keep it (R10).
#include <utility>

#include "section/control_plane.h"
#include "section/members.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

Wait ControlPlane::drain(Backend& backend, WaitOptions&& options, DoneCallback&& done) {
    const Locked locked(*this);
    if (backend.closed) {
        return refuse(std::move(options), backend.home, std::move(done), gone("drain", backend));
    }
    auto operation = std::make_unique<DrainOperation>();
    DrainOperation& drain = *operation;
    drain.backend = Ref<Backend>(&backend);
    start(std::move(operation), std::move(options), backend.home);
    drain.report = report_to(std::move(done));
    const OperationId id = drain.id;
    drain.serial = backend.banks.current().serial;
    // Closes the bank: a request that still counted itself there finds another word, takes it back,
    // and comes again.
    add_bank(backend);
    update_word(backend);
    announce(Announced::drain, id.value, [&](Announcement& a) {
        a.a = backend.id.value;
        fill_holding(a, drain.holding);
    });
    unplugged_.push_back(&backend);
    if (canary(Canary::drain_accelerates)) {
        while (OuterRequest* request = next_in_line(backend, Direction::read)) {
            admit(*request);
        }
    }
    watch(backend);
    progress();
    return {ControlRef(this), id};
}

bool ControlPlane::advance_drain(DrainOperation& drain) {
    Backend& backend = *drain.backend;
    const bool retired = retire_banks(backend);
    Error error;
    const bool internal = canary(Canary::drain_awaits_internal) && backend.root != nullptr &&
                          backend.root->internal_requests != 0;
    if (backend.banks.oldest().serial <= drain.serial || internal) {
        if (!would_deadlock(drain)) {
            return retired;  // an older drain of the backend, looked at before, may be over by it
        }
        error = {Errc::would_deadlock,
                 describe(drain) + ": all it waits for is held by the caller"};
    }
    announce(Announced::drain_done, drain.id.value,
             [&](Announcement& a) { a.error = announced(error); });
    unwatch_if_unused(backend);
    conclude(drain, std::move(error));
    return true;
}

}  // namespace detail

BLKDRAIN_NAMESPACE_END
