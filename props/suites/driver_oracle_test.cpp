// SPDX-License-Identifier: Apache-2.0
//
// What the scripted drivers find by themselves, where no model follows what is announced.
#include <cstdio>
#include <string>

#include <gtest/gtest.h>
#include <unistd.h>

#include "canary/canaries.h"
#include "suites/suite_runner.h"

namespace blkdrain_props {
namespace {

class DriverOracle : public SuiteTest {};

// n3 is settled as a parent of n0; what it writes goes by way of n2, which no section covers. In a
// process of its own, with the broken variant: a run that fails leaves its graph behind.
TEST_F(DriverOracle, an_edge_that_changes_under_a_request_is_found) {
    EXPECT_EXIT(
        {
            release_canary(*find_canary("change-meets-settle"));
            judges_ = Judges::black_box;
            const Outcome outcome =
                run("scenario 3 loops 2 strategy random seed 0x2 pace free\n"
                    "node n0\nnode n1\nnode n2 over n1\nnode n3 over n2, n0 settles\n"
                    "client 0\ndrained n0\n"
                    "client 1\ndetach n2 child 0\n");
            const std::string found = outcome.violation ? outcome.violation->sentence : "nothing";
            std::fputs(found.c_str(), stderr);
            _exit(0);
        },
        testing::ExitedWithCode(0),
        "the children of n3 changed while a request was on its way from it to n2 \\(R24\\)");
}

}  // namespace
}  // namespace blkdrain_props
