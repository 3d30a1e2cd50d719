// SPDX-License-Identifier: Apache-2.0
#include "harness/deviations.h"

#include <cstdint>
#include <tuple>
#include <utility>

namespace blkdrain_props {
namespace {

// Start first, then the clients, the end last.
unsigned rank_of(std::uint8_t client) {
    return client == Deviation::at_start ? 0U : client + 1U;
}

auto key_of(const Deviation& d) {
    return std::tuple(rank_of(d.client), d.operation, d.actor, d.point, d.question);
}

// A loop or client that exists.
std::uint8_t existing(std::uint8_t actor, const Scenario& scenario) {
    if (actor < Actor::client_first) {
        return static_cast<std::uint8_t>(actor % scenario.header.loops);
    }
    return static_cast<std::uint8_t>(Actor::client_first +
                                     (actor - Actor::client_first) % scenario.programs.size());
}

std::uint8_t canonical_actor(std::uint8_t actor, std::uint8_t count, const Scenario& scenario) {
    const auto within = static_cast<std::uint8_t>(actor % count);
    if (within == Actor::world) {
        return within;
    }
    if (within > Actor::world) {
        const auto owner = static_cast<std::uint8_t>(within - Actor::stores_first);
        return static_cast<std::uint8_t>(Actor::stores_first + existing(owner, scenario));
    }
    return existing(within, scenario);
}

template <class Keep>
void keep_if(Bounded<Deviation, deviations_max>& deviations, Keep keep) {
    Bounded<Deviation, deviations_max> kept;
    for (Deviation deviation : deviations) {
        if (keep(deviation)) {
            kept.push_back(deviation);
        }
    }
    deviations = kept;
}

}  // namespace

void make_deviations_canonical(Scenario& scenario) {
    auto& deviations = scenario.deviations;
    if (deviations.empty()) {
        return;
    }
    for (Deviation& d : deviations) {
        d.client = static_cast<std::uint8_t>(d.client % (Deviation::at_end + 1));
        if (d.client < Deviation::at_start) {
            d.client = static_cast<std::uint8_t>(d.client % scenario.programs.size());
            const std::size_t size = scenario.programs[d.client].size();
            if (size == 0) {
                d.client = Deviation::at_start;
            } else {
                d.operation = static_cast<std::uint8_t>(d.operation % size);
            }
        }
        if (d.client >= Deviation::at_start) {
            d.operation = 0;
        }
        d.actor = canonical_actor(d.actor, Actor::world + 1, scenario);
        d.question = static_cast<Question>(static_cast<std::size_t>(d.question) % question_count);
        if (d.question == Question::run) {
            d.answer = canonical_actor(d.answer, Actor::count, scenario);
        }
    }
    // By insertion: stable, and they mostly are in order.
    for (std::size_t i = 1; i < deviations.size(); ++i) {
        for (std::size_t k = i; k > 0 && key_of(deviations[k]) < key_of(deviations[k - 1]); --k) {
            std::swap(deviations[k], deviations[k - 1]);
        }
    }
    const Deviation* last = nullptr;
    Bounded<Deviation, deviations_max> unique;
    for (const Deviation& deviation : deviations) {
        if (last == nullptr || key_of(*last) != key_of(deviation)) {
            unique.push_back(deviation);
        }
        last = &deviation;
    }
    deviations = unique;
}

void insert_operation(Scenario& scenario, std::size_t client, std::size_t operation,
                      const Record& record) {
    scenario.programs[client].insert(operation, record);
    for (Deviation& d : scenario.deviations) {
        if (d.client == client && d.operation >= operation) {
            ++d.operation;
        }
    }
}

void erase_operation(Scenario& scenario, std::size_t client, std::size_t operation) {
    scenario.programs[client].erase(operation);
    keep_if(scenario.deviations, [&](Deviation& d) {
        if (d.client != client || d.operation < operation) {
            return true;
        }
        if (d.operation == operation) {
            return false;
        }
        --d.operation;
        return true;
    });
}

void erase_client(Scenario& scenario, std::size_t client) {
    scenario.programs.erase(client);
    // False: it speaks of the client that is gone.
    const auto moved = [client](std::uint8_t& actor, std::uint8_t first) {
        const std::size_t gone = first + client;
        const bool is_client = actor >= first && actor < first + clients_max;
        if (is_client && actor == gone) {
            return false;
        }
        if (is_client && actor > gone) {
            --actor;
        }
        return true;
    };
    keep_if(scenario.deviations, [&](Deviation& d) {
        if (d.client == client) {
            return false;
        }
        if (d.client > client && d.client < Deviation::at_start) {
            --d.client;
        }
        return moved(d.actor, Actor::client_first) &&
               (d.question != Question::run ||
                (moved(d.answer, Actor::client_first) &&
                 moved(d.answer, Actor::stores_first + Actor::client_first)));
    });
}

}  // namespace blkdrain_props
