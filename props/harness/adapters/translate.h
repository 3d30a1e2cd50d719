// SPDX-License-Identifier: Apache-2.0
//
// From what the library announces to what the reference accepts. Names and ids are the same; 0
// names nothing there.
#pragma once

#include <system_error>

#include <blkdrain/detail/announcement.h>
#include <blkdrain/error.h>
#include <blkdrain_ref/step.h>

#include "harness/objects.h"

namespace blkdrain_props {

// `into` keeps its buffers.
void translate(const blkdrain::detail::Announcement& announcement, blkdrain_ref::Event& into);

// What a call or callback says, in the words of the model; refused_by_api for errors it does not
// know.
Result result_of(std::error_code error);

}  // namespace blkdrain_props
