// SPDX-License-Identifier: Apache-2.0
//
// What it looks like when a driver is wrong: this one says that a write is done as soon as it has
// sent it on. A drained section may begin while something is still being written.
#include <memory>
#include <system_error>

#include <blkdrain/driver.h>
#include <blkdrain/harness.h>

namespace {

using namespace blkdrain;

class HastyDriver final : public Driver {
public:
    void submit(Node& node, Request& request) override {
        Node& child = *node.children().front();
        if (request.io().type != IoType::write) {
            request.forward(child);
            return;
        }
        auto* const writing = std::make_unique<InnerRequest>().release();
        writing->send(request.loop(), request.io(), child,
                      [](InnerRequest& inner, std::error_code) { delete &inner; });
        request.complete({});
    }
};

}  // namespace

int main(int argc, char** argv) {
    return harness::check_driver(argc, argv, harness::Place::filter,
                                 [] { return std::make_unique<HastyDriver>(); });
}
