// SPDX-License-Identifier: Apache-2.0
//
// The words in which a user speaks: directions, kinds of section and of graph change, results.
#pragma once

#include <cstdint>
#include <vector>

#include <blkdrain_ref/ids.h>

namespace blkdrain_ref {

enum class Error : std::uint8_t {
    ok,
    busy,
    conflict,
    cycle,
    context,
    closing,
    no_medium,
    has_medium,
    not_filter,
    no_such_edge,
    not_quiesced,
    would_deadlock,
    cancelled,
    timed_out,
    io_error,
    bad_token,
    stopped
};

enum class Direction : std::uint8_t { read, write };  // write, discard and flush are one (R18)
enum class Notice : std::uint8_t { begin, end };      // what an owner is told (R9)

// The first four are begun and ended by the user, the others are momentary: they end themselves.
enum class SectionKind : std::uint8_t {
    isolate,
    drained,
    quiesce_all,
    self_quiesce,
    change,
    context,
    settle,
    close_backend,
    close_node
};

enum class ChangeOp : std::uint8_t {
    attach,         // parent x gets child y, as its last edge
    detach,         // parent x loses the edge with this index
    replace,        // what pointed to x points to y
    insert_medium,  // backend x gets the root y
    remove_medium,  // backend x loses its root
    insert_filter,  // what pointed to x points to y, y gets the child x
    remove_filter   // what pointed to x points to its child, x loses it
};

// What the caller of a wait holds (R12).
struct Holding {
    std::vector<SectionId> sections{};
    std::vector<TokenId> tokens{};
    RequestId request{};  // being served: its completion dispatch runs

    bool operator==(const Holding&) const = default;
};

const char* name(Error error);
const char* name(SectionKind kind);
const char* name(ChangeOp op);

}  // namespace blkdrain_ref
