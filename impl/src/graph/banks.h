// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bit>
#include <cstdint>
#include <vector>

#include <blkdrain/world.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Where a loop keeps the numbers of a counter (request/lane.h): each segment has twice the cells of
// the one before.
struct CellPlace {
    static constexpr std::uint32_t first_bits = 4;

    static constexpr std::uint32_t cells_of(std::uint32_t segment) {
        return std::uint32_t{1} << (first_bits + segment);
    }
    static CellPlace of(std::uint32_t counter) {
        const std::uint32_t shifted = counter + cells_of(0);
        const auto top = static_cast<std::uint32_t>(std::bit_width(shifted)) - 1;
        return {top - first_bits, shifted - (1U << top)};
    }

    std::uint32_t segment;
    std::uint32_t index;  // in the segment
};

// A generation of requests of one backend: those sent between two drains, with the chains and
// tokens that began there. A drain closes the current bank and waits until it and all older ones
// are empty (R10). The numbers are in the lanes (see request/lane.h) under `counter`.
struct Bank {
    std::uint32_t counter = 0;  // 0: there is no bank
    unsigned open_tokens = 0;
    CellPlace place{};
    std::uint64_t serial = 0;
};

// The banks of one backend; there is always a current one, once the first is open. It is stored
// right here: seldom is there another.
class Banks {
public:
    [[nodiscard]] Bank& current() { return current_; }
    [[nodiscard]] const Bank& current() const { return current_; }
    [[nodiscard]] const Bank& oldest() const { return draining() ? older_.front() : current_; }
    [[nodiscard]] bool draining() const { return draining_ != 0; }

    // The next generation begins.
    void open(std::uint32_t counter) {
        if (current_.counter != 0) {
            older_.push_back(current_);
            ++draining_;
        }
        current_ = {counter, 0, CellPlace::of(counter), current_.serial + 1};
    }

    // Not the current one.
    void forget_oldest() {
        older_.erase(older_.begin());
        --draining_;
    }

    // The bank with this serial, which exists.
    [[nodiscard]] Bank& of(std::uint64_t serial) {
        for (Bank& bank : older_) {
            if (bank.serial == serial) {
                return bank;
            }
        }
        return current_;
    }

    // All but the current one, oldest first.
    [[nodiscard]] const std::vector<Bank>& older() const { return older_; }

    // Oldest first.
    template <class Visit>
    void for_each(Visit visit) const {
        if (draining()) [[unlikely]] {
            for (const Bank& bank : older_) {
                visit(bank);
            }
        }
        visit(current_);
    }

private:
    Bank current_;
    std::uint32_t draining_ = 0;  // how many are older: those lie elsewhere
    std::vector<Bank> older_;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
