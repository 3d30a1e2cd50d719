// SPDX-License-Identifier: Apache-2.0
//
// What the model would have taken where it refuses an event, in words.
#pragma once

#include <string>
#include <vector>

#include <blkdrain_ref/step.h>

namespace blkdrain_props {

// What the library had to do or drivers might do in that state, one sentence each; what concerns
// the objects of the refused event comes first, and ten are told. The same event with another
// result, if that is all that was wrong, is the only one. Where something never happened: what is
// due.
std::vector<std::string> alternatives(const blkdrain_ref::Reason& refused,
                                      const blkdrain_ref::State& state);

}  // namespace blkdrain_props
