// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include <blkdrain/version.h>

namespace {

TEST(Version, library_and_headers_agree) {
    EXPECT_STREQ(blkdrain::version(), BLKDRAIN_VERSION);
}

}  // namespace
