// SPDX-License-Identifier: Apache-2.0
//
// A node of a scenario with somebody else's driver in it. That driver gets each request as an inner
// one of ours, sent to its own node: so its answer is seen, and a second one, too, whatever becomes
// of the request itself. Nodes that are not its place are scripted; those without children hold
// whatever reaches them, inner requests included.
//
// Simulated world only: one thread, and nothing here is a point of the schedule.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <blkdrain/harness.h>

#include "harness/adapters/driver_host.h"

namespace blkdrain_props {

class HostedDriver;

// A request in a node that hosts, as its driver gets it. Kept until the scenario is over, so that a
// late second answer finds it.
struct Passage final : blkdrain::InnerRequest {
    Passage(HostedDriver& passed, blkdrain::Request& served, SentRequest* sent)
        : driver(passed), outer(served), origin(sent) {}

    void cancel() { ask_to_cancel(); }

    HostedDriver& driver;
    blkdrain::Request& outer;
    SentRequest* const origin;  // null: it serves no owner
    bool arrived = false;
};

class Host final : public DriverHost {
public:
    Host(blkdrain::harness::Place place, blkdrain::harness::MakeDriver make)
        : place_(place), make_(std::move(make)) {}

    void open() override;
    std::unique_ptr<ScriptedDriver> driver(DriverWorld& world, Slot slot, SettleKind settle,
                                           bool pinned) override;
    blkdrain::Io io(SentRequest& sent) override;
    void answer(SentRequest& sent, std::error_code result) override;

private:
    friend class HostedDriver;

    // Owners' requests lie behind what a driver may keep for itself at the beginning.
    static constexpr std::uint64_t first_offset = 1U << 20U;
    static constexpr std::size_t block = bytes_of(IoWord::long_write);
    static constexpr std::size_t blocks = clients_max * operations_max;

    Passage* passage_of(const blkdrain::Request& request);
    // The owner's request that it serves, as far as can be told: by what it is, by its buffer, by
    // its offset. Null: none.
    SentRequest* origin_of(const blkdrain::Request& request);

    const blkdrain::harness::Place place_;
    const blkdrain::harness::MakeDriver make_;
    std::vector<std::unique_ptr<Passage>> passages_;
    std::vector<HostedDriver*> drivers_;
    std::vector<SentRequest*> sent_;  // by block
    std::vector<std::byte> data_ = std::vector<std::byte>(block * blocks);
    std::array<std::array<iovec, 2>, blocks> pieces_{};  // of every second request
};

class HostedDriver final : public ScriptedDriver {
public:
    HostedDriver(Host& host, DriverWorld& world, Slot slot, SettleKind settle, bool pinned);
    ~HostedDriver() override;

    void submit(blkdrain::Node& node, blkdrain::Request& request) override;
    [[nodiscard]] bool settles() const override { return subject_->settles(); }
    void settle(blkdrain::Node& node, blkdrain::Settlement& settlement) override;
    // Of a leaf: ends all that it holds. What serves no owner has no other end.
    void settle_done(bool error) override;

    // Ends what it holds of the owner's request.
    void answer(const SentRequest& sent, std::error_code result);

private:
    struct Held {
        blkdrain::Request* request;
        SentRequest* origin;
    };
    // What the driver answers when it has settled.
    class Settling final : public blkdrain::Settlement {
    public:
        explicit Settling(HostedDriver& driver) : driver_(driver) {}
        void begin(blkdrain::Settlement& outer) { outer_ = &outer; }
        void complete(std::error_code result) override;

    private:
        HostedDriver& driver_;
        blkdrain::Settlement* outer_ = nullptr;
    };

    bool hosts(const blkdrain::Node& node) const;
    void hold(blkdrain::Request& request);
    template <class Wanted>
    void answer_all(Wanted wanted, std::error_code result);
    static void passed(blkdrain::InnerRequest& inner, std::error_code result);
    // The owner wants to cancel (R29): a request in a node that hosts, one that a leaf holds.
    static void cancel_passage(blkdrain::Request& request, void* passage, std::uint64_t);
    static void cancel_held(blkdrain::Request& request, void* leaf, std::uint64_t);

    Host& host_;
    const std::unique_ptr<blkdrain::Driver> subject_;
    Settling settling_{*this};
    std::vector<Held> held_;
};

}  // namespace blkdrain_props
