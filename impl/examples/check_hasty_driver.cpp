// SPDX-License-Identifier: Apache-2.0
//
// What it looks like when a driver is wrong: this variant of the XOR filter says that a write is
// done as soon as it has sent it on. A drained section may begin while something is still being
// written.
#include <cstddef>
#include <memory>
#include <span>
#include <system_error>
#include <vector>

#include <blkdrain/driver.h>
#include <blkdrain/harness.h>

#include "xor_driver.h"

namespace {

using namespace blkdrain;

constexpr std::byte key{0x5a};

class HastyXorDriver final : public Driver {
public:
    void submit(Node& node, Request& request) override {
        if (request.io().type != IoType::write) {
            sound_.submit(node, request);
            return;
        }
        auto* const writing = std::make_unique<Writing>(request.io()).release();
        writing->send(request.loop(), Io::write(request.io().offset, writing->encoded),
                      *node.children().front(), [](InnerRequest& inner, std::error_code) {
                          delete &static_cast<Writing&>(inner);
                      });
        request.complete({});
    }

private:
    struct Writing : InnerRequest {
        explicit Writing(const Io& io) {
            io.for_each_piece([this](std::span<const std::byte> piece) {
                for (const std::byte byte : piece) {
                    encoded.push_back(byte ^ key);
                }
            });
        }
        std::vector<std::byte> encoded;
    };

    XorDriver sound_{key};
};

}  // namespace

int main(int argc, char** argv) {
    return harness::check_driver(argc, argv, harness::Place::filter,
                                 [] { return std::make_unique<HastyXorDriver>(); });
}
