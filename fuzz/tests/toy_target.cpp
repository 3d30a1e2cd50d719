// SPDX-License-Identifier: Apache-2.0
//
// A target of a few hundred branches that is good or bad in the way that TOY_* says, for the tests
// of check_build.
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include <sys/random.h>
#include <unistd.h>

unsigned branches(const std::uint8_t* data, std::size_t size);

#if defined(TOY_BRANCHES)
// 625 of them, each on its own.
#define ONE(n)                                   \
    if (size > (n) && data[(n)] == (n) % 251U) { \
        volatile unsigned taken = (n);           \
        sum += taken;                            \
    }
#define FIVE(n) ONE((n)) ONE((n) + 1U) ONE((n) + 2U) ONE((n) + 3U) ONE((n) + 4U)
#define FIVE_FIVES(n) FIVE((n)) FIVE((n) + 5U) FIVE((n) + 10U) FIVE((n) + 15U) FIVE((n) + 20U)
#define FIVE_OF_THOSE(n)  \
    FIVE_FIVES((n))       \
    FIVE_FIVES((n) + 25U) \
    FIVE_FIVES((n) + 50U) \
    FIVE_FIVES((n) + 75U) \
    FIVE_FIVES((n) + 100U)
unsigned branches(const std::uint8_t* data, std::size_t size) {
    unsigned sum = 0;
    FIVE_OF_THOSE(0U)
    FIVE_OF_THOSE(125U)
    FIVE_OF_THOSE(250U)
    FIVE_OF_THOSE(375U)
    FIVE_OF_THOSE(500U)
    return sum;
}
#else
// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
#if defined(TOY_ABORTS)
    if (size > 3) {
        std::abort();
    }
#endif
#if defined(TOY_OPENS)
    std::FILE* const file = std::fopen(TOY_OPENS, "r");
    if (file == nullptr) {
        std::abort();
    }
    std::fclose(file);
#endif
#if defined(TOY_SLEEPS)
    usleep(200'000);
#endif
    unsigned sum = branches(data, size);
#if defined(TOY_THROWS_DICE)
    std::uint8_t dice[600] = {};
    if (getrandom(dice, sizeof dice, 0) == sizeof dice) {
        for (unsigned i = 0; i < sizeof dice; ++i) {
            dice[i] = static_cast<std::uint8_t>(dice[i] % 2U != 0 ? i % 251U : 0U);
        }
        sum += branches(dice, sizeof dice);
    }
#endif
    return sum == 0xffffffffU ? 1 : 0;
}
#endif
