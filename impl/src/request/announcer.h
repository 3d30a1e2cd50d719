// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

#include <blkdrain/detail/announcement.h>
#include <blkdrain/world.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Tells the tests at which instant an operation takes effect. Compiles to nothing in the installed
// library.
//
// In the simulated world no choice point may lie between an effect and its announcement: announce
// right after the atomic operation that makes the effect, before the next one.
class Announcer {
public:
    void announce_to(AnnouncementSink* sink) {
        if constexpr (os::announces) {
            sink_ = sink;
        } else {
            static_cast<void>(sink);
        }
    }

    // Opens the interval of an effect that no lock serialises; goes into Announcement::since.
    [[nodiscard]] std::uint64_t stamp() const {
        if constexpr (os::announces) {
            return sink_ != nullptr ? sink_->stamp() : 0;
        }
        return 0;
    }

    void operator()(const Announcement& announcement) const {
        if constexpr (os::announces) {
            if (sink_ != nullptr) {
                sink_->announce(announcement);
            }
        }
    }

    // `fill` gets the announcement to complete; not evaluated in the installed library.
    template <class Fill>
    void operator()(Announced kind, std::uint32_t id, Fill fill) const {
        if constexpr (os::announces) {
            if (sink_ != nullptr) {
                Announcement announcement;
                announcement.kind = kind;
                announcement.id = id;
                fill(announcement);
                sink_->announce(announcement);
            }
        }
    }
    void operator()(Announced kind, std::uint32_t id) const {
        (*this)(kind, id, [](Announcement&) {});
    }

private:
    AnnouncementSink* sink_ = nullptr;
};

}  // namespace detail

BLKDRAIN_NAMESPACE_END
