// SPDX-License-Identifier: Apache-2.0
//
// Limits as QEMU's users write them: what is refused is bad_option, names an option or what stands
// in its place, and changes nothing; what is accepted can be written down again, its options in any
// order, and a group takes it.
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <blkdrain/graph.h>
#include <blkdrain/throttle.h>

#include "finding.h"
#include "target.h"

namespace blkdrain_fuzz {

const Target target{"throttle_fuzzer", nullptr, nullptr, nullptr};

namespace {

using blkdrain::Errc;
using blkdrain::Error;
using blkdrain::RateLimit;
using blkdrain::ThrottleLimits;

// One limit by its options, or nothing.
std::string to_text(const std::string& name, const RateLimit& limit) {
    if (limit.rate == 0) {
        return "";
    }
    std::string text = name + "=" + std::to_string(limit.rate);
    if (limit.peak != 0) {
        text += "," + name + "-max=" + std::to_string(limit.peak);
        text += "," + name + "-max-length=" + std::to_string(limit.burst / limit.peak);
    } else if (limit.burst >= limit.rate) {  // else it is what comes without -max
        text += "," + name + "-max=" + std::to_string(limit.burst);
    }
    return text + ",";
}

std::string to_text(const ThrottleLimits& limits) {
    std::string text =
        to_text("iops-total", limits.iops_total) + to_text("iops-read", limits.iops_read) +
        to_text("iops-write", limits.iops_write) + to_text("bps-total", limits.bps_total) +
        to_text("bps-read", limits.bps_read) + to_text("bps-write", limits.bps_write);
    return limits.iops_size == 0 ? text : text + "iops-size=" + std::to_string(limits.iops_size);
}

std::string in_opposite_order(std::string_view text) {
    std::string opposite;
    while (!text.empty()) {
        const std::size_t comma = text.find(',');
        opposite.insert(0, std::string(text.substr(0, comma)) + ",");
        text.remove_prefix(comma == std::string_view::npos ? text.size() : comma + 1);
    }
    return opposite;
}

void is_refused_well(std::string_view text, const Error& error, const ThrottleLimits& into,
                     const ThrottleLimits& before) {
    const std::string details = "'" + std::string(text) + "': " + error.message;
    if (error != Errc::bad_option) {
        report_finding("throttle another_error", details + " (" + error.code.message() + ")");
    }
    if (error.message.find('\'') == std::string::npos) {
        report_finding("throttle names_nothing", details);
    }
    if (!(into == before)) {
        report_finding("throttle changed_though_refused", details);
    }
}

void is_accepted_well(std::string_view text, const ThrottleLimits& limits) {
    for (const std::string& again : {to_text(limits), in_opposite_order(to_text(limits))}) {
        ThrottleLimits read;
        if (const Error error = blkdrain::parse_throttle(again, read)) {
            report_finding("throttle written_and_refused", again + ": " + error.message);
        }
        if (!(read == limits)) {
            report_finding("throttle written_and_changed", std::string(text) + "\n" + again);
        }
    }
    blkdrain::Graph graph;
    blkdrain::ThrottleGroup group(graph, "group");
    if (const Error error = group.configure(limits)) {
        report_finding("throttle accepted_and_refused", std::string(text) + ": " + error.message);
    }
}

}  // namespace
}  // namespace blkdrain_fuzz

// NOLINTNEXTLINE(readability-identifier-naming): the name every engine looks for
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    blkdrain::ThrottleLimits before;
    before.iops_size = 7;
    blkdrain::ThrottleLimits limits = before;
    if (const blkdrain::Error error = blkdrain::parse_throttle(text, limits)) {
        blkdrain_fuzz::is_refused_well(text, error, limits, before);
    } else {
        blkdrain_fuzz::is_accepted_well(text, limits);
    }
    return 0;
}
