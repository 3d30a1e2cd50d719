// SPDX-License-Identifier: Apache-2.0
//
// Writes down for the black box what is seen where the harness meets the library: calls and their
// returns, what scripted drivers and owners are asked and told. Nothing of it comes from what the
// library announces. From any thread: who sees something says so before anybody can act on it, who
// causes something before he does.
#pragma once

#include <cstdint>
#include <mutex>
#include <span>
#include <vector>

#include "harness/call_event.h"
#include "harness/islands.h"
#include "harness/scenario.h"

namespace blkdrain_props {

class Witness final : CallNames {
public:
    // `state`: before anything that is seen. `tick`: nanoseconds; 0: nobody knows what
    // the clock shows.
    void start(const Scenario& scenario, blkdrain_ref::State state, std::uint64_t tick);

    // Calls. no_ticket: it is no matter of the model, but of a driver. Who is inside one that
    // blocks when all is at rest waits there: the call itself has been made.
    Ticket called(const Call& call);
    void returned(const Call& call, Result result);
    void made_request(Slot request, Ticket send);
    void outcome(Ticket call, Result result);

    // Drivers. `from` is no_slot: nobody's child.
    void reached(Ticket send, Slot node, Slot from);
    void answered(Ticket send, Result result);
    void settling(Slot node);
    void settled(Slot node, Result result);
    void closed(Slot node);

    // Owners.
    void completed(Ticket send, Result result);
    void dispatched(Ticket send);
    void told(Slot backend, bool begin);

    // The clock is about to move; has moved.
    void advances(std::uint64_t ticks);
    void advanced(std::uint64_t ticks);

    // Nothing moves, but that a deadline may fire at any time on a clock that does not stand still.
    void rest();
    BlackBox::Verdict explain();
    // If refused.
    [[nodiscard]] Violation violation();
    // A canary: nothing is written down of what this client calls.
    void ignore_client(std::uint8_t client) { deaf_to_ = client; }
    // From the next start on: the graph is taken at once, not island by island.
    void take_whole(bool whole) { whole_ = whole; }

private:
    // CallNames
    std::uint32_t request_named(Slot request) const override { return at(requests_, request); }
    std::uint32_t token_named(Slot token) const override { return at(tokens_, token); }
    std::uint32_t section_named(Slot section) const override { return at(sections_, section); }

    static Ticket at(const std::vector<Ticket>& table, Slot slot) {
        return slot < table.size() ? table[slot] : no_ticket;
    }
    static void put(std::vector<Ticket>& table, Slot slot, Ticket ticket);
    Ticket call(std::span<const blkdrain_ref::Event> events, std::uint8_t deadline);
    void see(const Seen& seen) { boxes_.see(seen); }

    std::mutex mutex_;  // all that follows, but deaf_to_, which is set before anybody calls
    Islands boxes_;
    bool whole_ = false;
    std::uint64_t tick_ns_ = 0;
    std::uint64_t now_ = 0, for_sure_ = 0;  // what the clock may show, and shows at least
    std::uint8_t deaf_to_ = clients_max;
    std::vector<blkdrain_ref::Event> calls_;                    // by ticket
    std::vector<Ticket> blocking_;                              // have not returned, nor rested
    std::vector<Ticket> requests_, tokens_, sections_, waits_;  // by slot
};

}  // namespace blkdrain_props
