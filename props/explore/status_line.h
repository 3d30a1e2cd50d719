// SPDX-License-Identifier: Apache-2.0
//
// How far an exploration is, on one line of a terminal that is written over; nothing where standard
// error is none. And how figures are written there.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <string>

#include <unistd.h>

namespace blkdrain_props {

// "12,345,678"
inline std::string grouped(double number) {
    std::array<char, 64> plain{};
    std::snprintf(plain.data(), plain.size(), "%.0f", number);
    std::string text(plain.data());
    for (std::size_t at = text.size(); at > 3;) {
        at -= 3;
        text.insert(at, ",");
    }
    return text;
}

class StatusLine {
public:
    // Whether it is time for the next: somebody sees it, and the last one was long enough ago to be
    // read.
    bool due() {
        const Clock::time_point now = Clock::now();
        if (!on_terminal_ || now - last_ < std::chrono::milliseconds(200)) {
            return false;
        }
        last_ = now;
        return true;
    }
    void show(const std::string& text) {
        if (on_terminal_) {
            std::fprintf(stderr, "\r\033[K%s", text.c_str());
        }
    }
    void clear() { show(""); }

private:
    using Clock = std::chrono::steady_clock;

    const bool on_terminal_ = isatty(STDERR_FILENO) != 0;
    Clock::time_point last_{};
};

}  // namespace blkdrain_props
