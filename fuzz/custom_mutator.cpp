// SPDX-License-Identifier: Apache-2.0
//
// The engine's hooks, for targets that read the byte form of a scenario: changes of scenarios, and
// now and then of plain bytes. Engines without hooks mutate bytes; any bytes will do.
#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "harness/bytes.h"
#include "mutate.h"

using blkdrain_props::encoded_size_max;
using blkdrain_props::Scenario;

// The engine's own mutation; absent where the engine has none to offer.
// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" __attribute__((weak)) std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size,
                                                              std::size_t size_max);

namespace {

std::size_t mutate_bytes(std::uint8_t* data, std::size_t size, std::size_t size_max,
                         blkdrain_fuzz::Random& random) {
    if (LLVMFuzzerMutate != nullptr) {
        return LLVMFuzzerMutate(data, size, size_max);
    }
    if (size > 0) {
        data[random.below(size)] ^= static_cast<std::uint8_t>(1U << random.below(8));
    }
    return size;
}

// 0: it has no form that short.
std::size_t write(Scenario& scenario, std::uint8_t* data, std::size_t size_max) {
    std::array<std::uint8_t, encoded_size_max> bytes;
    if (!blkdrain_fuzz::cut_to(scenario, size_max)) {
        return 0;
    }
    const std::size_t size = blkdrain_props::encode(scenario, bytes);
    std::memcpy(data, bytes.data(), size);
    return size;
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size,
                                               std::size_t size_max, unsigned seed) {
    blkdrain_fuzz::Random random(seed);
    if (random.once_in(10)) {
        return mutate_bytes(data, size, size_max, random);
    }
    Scenario scenario = blkdrain_props::decode({data, size});
    blkdrain_fuzz::mutate(scenario, random);
    const std::size_t length = write(scenario, data, size_max);
    return length != 0 ? length : mutate_bytes(data, size, size_max, random);
}

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" std::size_t LLVMFuzzerCustomCrossOver(const std::uint8_t* data1, std::size_t size1,
                                                 const std::uint8_t* data2, std::size_t size2,
                                                 std::uint8_t* out, std::size_t out_size_max,
                                                 unsigned seed) {
    blkdrain_fuzz::Random random(seed);
    Scenario child = blkdrain_fuzz::cross(blkdrain_props::decode({data1, size1}),
                                          blkdrain_props::decode({data2, size2}), random);
    return write(child, out, out_size_max);
}
