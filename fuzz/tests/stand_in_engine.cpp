// SPDX-License-Identifier: Apache-2.0
//
// Stands in for the engines that come as an archive with a main: runs the target on some bytes of
// its own making, and knows nothing of hooks or counters.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <vector>

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main() {
    constexpr std::size_t runs = 50;
    std::vector<std::uint8_t> bytes;
    std::uint32_t state = 1;
    for (std::size_t run = 0; run < runs; ++run) {
        bytes.resize(run * 6);
        for (std::uint8_t& byte : bytes) {
            state = state * 1'664'525 + 1'013'904'223;
            byte = static_cast<std::uint8_t>(state >> 24U);
        }
        if (LLVMFuzzerTestOneInput(bytes.data(), bytes.size()) != 0) {
            return 1;
        }
    }
    std::printf("%zu runs\n", runs);
    return 0;
}
