// SPDX-License-Identifier: Apache-2.0
#include "machine/machine_outcome.h"

#include <cstdio>

namespace blkdrain_props {

namespace {

struct Row {
    const char* words;
    std::uint64_t MachineCounts::* count;
};
constexpr std::array rows{
    Row{"requests of guests", &MachineCounts::requests},
    Row{"stops that waited", &MachineCounts::stops_that_waited},
    Row{"stops for an error", &MachineCounts::stops_for_an_error},
    Row{"requests tried again", &MachineCounts::tried_again},
    Row{"requests put in while stopped", &MachineCounts::put_while_stopped},
    Row{"requests at the gate", &MachineCounts::waited_at_the_gate},
    Row{"requests at a limit alone", &MachineCounts::waited_at_a_limit},
    Row{"requests of the job while stopped", &MachineCounts::job_ran_while_stopped},
    Row{"devices unplugged with requests in flight", &MachineCounts::unplugged_busy},
    Row{"devices plugged in while stopped", &MachineCounts::plugged_while_stopped},
};

}  // namespace

void MachineCounts::add(const MachineCounts& other) {
    for (const Row& row : rows) {
        this->*row.count += other.*row.count;
    }
}

std::vector<std::string> MachineCounts::never() const {
    std::vector<std::string> found;
    for (const Row& row : rows) {
        if (this->*row.count == 0) {
            found.emplace_back(row.words);
        }
    }
    return found;
}

std::string MachineCounts::text() const {
    std::string text;
    for (const Row& row : rows) {
        std::array<char, 80> line{};
        std::snprintf(line.data(), line.size(), "%-45s %12llu\n", row.words,
                      static_cast<unsigned long long>(this->*row.count));
        text += line.data();
    }
    return text;
}

}  // namespace blkdrain_props
