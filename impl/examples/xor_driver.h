// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <system_error>

#include <blkdrain/driver.h>

// A filter that stores every byte XORed with a key. Reads are changed in place on their way back;
// writes are changed in a copy, since the bytes of a write are the owner's. Holds no state but the
// key, so requests of any number of loops may meet in it.
class XorDriver final : public blkdrain::Driver {
public:
    explicit XorDriver(std::byte key) : key_(key) {}

    void submit(blkdrain::Node& node, blkdrain::Request& request) override;

private:
    const std::byte key_;
};
