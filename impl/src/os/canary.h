// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <blkdrain/world.h>

#include "os/backend.h"

BLKDRAIN_NAMESPACE_BEGIN

namespace detail {

// Deliberate defects, to show that the checks catch them. Each place that can be broken asks
// canary(); the installed library has neither the question nor the answer. What each one breaks is
// said in props/canary/canaries.h.
enum class Canary : unsigned char {
    none,
    admit_while_gated,       // R2
    done_before_callback,    // R3
    token_opens_gated,       // R4
    quiet_early,             // R7
    notification_lost,       // R9
    drain_forgets_chain,     // R10
    drain_ignores_waiting,   // R11
    false_deadlock,          // R12
    overtake,                // R18
    idle_before_settled,     // R20
    internal_while_stopped,  // R21
    isolates_together,       // R23
    change_before_quiet,     // R24
    abandon_reports_twice,   // R25
    explain_hides,           // R26
    close_before_done,       // R27
    move_without_consent,    // R28
    cycle_untold,            // R26
    fence_forgotten,         // R2
    wake_flag_relaxed,       // R9
    wake_dropped,            // R9
    timer_stays_gated,       // R30
    release_bypasses,        // R13
    cancel_charges,          // R29
    drain_accelerates,       // R13
    unquiesce_arms_twice,    // R30
    cancel_completes_twice,  // R29
    plug_survives_poll,      // R16
    stop_drains_neighbour,   // R31
    gate_trusts_owner,       // R1
    end_opens_gate,          // R5
    exempts_forgotten,       // R6
    completes_inside_call,   // R8
    drain_gates,             // R14
    drain_awaits_internal,   // R15
    errors_uncounted,        // R17
    settle_unchecked,        // R19
    internal_miscounted,     // R22
    interrupted_wait_stops,  // any
    lock_dropped,            // any
    notify_dropped,          // any
    look_forgotten,          // R9
    stop_unheard,            // any
    never_idle,              // any
    change_meets_settle,     // R24
    called_back_elsewhere,   // R9
    notified_elsewhere,      // R9
    settled_elsewhere,       // R9
    wakes_outside,           // R2
    waiting_as_running,      // R7
    drain_puts_off,          // R14
    counts_sent_first,       // R7
    new_cells_unwatched,     // R7
    loop_blocked,            // R8
    loop_unnamed,            // R8
    refusal_unsaid,          // any
};

#if defined(BLKDRAIN_ANNOUNCE) || defined(BLKDRAIN_WORLD_SIM)
// Set once, before any graph exists.
inline Canary canary_in_force = Canary::none;

inline bool canary(Canary which) {
    return canary_in_force == which;
}
#else
constexpr bool canary(Canary) {
    return false;
}
#endif

}  // namespace detail

BLKDRAIN_NAMESPACE_END
