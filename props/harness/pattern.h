// SPDX-License-Identifier: Apache-2.0
//
// Walks OperationRow::text item by item; the printer, the parser and canonical() all read the
// pattern through this.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace blkdrain_props {

struct PatternItem {
    enum class Kind : std::uint8_t {
        word,
        operand,        // number 0..3: $a..$d
        extra_begin,    // [
        extra_end,      // ]
        variant_begin,  // {
        variant_end,    // }
        end,
    };
    Kind kind = Kind::end;
    std::string_view word;
    std::size_t operand = 0;
};

class PatternWalk {
public:
    constexpr explicit PatternWalk(std::string_view text) : rest_(text) {}

    constexpr PatternItem next() {
        while (!rest_.empty() && rest_.front() == ' ') {
            rest_.remove_prefix(1);
        }
        if (rest_.empty()) {
            return {};
        }
        const char first = rest_.front();
        switch (first) {
            case '[':
                return bracket(PatternItem::Kind::extra_begin);
            case ']':
                return bracket(PatternItem::Kind::extra_end);
            case '{':
                return bracket(PatternItem::Kind::variant_begin);
            case '}':
                return bracket(PatternItem::Kind::variant_end);
            default:
                break;
        }
        if (first == '$') {
            const auto number = static_cast<std::size_t>(rest_[1] - 'a');
            rest_.remove_prefix(2);
            return {PatternItem::Kind::operand, {}, number};
        }
        const std::string_view word = rest_.substr(0, rest_.find_first_of(" []{}"));
        rest_.remove_prefix(word.size());
        return {PatternItem::Kind::word, word, 0};
    }

    // The next item, left in place.
    [[nodiscard]] constexpr PatternItem peek() const { return PatternWalk(*this).next(); }

    // After extra_begin or variant_begin: goes on behind the end of that group.
    constexpr void skip_group() {
        for (PatternItem item = next(); item.kind != PatternItem::Kind::end; item = next()) {
            if (item.kind == PatternItem::Kind::extra_end ||
                item.kind == PatternItem::Kind::variant_end) {
                return;
            }
        }
    }

private:
    constexpr PatternItem bracket(PatternItem::Kind kind) {
        rest_.remove_prefix(1);
        return {kind, {}, 0};
    }

    std::string_view rest_;
};

}  // namespace blkdrain_props
