// SPDX-License-Identifier: Apache-2.0
#include "machine/machine_run.h"

#include <algorithm>
#include <system_error>
#include <utility>

#include <blkdrain/blocking.h>
#include <blkdrain/drivers/passthrough.h>

#include "harness/adapters/current_client.h"
#include "harness/adapters/schedule_control.h"
#include "harness/adapters/told_wakes.h"
#include "harness/adapters/translate.h"
#include "machine/guest_owner.h"
#include "machine/machine_schedule.h"
#include "os/backend.h"
#include "sim/simulation.h"
#include "sim/strategies/default_order.h"
#include "sim/strategies/delays.h"
#include "sim/strategies/pct.h"
#include "sim/strategies/pos.h"
#include "sim/strategies/preemption_watch.h"
#include "sim/strategies/preemptions.h"
#include "sim/strategies/random.h"

namespace blkdrain_props {

namespace ref = blkdrain_ref;
using blkdrain::Errc;
using blkdrain::Error;
using blkdrain::ErrorPolicy;
using blkdrain::RunState;

namespace {

// While it lives, the thread begins a section of the suite's own.
class OwnBegin {
public:
    OwnBegin() { Current::set(this); }
    ~OwnBegin() { Current::set(nullptr); }
    OwnBegin(const OwnBegin&) = delete;
    OwnBegin& operator=(const OwnBegin&) = delete;

    static bool under_way() { return Current::get() != nullptr; }

private:
    struct Tag {};
    using Current = blkdrain::os::thread_slot<Tag, OwnBegin>;
};

std::string name_of(std::size_t device) {
    return "vd" + std::string(1, static_cast<char>('a' + device));
}

std::string name_of(const MachineRequest& asked) {
    return "request " + std::to_string(asked.number) + " of " +
           (asked.of_job ? "the job" : name_of(asked.device));
}

std::unique_ptr<blkdrain::sim::Strategy> strategy_of(const MachineSchedule& schedule,
                                                     std::uint64_t seed) {
    namespace sim = blkdrain::sim;
    constexpr std::uint32_t horizon = 800;
    switch (schedule.strategy) {
        case Strategy::random:
            return std::make_unique<sim::RandomOrder>(seed, schedule.rate);
        case Strategy::pct:
            return std::make_unique<sim::Pct>(seed, schedule.depth, horizon);
        case Strategy::delays:
            return std::make_unique<sim::Delays>(seed, schedule.depth, horizon);
        case Strategy::preemptions:
            return std::make_unique<sim::Preemptions>(seed, schedule.depth, horizon);
        case Strategy::partial_orders:
            return std::make_unique<sim::PartialOrders>(seed);
        case Strategy::default_order:
        case Strategy::weighted_walk:  // which must know how much each has to do: never drawn
            break;
    }
    return std::make_unique<sim::DefaultOrder>();
}

}  // namespace

MachineOutcome MachineRun::run() {
    const MachineSchedule schedule = schedule_of(program_.seed);
    const std::unique_ptr<blkdrain::sim::Strategy> drawn = strategy_of(schedule, program_.seed);
    blkdrain::sim::Strategy* strategy = drawn.get();
    std::optional<blkdrain::sim::PreemptionWatch> watch;
    if (schedule_control().preempted) {
        strategy = &watch.emplace(*drawn, schedule_control().preempted);
    }
    blkdrain::sim::Options options;
    if (schedule.memory == Memory::tso) {
        options.memory = blkdrain::sim::Memory::tso;
    }
    if (schedule_control().system_threads) {
        options.carrier = blkdrain::sim::Carrier::threads;
    }
    std::optional<ToldWakes> wakes;
    if (schedule_control().woke) {
        options.wakes = &wakes.emplace(schedule_control().woke);
    }
    judge_.reset();
    judge_.listen(listener_);
    blkdrain::sim::Simulation simulation(*strategy, options);
    simulation.spawn("main", [this] { body(); });
    const blkdrain::sim::Outcome outcome = simulation.run();
    schedule_control().steps_hash = simulation.trace_hash();
    if (!outcome.finished()) {
        wrong(8, "hangs", "the machine hangs: " + outcome.to_string());
    }
    if (failed()) {
        leave_behind();
    }
    return {judge_.found(), judge_.trace_hash(), judge_.events()};
}

// After a violation nothing can be relied on: what exists stays, in reach, to the end of the
// process.
void MachineRun::leave_behind() {
    struct Wreck {
        std::deque<Device> devices;
        std::deque<blkdrain::Section> sections;
        std::unique_ptr<blkdrain::BlockBackend> job;
        std::unique_ptr<blkdrain::ThrottleGroup> limit;
        std::unique_ptr<blkdrain::VmState> vm;
        std::unique_ptr<blkdrain::Graph> graph;
        std::array<std::unique_ptr<blkdrain::IoThread>, MachineProgram::loops> threads;
    };
    static auto& wrecks = *new std::deque<Wreck>;
    wrecks.push_back({std::move(devices_), std::move(sections_), std::move(job_), std::move(limit_),
                      std::move(vm_), std::move(graph_), std::move(threads_)});
}

void MachineRun::body() {
    set_up();
    blkdrain::os::thread one("client0", [this] { client(0); });
    blkdrain::os::thread two("client1", [this] { client(1); });
    one.join();
    two.join();
    if (!failed()) {
        blkdrain::sim::quiesce();
        look_at_rest();
    }
    if (!failed()) {
        heal();
    }
    if (!failed()) {
        take_apart();
    }
}

void MachineRun::set_up() {
    static constexpr const char* names[] = {"loop0", "loop1", "loop2"};
    graph_ = std::make_unique<blkdrain::Graph>();
    graph_->announce_to(this);
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        std::error_code error;
        threads_[i] = blkdrain::IoThread::start(names[i], error);
        graph_->add_loop(loop(i));
    }
    vm_ = std::make_unique<blkdrain::VmState>("vm0", loop(0));
    vm_->on_change([this](const blkdrain::RunStatus& status) {
        if (status.state == RunState::stopped) {
            counts_.stops_for_an_error += status.cause == blkdrain::StopCause::io_error ? 1U : 0U;
            look_at_stop();
        }
    });
    for (std::size_t i = 0; i < program_.nodes.size(); ++i) {
        const std::string name = "node" + std::to_string(i);
        if (program_.nodes[i] == MachineProgram::leaf) {
            auto disk = std::make_unique<MachineDisk>(*this);
            disks_.push_back(disk.get());
            nodes_.push_back(graph_->add_node(name, std::move(disk), loop(0)));
        } else {
            nodes_.push_back(
                graph_->add_node(name, std::make_unique<blkdrain::PassthroughDriver>(), loop(0)));
            blkdrain::blocking::attach(*graph_, nodes_[i], "file", nodes_[program_.nodes[i]]);
        }
    }
    job_ = std::make_unique<blkdrain::BlockBackend>(*graph_, "job", loop(0));
    blkdrain::blocking::insert_medium(*graph_, job_->id(), nodes_[program_.job_node]);
    limit_ = std::make_unique<blkdrain::ThrottleGroup>(*graph_, "limit");
    blkdrain::ThrottleLimits limits;
    limits.iops_total = {.rate = 1000, .burst = 2};
    limit_->configure(limits);
    for (const MachineDevice& plan : program_.devices) {
        plug(plan);
    }
    blkdrain::sim::quiesce();
    built_ = true;
}

// --- what clients do ---

void MachineRun::client(unsigned number) {
    const ClientScope scope(number);
    for (const MachineStep& step : program_.steps[number]) {
        if (failed()) {
            return;
        }
        if (listener_ != nullptr) {
            listener_->step(number, step);
        }
        perform(number, step);
        judge_.take_step();
    }
}

void MachineRun::perform(std::size_t client, const MachineStep& step) {
    switch (step.op) {
        case MachineOp::put:
            put(client, step);
            break;
        case MachineOp::stop:
            stop();
            break;
        case MachineOp::give_up: {
            blkdrain::StopWait stop = last_stop_;
            stop.abandon();
            break;
        }
        case MachineOp::cont:
            cont();
            break;
        case MachineOp::job_send:
            loop(2).post([this, write = step.a % 2 == 0] { job_send(write); });
            break;
        case MachineOp::hold:
            disk(step.a).hold();
            break;
        case MachineOp::let_go:
            disk(step.a).let_go();
            break;
        case MachineOp::fail:
            disk(step.a).fail(2);
            break;
        case MachineOp::drained: {
            ++sections_to_come_;
            const OwnBegin own;
            graph_->drained(nodes_[step.a % nodes_.size()], {},
                            [this](const Error& error, blkdrain::Section section) {
                                keep_section(error, std::move(section));
                            });
            break;
        }
        case MachineOp::isolate: {
            ++sections_to_come_;
            const OwnBegin own;
            job_->isolate({}, [this](const Error& error, blkdrain::Section section) {
                keep_section(error, std::move(section));
            });
            break;
        }
        case MachineOp::end_section:
            end_section();
            break;
        case MachineOp::unplug:
            unplug(step.a % devices_.size());
            break;
        case MachineOp::plug:
            if (next_spare_ < program_.spares.size()) {
                plug(program_.spares[next_spare_++]);
            }
            break;
        case MachineOp::rest:
            blkdrain::sim::quiesce();
            look_at_rest();
            break;
    }
}

void MachineRun::plug(const MachineDevice& plan) {
    Device& device = devices_.emplace_back();
    const std::size_t number = devices_.size() - 1;
    device.plan = plan;
    counts_.plugged_while_stopped += known_stopped_ ? 1U : 0U;
    MachinePlace place{*graph_, *vm_, name_of(number), loop(0), {}};
    for (std::size_t i = 0; i < plan.queues; ++i) {
        place.queues.push_back(&loop(number + i));
    }
    std::unique_ptr<MachineOwner> owner = owners_.make(place, plan);
    owner->insert(nodes_[plan.node]);
    if (plan.limited) {
        limit_->join(owner->backend());
    }
    device.owner = std::move(owner);
}

MachineRequest& MachineRun::ask() {
    MachineRequest& asked = requests_.emplace_back();
    asked.run = this;
    asked.number = requests_.size() - 1;
    return asked;
}

void MachineRun::put(std::size_t client, const MachineStep& step) {
    const std::size_t number = step.a % devices_.size();
    Device& device = devices_[number];
    if (device.owner == nullptr) {
        return;  // the other client is plugging it in
    }
    const std::size_t queue = step.b % device.plan.queues;
    MachineRequest& asked = ask();
    const blkdrain::IoType type =
        step.c % 2 == 0 ? blkdrain::IoType::read : blkdrain::IoType::write;
    asked.device = number;
    asked.queue = queue;
    asked.client = client;
    asked.loop = &loop(number + queue);
    asked.policy = device.owner->policy(type);
    counts_.put_while_stopped += known_stopped_ ? 1U : 0U;
    ++counts_.requests;
    const std::error_code refused =
        device.owner->submit(queue, {type, asked.number, 0, nullptr}, {completed, &asked});
    asked.offered = false;
    asked.accepted = !refused;
    if (refused && !device.unplugging) {
        wrong(27, "refused",
              name_of(number) +
                  " refuses a request though it is not unplugged: " + refused.message() + " (R27)");
    }
}

void MachineRun::job_send(bool write) {
    MachineRequest& asked = ask();
    asked.of_job = true;
    asked.loop = &loop(2);
    asked.offered = false;
    if (const std::error_code error = job_->submit(
            {write ? blkdrain::IoType::write : blkdrain::IoType::read, asked.number, 0, nullptr},
            {completed, &asked})) {
        wrong(31, "job_refused", "the job's send is refused: " + error.message());
    }
}

void MachineRun::keep_section(const Error& error, blkdrain::Section section) {
    --sections_to_come_;
    if (!error) {
        sections_.push_back(std::move(section));
    }
}

void MachineRun::end_section() {
    if (!sections_.empty()) {
        blkdrain::Section oldest = std::move(sections_.front());
        sections_.pop_front();
        oldest.end();
    }
}

void MachineRun::stop() {
    ++stops_pending_;
    blkdrain::StopWait wait = vm_->stop({}, [this](const Error& error) {
        --stops_pending_;
        if (error && !(error == Errc::cancelled)) {
            wrong(31, "stop_fails", "a stop ends with: " + error.message);
        }
    });
    last_stop_ = std::move(wait);
}

void MachineRun::cont() {
    known_stopped_ = false;
    ++conts_begun_;
    ++conts_under_way_;
    vm_->cont();
    --conts_under_way_;
}

void MachineRun::unplug(std::size_t number) {
    Device& device = devices_[number];
    if (device.owner == nullptr || device.unplugging) {
        return;
    }
    device.unplugging = true;
    for (std::size_t i = 0; i < device.plan.queues; ++i) {
        counts_.unplugged_busy += busy(number, i) ? 1U : 0U;
    }
    device.owner->leave([this, number](const Error& error) { judge_leaving(number, error); });
}

// --- the end ---

void MachineRun::heal() {
    constexpr int rounds_max = 24;
    if (listener_ != nullptr) {
        listener_->comes_to_its_end();
    }
    for (int round = 0; round < rounds_max && !failed(); ++round) {
        for (MachineDisk* disk : disks_) {
            disk->fail(0);
            disk->let_go();
        }
        while (!sections_.empty()) {
            end_section();
        }
        cont();
        // Time for what waits at the limit.
        blkdrain::sim::advance(std::chrono::milliseconds(8));
        blkdrain::sim::quiesce();
        look_at_rest();
        if (not_over().empty()) {
            return;
        }
    }
    if (!failed()) {
        wrong(31, "never_over",
              "everything was let go and the machine runs, and yet there is " + not_over());
    }
}

std::string MachineRun::not_over() const {
    for (const MachineRequest& asked : requests_) {
        if (asked.pending()) {
            return name_of(asked);
        }
    }
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        if (devices_[i].unplugging && devices_[i].unplugged == 0) {
            return "the unplug of " + name_of(i);
        }
    }
    if (stops_pending_ != 0) {
        return "a stop of the machine: " + last_stop_.explain().text();
    }
    return sections_.empty() && sections_to_come_ == 0 ? "" : "a section of the suite";
}

void MachineRun::take_apart() {
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        unplug(i);
    }
    blkdrain::sim::quiesce();
    stop();
    job_->close({}, nullptr);
    blkdrain::sim::quiesce();
    if (!not_over().empty()) {
        wrong(31, "never_gone",
              "every device of a machine at rest was unplugged, and yet there is " + not_over());
    }
    if (!judge_.model().requests.empty() || !judge_.model().sections.empty()) {
        wrong(31, "left_over", "a request or a section is left over");
    }
    if (failed()) {
        return;
    }
    vm_->cont();
    vm_->on_change({});
    devices_.clear();
    last_stop_ = {};
    limit_.reset();
    vm_.reset();
    job_.reset();
    blkdrain::sim::quiesce();
    graph_->announce_to(nullptr);
    graph_.reset();
    for (auto& thread : threads_) {
        thread.reset();
    }
}

// --- judging ---

void MachineRun::wrong(int rule, const char* code, std::string sentence) {
    judge_.violation("machine", rule, code, std::move(sentence));
}

void MachineRun::announce(const blkdrain::detail::Announcement& announcement) {
    using Kind = blkdrain::detail::Announced;
    translate(announcement, event_);
    if (announcement.kind == Kind::quiet_wait) {
        waits_.insert(announcement.id);
    } else if (announcement.kind == Kind::begin &&
               (OwnBegin::under_way() || !owners_.stop_with_the_machine())) {
        own_sections_.insert(announcement.id);
    } else if ((announcement.kind == Kind::abandon || announcement.kind == Kind::cycle) &&
               !announcement.flag && waits_.contains(announcement.id)) {
        event_.wait = {announcement.id};
        event_.section = {};
    }
    judge_.announce(event_, current_actor());
    if (!failed()) {
        judge_stop(event_);
    }
}

std::uint8_t MachineRun::current_actor() const {
    for (std::size_t i = 0; i < threads_.size(); ++i) {
        if (threads_[i] != nullptr && threads_[i]->loop().is_current()) {
            return static_cast<std::uint8_t>(i);
        }
    }
    const unsigned* const client = CurrentClient::get();
    return client == nullptr ? Actor::world
                             : static_cast<std::uint8_t>(Actor::client_first + *client);
}

void MachineRun::judge_stop(const ref::Event& event) {
    using Kind = ref::Event::Kind;
    const ref::State& model = judge_.model();
    if (event.kind == Kind::admit) {
        const ref::Request* request = ref::find(model, event.request);
        const bool stopping = stops(request->backend);
        if (known_stopped_ && stopping) {
            wrong(31, "sent_while_stopped",
                  "r" + std::to_string(request->id.value) +
                      " of a device is admitted while the machine is stopped (R31)");
        }
        counts_.job_ran_while_stopped += known_stopped_ && !stopping ? 1U : 0U;
    } else if (event.kind == Kind::effective && !own_sections_.contains(event.section.value)) {
        const ref::Scope& scope = judge_.view().of(*ref::find(model, event.section)).scope;
        if (!scope.nodes.empty() || scope.backends.contains({job_->id().value})) {
            wrong(31, "neighbour_stopped",
                  "s" + std::to_string(event.section.value) +
                      ", begun to stop the machine, covers more than a device's backend (R31)");
        }
    }
}

// Every backend there is belongs to a device, but that of the job.
bool MachineRun::stops(ref::BackendId backend) const {
    return owners_.stop_with_the_machine() && backend.value != job_->id().value;
}

ref::BackendSet MachineRun::stopping_backends() const {
    ref::BackendSet set;
    for (const ref::Backend& backend : judge_.model().backends) {
        if (stops(backend.id)) {
            set.insert(backend.id);
        }
    }
    return set;
}

// On the machine's loop, some time after it has stopped.
void MachineRun::look_at_stop() {
    const std::uint64_t before = conts_begun_;
    const bool stopped = vm_->status().state == RunState::stopped;
    if (!stopped || before != conts_begun_ || conts_under_way_ != 0) {
        return;  // it is going on again
    }
    known_stopped_ = true;
    const ref::Items active = ref::unstopped(judge_.model(), stopping_backends());
    if (!active.empty()) {
        wrong(31, "stopped_early",
              "the machine is stopped, but r" + std::to_string(active.front().request.value) +
                  " of a device is not over (R31)");
    }
}

void MachineRun::look_at_rest() {
    if (failed()) {
        return;
    }
    judge_.nothing_is_due();
    const RunState state = vm_->status().state;
    const ref::State& model = judge_.model();
    if (state == RunState::stopping) {
        ++counts_.stops_that_waited;
        if (listener_ != nullptr) {
            listener_->stop_waits(last_stop_.explain().text());
        }
        if (ref::unstopped(model, stopping_backends()).empty()) {
            wrong(31, "stop_waits_for_others",
                  "the machine is still stopping, though the backend of each device is quiet: " +
                      last_stop_.explain().text());
        }
    } else if (state == RunState::stopped) {
        look_at_stop();
    }
    bool any_own = false;
    for (const ref::Section& section : model.sections) {
        any_own = any_own || own_sections_.contains(section.id.value);
    }
    for (const ref::Request& request : model.requests) {
        if (request.state != ref::RequestState::waiting) {
            continue;
        }
        if (request.backend.value != job_->id().value) {
            const bool gated = ref::has_gate(model, judge_.view().covered().backends, request);
            ++(gated ? counts_.waited_at_the_gate : counts_.waited_at_a_limit);
        } else if (!any_own) {
            wrong(31, "neighbour_waits",
                  "r" + std::to_string(request.id.value) +
                      " of the job waits, though no section but those of "
                      "the stop is there (R31)");
        }
    }
    for (std::size_t i = 0; i < devices_.size(); ++i) {
        const bool stopped = owners_.stop_with_the_machine() && state != RunState::running;
        if (stopped || devices_[i].owner == nullptr || devices_[i].unplugging) {
            continue;
        }
        if (const std::string what = forgotten(i); !what.empty()) {
            wrong(9, "backlog_forgotten",
                  name_of(i) + " may send and does not look at " + what + " again (R9)");
        }
    }
}

bool MachineRun::busy(std::size_t number, std::size_t queue) const {
    if (const auto load = devices_[number].owner->load(queue)) {
        return load->in_flight != 0;
    }
    return std::any_of(requests_.begin(), requests_.end(), [&](const MachineRequest& asked) {
        return asked.is_of(number) && asked.queue == queue && asked.pending();
    });
}

const MachineRequest* MachineRun::pending_of(std::size_t device) const {
    const auto found = std::find_if(
        requests_.begin(), requests_.end(),
        [&](const MachineRequest& asked) { return asked.is_of(device) && asked.pending(); });
    return found == requests_.end() ? nullptr : &*found;
}

// At rest. Where nothing of a device is in the graph, it has nothing to wait for.
std::string MachineRun::forgotten(std::size_t number) const {
    const Device& device = devices_[number];
    const ref::BackendId backend{device.owner->backend().value};
    if (judge_.view().covered().backends.contains(backend)) {
        return {};
    }
    for (std::size_t queue = 0; queue < device.plan.queues; ++queue) {
        const auto load = device.owner->load(queue);
        if (load && load->backlog != 0 && load->in_flight < device.owner->depth()) {
            return "its queue " + std::to_string(queue);
        }
    }
    for (const ref::Request& request : judge_.model().requests) {
        if (request.backend == backend) {
            return {};
        }
    }
    const MachineRequest* const asked = pending_of(number);
    return asked == nullptr ? "" : name_of(*asked);
}

// Told by the device.
void MachineRun::judge_leaving(std::size_t number, const Error& error) {
    Device& device = devices_[number];
    ++device.unplugged;
    if (error || device.unplugged != 1) {
        wrong(31, "unplug",
              "the unplug of " + name_of(number) + " ends " + std::to_string(device.unplugged) +
                  " times" + (error ? ", with: " + error.message : ""));
    }
    if (const MachineRequest* const asked = pending_of(number)) {
        wrong(27, "gone_early",
              name_of(number) + " says that it is gone, and yet there is " + name_of(*asked) +
                  " (R27)");
    }
    if (ref::find(judge_.model(), ref::BackendId{device.owner->backend().value}) != nullptr) {
        wrong(27, "left_open",
              name_of(number) + " says that it is gone, and its backend is not closed (R27)");
    }
}

// --- requests ---

MachineRequest* MachineRun::arrived(std::uint64_t number) {
    if (number >= requests_.size()) {
        wrong(31, "unknown", "a request that nobody asked for reaches the disk");
        return nullptr;
    }
    MachineRequest& asked = requests_[number];
    ++asked.arrivals;
    if (asked.of_job) {
        return &asked;
    }
    Device& device = devices_[asked.device];
    std::uint64_t& last = device.last_arrived[asked.queue][asked.client];
    if (device.owner->depth() == 1 && number + 1 < last) {
        wrong(18, "out_of_order", name_of(asked) + " reaches the disk after a later one");
    }
    last = number + 1;
    if (asked.completions != 0) {
        wrong(3, "sent_afterwards",
              name_of(asked) + " reaches the disk when it has completed (R3)");
    }
    if (asked.successes != 0 || asked.arrivals != asked.errors + 1 ||
        (asked.arrivals > 1 && asked.policy.value_or(ErrorPolicy::stop) != ErrorPolicy::stop)) {
        wrong(31, "doubled", name_of(asked) + " reaches the disk twice");
    }
    counts_.tried_again += asked.arrivals > 1 ? 1U : 0U;
    return &asked;
}

void MachineRun::completed(void* context, std::error_code result) {
    auto& asked = *static_cast<MachineRequest*>(context);
    asked.run->judge_completion(asked, result);
}

void MachineRun::judge_completion(MachineRequest& asked, std::error_code result) {
    if (!asked.accepted) {
        wrong(27, "refused_and_completed",
              name_of(asked) + " completes, though it was refused (R27)");
    }
    if (++asked.completions != 1) {
        wrong(3, "completed_twice", name_of(asked) + " completes twice (R3)");
        return;
    }
    if (!asked.loop->is_current()) {
        wrong(9, "wrong_loop", name_of(asked) + " does not complete on the loop of its queue (R9)");
    }
    const bool unplugged = !asked.of_job && devices_[asked.device].unplugging;
    bool right = false;
    if (!result) {
        right = asked.successes == 1 || (asked.policy == ErrorPolicy::ignore && asked.errors == 1);
    } else if (result == make_error_code(Errc::cancelled)) {
        right = unplugged && asked.arrivals == asked.errors;  // and the disk does not have it
    } else if (result == make_error_code(Errc::io_error)) {
        right = asked.successes == 0 && asked.errors != 0 &&
                (asked.policy.value_or(ErrorPolicy::report) == ErrorPolicy::report ||
                 (asked.policy == ErrorPolicy::stop && unplugged));
    }
    if (!right) {
        wrong(31, "wrong_result",
              name_of(asked) + " ends with '" + result.message() + "' after " +
                  std::to_string(asked.arrivals) + " times at the disk, with " +
                  std::to_string(asked.errors) + " errors and " + std::to_string(asked.successes) +
                  " successes");
    }
}

MachineOutcome run_machine(const MachineProgram& program, MachineCounts& counts,
                           MachineListener* listener) {
    GuestOwners devices;
    MachineRun run(program, counts, listener, devices);
    return run.run();
}

}  // namespace blkdrain_props
