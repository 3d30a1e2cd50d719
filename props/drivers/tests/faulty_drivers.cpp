// SPDX-License-Identifier: Apache-2.0
//
// A driver with dirty metadata, sound or with the fault that BLKDRAIN_FAULT names.
#include <chrono>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <system_error>

#include <blkdrain/harness.h>

namespace {

using namespace blkdrain;

std::string_view fault() {
    const char* const name = std::getenv("BLKDRAIN_FAULT");
    return name == nullptr ? "none" : name;
}

// Writes go to the child as inner requests; a settle writes metadata.
class Filter final : public Driver {
public:
    void submit(Node& node, Request& request) override {
        dirty_ = true;
        if (request.io().type != IoType::write) {
            request.forward(*node.children().front());
            return;
        }
        ++writes_;
        if (fault() == "forgets" && writes_ % 3 == 0) {
            return;
        }
        auto* const write = new Write(request, *node.children().back());
        write->send(request.loop(), request.io(), write->child, Write::done);
        if (fault() == "answers_early" || fault() == "answers_twice") {
            request.complete({});
        }
    }

    [[nodiscard]] bool settles() const override { return true; }

    void settle(Node& node, Settlement& settlement) override {
        if (fault() == "settles_never" && dirty_) {
            return;
        }
        dirty_ = false;
        auto* const write = new Metadata(settlement);
        write->send(node.loop(), Io::flush(), *node.children().front(), Metadata::done);
        if (fault() == "settles_early") {
            settlement.complete({});
        }
    }

private:
    struct Unannounced : InnerRequest {
        static void done(InnerRequest& inner, std::error_code) {
            delete &static_cast<Unannounced&>(inner);
        }
    };
    struct Write : InnerRequest {
        Write(Request& r, Node& c) : request(r), child(c) {}
        static void done(InnerRequest& inner, std::error_code result) {
            const std::unique_ptr<Write> self(&static_cast<Write&>(inner));
            if (fault() == "works_unannounced") {
                (new Unannounced)
                    ->send(self->request.loop(), Io::flush(), self->child, Unannounced::done);
            }
            if (fault() != "answers_early") {
                self->request.complete(result);
            }
        }
        Request& request;
        Node& child;
    };
    struct Metadata : InnerRequest {
        explicit Metadata(Settlement& s) : settlement(s) {}
        static void done(InnerRequest& inner, std::error_code result) {
            const std::unique_ptr<Metadata> self(&static_cast<Metadata&>(inner));
            if (fault() != "settles_early") {
                self->settlement.complete(result);
            }
            if (fault() == "settles_twice") {
                self->settlement.complete(result);
            }
        }
        Settlement& settlement;
    };

    bool dirty_ = false;
    int writes_ = 0;
};

// Answers a while later.
class Leaf final : public Driver {
public:
    void submit(Node&, Request& request) override {
        request.loop().start_timer(std::chrono::milliseconds(2),
                                   [&request] { request.complete({}); });
    }
};

}  // namespace

int main(int argc, char** argv) {
    if (fault() == "leaf") {
        return harness::check_driver(argc, argv, harness::Place::leaf,
                                     [] { return std::make_unique<Leaf>(); });
    }
    return harness::check_driver(argc, argv, harness::Place::filter,
                                 [] { return std::make_unique<Filter>(); });
}
