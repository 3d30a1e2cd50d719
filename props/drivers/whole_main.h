// SPDX-License-Identifier: Apache-2.0
//
// The main of a program that is the front end of a check and, started by itself, its worker.
#pragma once

#include <functional>
#include <vector>

#include "check/front_end.h"

namespace blkdrain_props {

// `face` says what it is about and which suites it has; `work` is given what a worker is to do.
int whole_main(int argc, char** argv, Face face,
               const std::function<int(std::vector<const char*>)>& work);

}  // namespace blkdrain_props
