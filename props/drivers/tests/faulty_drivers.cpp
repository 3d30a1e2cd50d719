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
        auto* const write = new Write(request);
        write->send(request.loop(), request.io(), *node.children().back(), Write::done);
        if (fault() == "answers_early" || fault() == "answers_twice") {
            request.complete({});
        }
        if (fault() == "works_unannounced") {
            EventLoop& loop = request.loop();
            const std::weak_ptr<int> there = there_;
            loop.start_timer(std::chrono::milliseconds(1), [&node, &loop, there] {
                if (!there.expired() && !node.children().empty()) {
                    (new Unannounced)
                        ->send(loop, Io::flush(), *node.children().front(), Unannounced::done);
                }
            });
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
    struct Write : InnerRequest {
        explicit Write(Request& r) : request(r) {}
        static void done(InnerRequest& inner, std::error_code result) {
            const std::unique_ptr<Write> self(&static_cast<Write&>(inner));
            if (fault() != "answers_early") {
                self->request.complete(result);
            }
        }
        Request& request;
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
    struct Unannounced : InnerRequest {
        static void done(InnerRequest& inner, std::error_code) {
            delete &static_cast<Unannounced&>(inner);
        }
    };

    const std::shared_ptr<int> there_ = std::make_shared<int>(0);
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
