// SPDX-License-Identifier: Apache-2.0
//
// How objects are called in the text form: a letter for the kind and a number (n0, b1, r7, t0, s2,
// w3).
#pragma once

#include <string_view>

#include "harness/operations.h"

namespace blkdrain_props {

// kind: one of the kinds of objects, but not `awaited`, which stands for several.
constexpr char letter_of(OperandKind kind) {
    switch (kind) {
        case OperandKind::node:
            return 'n';
        case OperandKind::backend:
            return 'b';
        case OperandKind::request:
            return 'r';
        case OperandKind::token:
            return 't';
        case OperandKind::section:
            return 's';
        case OperandKind::wait:
            return 'w';
        default:
            return '?';
    }
}

// "a backend such as b0"
constexpr std::string_view description_of(OperandKind kind) {
    switch (kind) {
        case OperandKind::node:
            return "a node such as n0";
        case OperandKind::backend:
            return "a backend such as b0";
        case OperandKind::request:
            return "a request such as r0";
        case OperandKind::token:
            return "a token such as t0";
        case OperandKind::section:
            return "a section such as s0";
        case OperandKind::wait:
            return "a wait such as w0";
        default:
            return "a name";
    }
}

}  // namespace blkdrain_props
