// SPDX-License-Identifier: Apache-2.0
//
// Deviations and the operations they belong to stay together when a program is edited.
#pragma once

#include <cstddef>

#include "harness/scenario.h"

namespace blkdrain_props {

// Names who exists, in order, without doubles. Needs canonical programs.
void make_deviations_canonical(Scenario& scenario);

// Inserts an operation, for which there is room; the deviations of later ones follow theirs.
void insert_operation(Scenario& scenario, std::size_t client, std::size_t operation,
                      const Record& record);

// Removes an operation with the deviations that belong to it; those of later operations follow
// theirs.
void erase_operation(Scenario& scenario, std::size_t client, std::size_t operation);

// Removes a client with the deviations that speak of it.
void erase_client(Scenario& scenario, std::size_t client);

}  // namespace blkdrain_props
