// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>

#include <blkdrain/error.h>
#include <blkdrain/event_loop.h>
#include <blkdrain/export.h>
#include <blkdrain/graph.h>
#include <blkdrain/ids.h>
#include <blkdrain/request.h>
#include <blkdrain/section.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {
class Backend;
BLKDRAIN_EXPORT void retain(Backend* backend) noexcept;
BLKDRAIN_EXPORT void release(Backend* backend) noexcept;
}  // namespace detail

// How a request ends: `function(context, result)` on the loop that sent it, once, never inside
// submit. The request counts as in flight until the function has returned (R3).
struct Completion {
    using Function = void (*)(void* context, std::error_code result);
    Function function = nullptr;
    void* context = nullptr;
};

// Told when the backend becomes gated and when it is free again, in turn, on the backend's home
// loop (R9). Advisory: the gate does not depend on what the listener does (R1). May send requests
// and begin sections, not change the graph.
class BLKDRAIN_EXPORT SectionListener {
public:
    virtual void section_begin() = 0;
    virtual void section_end() = 0;

    // Whether the backend may move to `loop` (R28). Called with the graph's lock held: answer, call
    // nothing.
    [[nodiscard]] virtual bool may_move(const EventLoop& loop) const {
        static_cast<void>(loop);
        return true;
    }

protected:
    ~SectionListener() = default;
};

// The handle through which an owner does I/O, with at most one root node ("medium"). Movable; one
// owner.
//
// Threads: who may call what, from where
//
//   submit                     on a loop of the graph, in any callback there; else not_on_loop
//   every other call           any thread, as in <blkdrain/graph.h>
//   moving, destruction        one thread, while no call runs; destruction is the last of all
//   completions                come on the loop that sent the request
//   section_begin and _end     come on the home loop, one at a time
//   may_move                   comes on any thread, with the graph's lock held: nothing is called
//
// What it answers, and when ("gated": by a section; "waits": for what there is, if anything):
//
//   call                       open        gated       being closed   closed
//   submit                     is sent     waits       closing        no_such_object
//   submit under a token       is sent     is sent     closing        no_such_object
//   cancel, of what waits      ok          ok          too_late       too_late
//   cancel, of what is sent    ok          ok          ok             too_late
//   cancel_waiting             how many    how many    0              0
//   drain                      waits       waits       waits          no_such_object
//   isolate, self_quiesce      ok          ok          closing        no_such_object
//   close                      waits       waits       closing        no_such_object
//   set_listener               ok          ok          ok             no_such_object
//   Graph::open_token          ok          waits       closing        no_such_object
//   Graph::insert_medium,      waits       waits       closing        no_such_object
//     Graph::remove_medium
//   ThrottleGroup::join        ok          ok          closing        no_such_object
//
// What is sent without a medium completes with no_medium. One medium too many is has_medium, one
// that is not there to be removed no_medium. A limit (R30) or a Plug (R16) makes requests wait at
// an open backend, too; a change that names a token (R24), those under it. A token that is closed
// is bad_token. A drain of a gated backend lasts as long as the gate, if something waits there. An
// isolate queues behind another one (R23). busy: a close while the backend holds a section, has one
// pending, or gets another medium; a join in another group; a second listener.
//
// An empty handle, made without arguments or moved from, takes assignment and destruction alone.
class BLKDRAIN_EXPORT BlockBackend {
public:
    BlockBackend() noexcept = default;
    BlockBackend(Graph& graph, std::string name, EventLoop& home);
    BlockBackend(BlockBackend&& other) noexcept;
    BlockBackend& operator=(BlockBackend&& other) noexcept;
    // Closes in the background if nobody closed before (R27).
    ~BlockBackend();

    [[nodiscard]] BackendId id() const;
    [[nodiscard]] const std::string& name() const;

    // Sends a request on the calling thread's loop. Errors mean that there is no request and no
    // completion: not_on_loop, closing, bad_token, no_such_object. A gated backend accepts the
    // request and keeps it waiting (R2). `id`, if given, gets its id.
    std::error_code submit(const Io& io, Completion completion, RequestId* id = nullptr);
    // Under an open token that covers this backend: no section gates it (R4).
    std::error_code submit(const Io& io, Completion completion, const OperationToken& token,
                           RequestId* id = nullptr);
    std::error_code submit(const Io& io, Completion completion, TokenId token,
                           RequestId* id = nullptr);

    // Gives a request of this backend up (R29). One that waits is removed, whatever it waits for,
    // and completes with Errc::cancelled on the loop that sent it, never inside the call; limits
    // are not charged. Of one that is on its way the driver is asked; its real result wins.
    // too_late: it is completing, done, or not of this backend.
    Error cancel(RequestId request);
    // All that wait; says how many. With a drain that has a deadline: who cannot wait any longer.
    std::size_t cancel_waiting();

    // blk_drain: waits for every request and open token of this backend as of the call, and for
    // what the completions of those send (R10). Does not stop anybody.
    Wait drain(WaitOptions options, DoneCallback done);

    // Everybody else above this backend's node is stopped (R23). Live when effective.
    Wait isolate(IsolateOptions options, SectionCallback begun);
    // Stops this backend alone.
    Wait self_quiesce(WaitOptions options, SectionCallback begun);

    // Refuses new requests, cancels waiting ones, waits for the rest, then detaches (R27). After
    // success: see the table.
    Wait close(WaitOptions options, DoneCallback done);

    // Once; told at once if gated already. Null takes the listener away: no call runs or comes
    // after that on the home loop; from other threads wait for the loop first. busy: there is one
    // already; no_such_object after close.
    Error set_listener(SectionListener* listener);

private:
    friend class ThrottleGroup;
    ControlRef control_;
    detail::Ref<detail::Backend> backend_;
};

BLKDRAIN_NAMESPACE_END
