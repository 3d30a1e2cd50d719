// SPDX-License-Identifier: Apache-2.0
//
// Limits as QEMU's users write them.
#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include <blkdrain/throttle.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace {

// X, X-max and X-max-length of one limit, as far as they are given.
struct Given {
    std::optional<std::uint64_t> rate;
    std::optional<std::uint64_t> burst_rate;
    std::optional<std::uint64_t> burst_seconds;
};

constexpr std::array<std::string_view, 6> limit_names{"iops-total", "iops-read", "iops-write",
                                                      "bps-total",  "bps-read",  "bps-write"};

struct Options {
    std::array<Given, limit_names.size()> limits;
    std::optional<std::uint64_t> iops_size;

    // The place of the option; null: there is no such option.
    std::optional<std::uint64_t>* find(std::string_view name) {
        if (name == "iops-size") {
            return &iops_size;
        }
        for (std::size_t i = 0; i < limit_names.size(); ++i) {
            if (!name.starts_with(limit_names[i])) {
                continue;
            }
            const std::string_view rest = name.substr(limit_names[i].size());
            if (rest.empty()) {
                return &limits[i].rate;
            }
            if (rest == "-max") {
                return &limits[i].burst_rate;
            }
            if (rest == "-max-length") {
                return &limits[i].burst_seconds;
            }
        }
        return nullptr;
    }
};

Error wrong(const std::string& why) {
    return {Errc::bad_option, "throttle: " + why};
}

std::string quoted(std::string_view text) {
    return "'" + std::string(text) + "'";
}

// A number, with K, M, G or T for powers of 1024; none: it is no number, or above RateLimit::max.
std::optional<std::uint64_t> number(std::string_view text) {
    std::uint64_t value = 0;
    const char* const end = std::to_address(text.end());
    const auto [rest, error] = std::from_chars(std::to_address(text.begin()), end, value);
    if (error != std::errc() || rest + 1 < end) {
        return std::nullopt;
    }
    if (rest < end) {
        constexpr std::string_view suffixes = "KMGT";
        const std::size_t power =
            suffixes.find(static_cast<char>(*rest >= 'a' ? *rest - 'a' + 'A' : *rest));
        const std::uint64_t factor = std::uint64_t{1} << (10 * (power + 1) % 64);
        if (power == std::string_view::npos || value > RateLimit::max / factor) {
            return std::nullopt;
        }
        value *= factor;
    }
    return value <= RateLimit::max ? std::optional(value) : std::nullopt;
}

Error split(std::string_view text, Options& options) {
    for (std::size_t at = 0; at < text.size();) {
        const std::size_t end = std::min(text.find(',', at), text.size());
        const std::string_view item = text.substr(at, end - at);
        const std::string where = " at character " + std::to_string(at + 1);
        const std::size_t equals = item.find('=');
        if (equals == std::string_view::npos) {
            return wrong(quoted(item) + where + " is not of the form option=value");
        }
        const std::string_view name = item.substr(0, equals);
        std::optional<std::uint64_t>* const place = options.find(name);
        if (place == nullptr) {
            return wrong("there is no option " + quoted(name) + where);
        }
        if (place->has_value()) {
            return wrong(quoted(name) + where + " is given twice");
        }
        *place = number(item.substr(equals + 1));
        if (!place->has_value()) {
            return wrong(quoted(name) + where + ": " + quoted(item.substr(equals + 1)) +
                         " is not a whole number of at most 10^15");
        }
        at = end + 1;
    }
    return {};
}

// One limit from its three options.
Error combine(std::string_view name, const Given& given, RateLimit& limit) {
    const std::string option(name);
    const std::uint64_t rate = given.rate.value_or(0);
    const std::uint64_t burst_rate = given.burst_rate.value_or(0);
    if (given.burst_seconds && burst_rate == 0) {
        return wrong("'" + option + "-max-length' needs '" + option + "-max'");
    }
    if (burst_rate != 0 && rate == 0) {
        return wrong("'" + option + "-max' needs '" + option + "'");
    }
    if (burst_rate != 0 && burst_rate < rate) {
        return wrong("'" + option + "-max' is below '" + option + "'");
    }
    const std::uint64_t seconds = given.burst_seconds.value_or(1);
    if (seconds == 0) {
        return wrong("'" + option + "-max-length' is 0");
    }
    if (burst_rate > RateLimit::max / seconds) {
        return wrong("'" + option + "-max' times '" + option + "-max-length' is above 10^15");
    }
    const auto tenth = [](std::uint64_t value) { return std::max<std::uint64_t>(value / 10, 1); };
    limit = {};
    if (rate != 0) {
        limit.rate = rate;
        limit.burst = burst_rate == 0 ? tenth(rate) : burst_rate * seconds;
        if (seconds > 1) {
            limit.peak = burst_rate;
            limit.peak_burst = tenth(burst_rate);
        }
    }
    return {};
}

}  // namespace

Error parse_throttle(std::string_view text, ThrottleLimits& into) {
    Options options;
    if (Error error = split(text, options)) {
        return error;
    }
    ThrottleLimits limits;
    const std::array<RateLimit*, limit_names.size()> places{&limits.iops_total, &limits.iops_read,
                                                            &limits.iops_write, &limits.bps_total,
                                                            &limits.bps_read,   &limits.bps_write};
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (Error error = combine(limit_names[i], options.limits[i], *places[i])) {
            return error;
        }
    }
    for (const std::size_t total : {std::size_t{0}, std::size_t{3}}) {
        for (const std::size_t other : {total + 1, total + 2}) {
            if (places[total]->rate != 0 && places[other]->rate != 0) {
                return wrong(quoted(limit_names[total]) + " and " + quoted(limit_names[other]) +
                             " exclude each other");
            }
        }
    }
    if (options.iops_size.value_or(0) != 0) {
        if (places[0]->rate == 0 && places[1]->rate == 0 && places[2]->rate == 0) {
            return wrong("'iops-size' needs a limit of requests");
        }
        if (*options.iops_size > UINT32_MAX) {
            return wrong("'iops-size' is above 4 GiB");
        }
        limits.iops_size = static_cast<std::uint32_t>(*options.iops_size);
    }
    into = limits;
    return {};
}

BLKDRAIN_NAMESPACE_END
