// SPDX-License-Identifier: Apache-2.0
//
// Runs a machine in the simulated world under the strategy that its seed draws, and judges it
// twice: by the reference, which follows what the library announces, and by what R31 says of
// machines:
//
//  - When the machine is stopped, the backend of each device is quiet; and when it has come to rest
//    stopping, some device's backend is not. Nothing else is waited for, and of no other backend.
//  - While it is stopped, nothing of a device gets into the graph.
//  - What the stop begins covers no backend but those of devices, and no node.
//  - Every request of a guest that was accepted completes exactly once, on the loop of its queue;
//    the disk has carried it out at most once; one whose error stops the machine is tried again.
//    A queue of depth one sends in the order in which each thread of the guest put in. It is
//    refused by a device that is unplugged, and by no other.
//  - At rest no queue keeps what it could send (R9).
//  - When a device says that it is gone, its requests are over and its backend is closed.
//  - In the end, when all is let go and the machine runs, nothing is left.
//
// Devices are whatever MachineOwners makes. Where these do not stop with the machine, nothing is
// asked of its stop.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <blkdrain/block_backend.h>
#include <blkdrain/detail/announcement.h>
#include <blkdrain/graph.h>
#include <blkdrain/io_thread.h>
#include <blkdrain/owners/vm_state.h>
#include <blkdrain/section.h>
#include <blkdrain/throttle.h>

#include "harness/judge.h"
#include "harness/violation.h"
#include "machine/machine_disk.h"
#include "machine/machine_listener.h"
#include "machine/machine_outcome.h"
#include "machine/machine_owner.h"
#include "machine/machine_program.h"

namespace blkdrain_props {

class MachineRun final : blkdrain::detail::AnnouncementSink {
public:
    // `listener` may be null.
    MachineRun(const MachineProgram& program, MachineCounts& counts, MachineListener* listener,
               MachineOwners& owners)
        : program_(program), counts_(counts), listener_(listener), owners_(owners) {}

    // Once.
    MachineOutcome run();

    // For the disks.
    //
    // The request that this is; null: nobody has asked for it, which is a violation.
    MachineRequest* arrived(std::uint64_t number);
    MachineRequest& request(std::uint64_t number) { return requests_[number]; }

private:
    struct Device {
        MachineDevice plan;
        std::unique_ptr<MachineOwner> owner;  // null: it is being plugged in
        // By queue and client: one more than the number.
        std::array<std::array<std::uint64_t, MachineProgram::clients>, 3> last_arrived{};
        bool unplugging = false;
        unsigned unplugged = 0;  // times told
    };

    // AnnouncementSink
    void announce(const blkdrain::detail::Announcement& announcement) override;
    std::uint64_t stamp() override { return 0; }
    [[nodiscard]] std::uint8_t current_actor() const;
    void judge_stop(const blkdrain_ref::Event& event);

    void body();
    void leave_behind();
    void set_up();
    void client(unsigned number);
    void perform(std::size_t client, const MachineStep& step);
    void plug(const MachineDevice& plan);
    MachineRequest& ask();
    void put(std::size_t client, const MachineStep& step);
    void job_send(bool write);
    void keep_section(const blkdrain::Error& error, blkdrain::Section section);
    void end_section();
    void stop();
    void cont();
    void unplug(std::size_t device);
    void judge_leaving(std::size_t device, const blkdrain::Error& error);
    void heal();
    void take_apart();
    void look_at_rest();
    void look_at_stop();
    // One that a device has accepted and not completed; null: none.
    [[nodiscard]] const MachineRequest* pending_of(std::size_t device) const;
    // Whether requests of the queue are under way, as far as the device says so, or pending.
    [[nodiscard]] bool busy(std::size_t device, std::size_t queue) const;
    // What a device that may send does not look at; empty: nothing.
    [[nodiscard]] std::string forgotten(std::size_t device) const;
    // Something that is not over; empty: nothing.
    [[nodiscard]] std::string not_over() const;
    // Whether it is to stop with the machine.
    [[nodiscard]] bool stops(blkdrain_ref::BackendId backend) const;
    [[nodiscard]] blkdrain_ref::BackendSet stopping_backends() const;
    void wrong(int rule, const char* code, std::string sentence);
    [[nodiscard]] bool failed() const { return judge_.failed(); }
    static void completed(void* context, std::error_code result);
    void judge_completion(MachineRequest& asked, std::error_code result);
    MachineDisk& disk(std::uint8_t number) { return *disks_[number % disks_.size()]; }
    blkdrain::EventLoop& loop(std::size_t number) {
        return threads_[number % threads_.size()]->loop();
    }

    const MachineProgram& program_;
    MachineCounts& counts_;
    MachineListener* const listener_;
    MachineOwners& owners_;

    std::array<std::unique_ptr<blkdrain::IoThread>, MachineProgram::loops> threads_;
    std::unique_ptr<blkdrain::Graph> graph_;
    std::unique_ptr<blkdrain::VmState> vm_;
    std::unique_ptr<blkdrain::BlockBackend> job_;
    std::unique_ptr<blkdrain::ThrottleGroup> limit_;  // of the limited devices
    std::vector<blkdrain::NodeId> nodes_;
    std::vector<MachineDisk*> disks_;
    std::deque<Device> devices_;
    std::deque<MachineRequest> requests_;
    std::deque<blkdrain::Section> sections_;  // of drained and isolate, begun here
    std::size_t sections_to_come_ = 0;
    std::size_t next_spare_ = 0;
    blkdrain::StopWait last_stop_;
    std::size_t stops_pending_ = 0;

    Judge judge_;
    blkdrain_ref::Event event_;
    std::set<std::uint32_t> waits_;         // ids of waits for quiet
    std::set<std::uint32_t> own_sections_;  // begun by us, not by the machine
    bool built_ = false;

    // Since it was seen stopped no cont has begun.
    bool known_stopped_ = false;
    unsigned conts_under_way_ = 0;
    std::uint64_t conts_begun_ = 0;
};

// With the library's guest devices.
MachineOutcome run_machine(const MachineProgram& program, MachineCounts& counts,
                           MachineListener* listener = nullptr);

}  // namespace blkdrain_props
