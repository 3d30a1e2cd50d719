// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <system_error>
#include <utility>

#include <blkdrain/export.h>
#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

// Threads: plain values, for any.

// What the library itself refuses or reports. Errors of the operating system and of drivers travel
// as std::error_code of their own categories; Errc::io_error is for drivers that have nothing
// better to say.
enum class Errc {
    ok = 0,
    busy,      // somebody stands in the way: parents of a node, holder of a section, a notification
               // being served
    conflict,  // two isolated sections would exclude each other's holder (R23)
    cycle,     // the change would make a node its own ancestor
    context,   // somebody refuses to move to another event loop (R28)
    closing,   // the object is being closed: nothing new is accepted (R27)
    no_medium,     // the backend has no root node
    has_medium,    // the backend has one already
    not_filter,    // the node cannot be inserted or removed as a filter: wrong number of parents or
                   // children
    no_such_edge,  // the parent has no child with that number
    no_such_object,    // the id names nothing, or something that is gone
    not_quiesced,      // somebody may still send requests: the message lists the backends (R19)
    would_block_loop,  // a blocking call on the thread of an event loop (R8)
    would_deadlock,    // all that is waited for is held by the caller (R12)
    cancelled,         // given up by the caller, or by close (R25, R27)
    timed_out,         // the deadline passed (R25)
    too_late,          // what was to be given up has already happened
    bad_token,         // the operation token is not open, or was not opened for this backend (R4)
    stopped,           // a stopped node must not start work of its own (R21)
    foreign_section,   // the section belongs to another graph
    ended,             // the section has already ended
    not_on_loop,       // requests are sent on the thread of an event loop of the graph
    too_many_loops,    // a graph serves at most Graph::loops_max event loops
    bad_option,        // an option that is unknown, out of range, or contradicts another one
    io_error,          // the device failed
};

BLKDRAIN_EXPORT const std::error_category& error_category() noexcept;

inline std::error_code make_error_code(Errc code) noexcept {
    return {static_cast<int>(code), error_category()};
}

// The outcome of a control operation: a code to act on and a sentence to read. The sentence names
// the backend, node or section concerned; it is empty on success.
struct Error {
    std::error_code code;
    std::string message;

    Error() = default;
    Error(Errc errc, std::string text) : code(make_error_code(errc)), message(std::move(text)) {}
    Error(std::error_code error, std::string text) : code(error), message(std::move(text)) {}

    explicit operator bool() const { return static_cast<bool>(code); }
    bool operator==(Errc errc) const { return code == make_error_code(errc); }
};

BLKDRAIN_NAMESPACE_END

template <>
struct std::is_error_code_enum<blkdrain::Errc> : std::true_type {};
