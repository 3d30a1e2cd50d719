// SPDX-License-Identifier: Apache-2.0
#include <blkdrain/error.h>

BLKDRAIN_NAMESPACE_BEGIN

namespace {

class Category final : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "blkdrain"; }

    [[nodiscard]] std::string message(int code) const override {
        switch (static_cast<Errc>(code)) {
            case Errc::ok:
                return "no error";
            case Errc::busy:
                return "busy";
            case Errc::conflict:
                return "conflict between isolated sections";
            case Errc::cycle:
                return "a node would be its own ancestor";
            case Errc::context:
                return "refused to move to another event loop";
            case Errc::closing:
                return "being closed";
            case Errc::no_medium:
                return "no medium";
            case Errc::has_medium:
                return "has a medium already";
            case Errc::not_filter:
                return "not a filter";
            case Errc::no_such_edge:
                return "no such child";
            case Errc::no_such_object:
                return "no such object";
            case Errc::not_quiesced:
                return "not quiesced";
            case Errc::would_block_loop:
                return "would block an event loop";
            case Errc::would_deadlock:
                return "would wait for its own caller";
            case Errc::cancelled:
                return "cancelled";
            case Errc::timed_out:
                return "timed out";
            case Errc::too_late:
                return "too late";
            case Errc::bad_token:
                return "operation token not open here";
            case Errc::stopped:
                return "the node is stopped";
            case Errc::foreign_section:
                return "the section belongs to another graph";
            case Errc::ended:
                return "the section has ended";
            case Errc::not_on_loop:
                return "not on the thread of an event loop of the graph";
            case Errc::too_many_loops:
                return "too many event loops";
            case Errc::bad_option:
                return "bad option";
            case Errc::io_error:
                return "input/output error";
        }
        return "unknown error";
    }
};

}  // namespace

const std::error_category& error_category() noexcept {
    static const Category category;
    return category;
}

BLKDRAIN_NAMESPACE_END
